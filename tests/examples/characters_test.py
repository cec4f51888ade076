"""examples/characters on a small part: five fonts, a thousand characters."""

import contextlib
import dataclasses
import functools
import hashlib
import io
import pathlib
import statistics
import sys
import tarfile
import tempfile
import unittest

from PIL import Image, ImageOps

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES / "characters"), str(EXAMPLES)]
import glyphs  # noqa: E402
import make_corpus  # noqa: E402
import split  # noqa: E402
import unihan  # noqa: E402

NAMES = ("wqy-zenhei", "uming", "seto", "ukai", "unifont")
FONTS = tuple(font for font in glyphs.FONTS if font.name in NAMES)
MISSING = [str(file) for file in [*unihan.FILES, *(pathlib.Path(font.file) for font in FONTS)] if not file.is_file()]
unihan.read_characters = functools.cache(unihan.read_characters)  # a second each
FEW = ("RETRIEVAL_PAIRS", 200), ("RADICAL_MEMBERS", 12), ("RARE_TEST", 40), ("RARE_VALIDATION", 20)


def few(characters):
    common = [character for character in characters if character.in_iicore]
    rare = [character for character in characters if not character.in_iicore]
    return sorted(common[::16] + rare[::28], key=lambda character: character.code)


def make(out, number=1, fonts=FONTS):
    """Returns what the maker printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        make_corpus.make(out, number, 1, fonts, few)
    return printed.getvalue()


def members(tars, extension):
    """{key: bytes}, in order"""
    found = {}
    for path in tars:
        with tarfile.open(path) as tar:
            for member in tar:
                key, ending = member.name.split(".")
                if ending == extension:
                    found[f"{path.parent}/{key}"] = tar.extractfile(member).read()
    return found


def tree(folder):
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


class Glosses(unittest.TestCase):
    def test_references_to_other_characters_are_no_part_of_a_gloss(self):
        for definition, gloss in {
            "(same as U+5E70 埠) a wharf, dock": "a wharf, dock",
            "variant of U+7434 琴, guqin or zither": "guqin or zither",
            "same as 單 U+55AE, single, only": "single, only",
            "variant of U+8499 蒙": "",
            "(Cant.) 傢俬, furniture": "(Cant.) furniture",
            "birds, fowl; surname;; capture": "birds, fowl; surname; capture",
            "to sink; 汩": "to sink",
        }.items():
            self.assertEqual(unihan.clean_gloss(definition), gloss)


@unittest.skipIf(MISSING, "packages are missing")
class Corpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name, value in FEW:
            setattr(split, name, value)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.out = pathlib.Path(cls.folder.name) / "first"
        cls.printed = make(cls.out)
        cls.made = cls.out / "split-1"
        corpus = sorted((cls.made / "corpus").glob("*.tar"))
        cls.images, cls.captions = members(corpus, "png"), members(corpus, "txt")

    def evaluation(self, name, part, extension):
        return list(members([self.made / "eval" / name / part / "0.tar"], extension).values())

    def test_training_holds_pictures_of_the_training_fonts_alone_and_their_glosses(self):
        glosses = {character.name: character.gloss for character in unihan.read_characters() if character.in_iicore}
        self.assertGreater(len(self.images), 800)
        self.assertEqual(len(self.images), len(self.captions))
        for key, caption in self.captions.items():
            name, font = pathlib.Path(key).name.split("_")
            self.assertIn(font, ("wqy-zenhei", "uming"))
            self.assertEqual(caption.decode(), glosses[name])

    def test_pictures_are_grey_and_their_ink_has_the_median_side(self):
        sides = {}
        for key, png in self.images.items():
            with Image.open(io.BytesIO(png)) as picture:
                self.assertEqual((picture.mode, picture.size), ("L", (32, 32)))
                left, top, right, bottom = ImageOps.invert(picture).getbbox()
            sides.setdefault(pathlib.Path(key).name.split("_")[1], []).append(max(right - left, bottom - top))
        for font, found in sides.items():
            self.assertAlmostEqual(statistics.median(found), glyphs.MEDIAN_INK_SIDE, delta=1, msg=font)

    def test_no_image_of_an_evaluation_set_is_in_training_and_none_of_a_test_split_in_validation(self):
        training = set(self.images.values())
        parts = {"validation": set(), "test": set()}
        for shard in sorted((self.made / "eval").rglob("0.tar")):
            if shard.parent.name in parts:
                parts[shard.parent.name].update(members([shard], "png").values())
        self.assertGreater(len(parts["test"]), 400)
        self.assertGreater(len(parts["validation"]), 200)
        self.assertFalse(parts["test"] & training)
        self.assertFalse(parts["validation"] & training)
        self.assertFalse(parts["test"] & parts["validation"])

    def test_glosses_of_the_retrieval_sets_were_trained_and_unseen_ones_were_not(self):
        trained = {unihan.gloss_key(caption.decode()) for caption in self.captions.values()}
        for font, part in (("seto", "validation"), ("ukai", "test"), ("unifont", "test")):
            captions = {unihan.gloss_key(gloss.decode()) for gloss in self.evaluation(f"retrieval_{font}", part, "txt")}
            self.assertGreater(len(captions), 150)
            self.assertLessEqual(captions, trained)
        unseen = {
            part: {unihan.gloss_key(gloss.decode()) for gloss in self.evaluation("unseen_glosses", part, "txt")}
            for part in ("validation", "test")
        }
        self.assertGreater(len(unseen["test"]), 30)
        self.assertFalse((unseen["test"] | unseen["validation"]) & trained)
        self.assertFalse(unseen["test"] & unseen["validation"])

    def test_equal_glosses_are_neighbours_in_training(self):
        seen, last = set(), None
        for caption in self.captions.values():
            if caption != last:
                self.assertNotIn(caption, seen)
                seen.add(caption)
                last = caption

    def test_classes_have_members_on_each_side_and_rare_characters_lie_on_one(self):
        for name in ("rare", "uncaptioned"):
            classes = (self.made / "eval" / name / "classnames.txt").read_text().splitlines()
            self.assertGreater(len(classes), 5)
            labels = {part: {int(label) for label in self.evaluation(name, part, "cls")} for part in ("train", "validation", "test")}
            self.assertEqual(labels["train"], set(range(len(classes))))
            self.assertLessEqual(labels["test"] | labels["validation"], labels["train"])
        characters = few(unihan.read_characters())
        drawn = glyphs.render_all(FONTS, [character.code for character in characters], self.out / "glyphs", 1)
        pictures, _ = split.Split(1, characters, FONTS, drawn).rare_radicals()
        sides = [{picture.character for picture in pictures[part]} for part in ("train", "validation", "test")]
        self.assertEqual(sum(map(len, sides)), len(set.union(*sides)))
        self.assertFalse(any(character.in_iicore for character in set.union(*sides)))

    def test_the_summary_counts_what_is_there(self):
        self.assertIn(f"training pairs {len(self.images)}, characters ", self.printed)
        self.assertIn(f"unseen glosses {len(self.evaluation('unseen_glosses', 'test', 'png'))}", self.printed)
        self.assertIn(f"rare {len(self.evaluation('rare', 'test', 'png'))}", self.printed)

    def test_two_runs_give_equal_bytes_and_another_split_other_ones(self):
        again = pathlib.Path(self.folder.name) / "again"
        make(again)
        self.assertEqual(tree(again / "glyphs"), tree(self.out / "glyphs"))
        self.assertEqual(tree(again / "split-1"), tree(self.made))
        make(again, 2)
        self.assertNotEqual(tree(again / "split-2/corpus"), tree(self.made / "corpus"))

    def test_a_second_run_does_nothing_and_a_damaged_shard_is_made_again(self):
        out = pathlib.Path(self.folder.name) / "damaged"
        make(out)
        self.assertIn("nothing to do", make(out))
        before = tree(out)
        shard = out / "split-1/corpus/00000.tar"
        shard.write_bytes(shard.read_bytes()[:5000])
        cache = out / "glyphs/uming.npz"
        cache.write_bytes(cache.read_bytes()[:5000])
        self.assertNotIn("nothing to do", make(out))
        self.assertEqual(tree(out), before)

    def test_a_character_that_a_font_has_not_is_left_out_of_that_font(self):
        font = next(font for font in FONTS if font.name == "uming")
        codes = [ord("一"), ord("龍"), 0x2B740]
        self.assertEqual(glyphs.has(font, codes), codes[:2])
        self.assertNotIn(0x2B740, glyphs.render(font, codes, pathlib.Path(self.folder.name) / "few"))

    def test_a_missing_package_is_one_line_and_nothing_is_written(self):
        out = pathlib.Path(self.folder.name) / "missing"
        fonts = (*FONTS, dataclasses.replace(FONTS[0], name="other", package="fonts-other", file="/usr/share/fonts/other.ttf"))
        with self.assertRaises(SystemExit) as ended:
            make(out, fonts=fonts)
        self.assertRegex(str(ended.exception), "^make_corpus: expected /usr/share/fonts/other.ttf of .*fonts-other, found none[^\n]*$")
        self.assertFalse(out.exists())

    def test_a_file_that_is_no_font_is_one_line(self):
        broken = pathlib.Path(self.folder.name) / "broken.ttf"
        broken.write_bytes(b"no font")
        fonts = (dataclasses.replace(FONTS[0], file=str(broken)), *FONTS[1:])
        with self.assertRaises(SystemExit) as ended:
            make(pathlib.Path(self.folder.name) / "broken", fonts=fonts)
        self.assertRegex(str(ended.exception), f"^make_corpus: {broken}: expected a font, found [^\n]*$")


if __name__ == "__main__":
    if MISSING:
        print(f"SKIP: corpus: {len(MISSING)} files of Debian packages are missing, the first {MISSING[0]}")
    unittest.main()
