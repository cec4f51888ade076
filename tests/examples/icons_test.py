"""examples/icons on a small part: two packages to train on, one theme held out. Names and splits are tested without packages."""

import contextlib
import dataclasses
import hashlib
import io
import pathlib
import sys
import tarfile
import tempfile
import unittest

from PIL import Image

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES / "icons"), str(EXAMPLES)]
import drawing  # noqa: E402
import make_corpus  # noqa: E402
import names  # noqa: E402
import sources  # noqa: E402
import split  # noqa: E402

CHOSEN = tuple(source for source in sources.SOURCES if source.name in ("suru", "faba", "gnome", "elementary-xfce"))
MISSING = sorted({source.package for source in CHOSEN if not source.root().is_dir()})


def svg(color="black"):
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="5" height="5" fill="{color}"/></svg>'


def icon(name, source="a", markup=""):
    return sources.Icon(source, "style", name, "none", markup or svg())


def make(out, number=1, chosen=CHOSEN):
    """Returns what the maker printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        make_corpus.make(out, number, 1, chosen)
    return printed.getvalue()


def members(shard, extension):
    with tarfile.open(shard) as tar:
        return [tar.extractfile(member).read() for member in tar if member.name.endswith("." + extension)]


def tree(folder):
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


class Names(unittest.TestCase):
    def test_captions_hold_the_words_of_name_and_tags_once(self):
        tagged = dataclasses.replace(icon("arrowLeft_box-outline.2"), tags=("left-hand", "*new*"))
        self.assertEqual(names.caption(tagged), "arrow left box outline 2 hand new")

    def test_names_that_differ_in_style_are_one_name(self):
        for name in ("bell-bold", "bell-outline", "bell-symbolic", "bell"):
            self.assertEqual(names.plain_name(name), "bell")
        self.assertEqual(names.plain_name("format-text-bold"), "format text")
        self.assertEqual(names.plain_name("bold"), "bold")


class Drawing(unittest.TestCase):
    def test_a_picture_is_square_on_white(self):
        with Image.open(io.BytesIO(drawing.draw(icon("a", markup=svg("#ff0000"))))) as picture:
            self.assertEqual((picture.size, picture.mode), ((128, 128), "RGB"))
            self.assertEqual((picture.getpixel((4, 4)), picture.getpixel((124, 124))), ((255, 0, 0), (255, 255, 255)))

    def test_what_shows_nothing_on_white_has_no_picture(self):
        self.assertIsNone(drawing.draw(icon("a", markup=svg("white"))))
        self.assertIsNone(drawing.draw(icon("a", markup="<svg")))

    def test_a_file_that_is_no_picture_has_none(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("broken.png", "broken.svg"):
                file = pathlib.Path(folder) / name
                file.write_bytes(b"neither")
                self.assertIsNone(drawing.draw(sources.Icon("a", "style", "broken", str(file))))


class Sides(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        trained = [icon(f"{head}-{number}", "train") for head in ("arrow", "bell") for number in range(400)]
        held_out = [icon(f"arrow-{number}", "held") for number in range(0, 800, 2)]
        cls.read = []
        for role, icons in (("train", trained), ("test", held_out)):
            source = sources.Source(role, "", role, None)
            cls.read.append((source, icons, {one.key: one.key.encode() for one in icons}))

    def test_each_side_has_its_share_of_the_names_and_another_split_other_ones(self):
        first, again, second = split.Split(1, self.read), split.Split(1, self.read), split.Split(2, self.read)
        self.assertEqual(first.training(), again.training())
        self.assertNotEqual({picture.name for picture in first.training()}, {picture.name for picture in second.training()})
        self.assertAlmostEqual(len(first.seen["test"]) / 800, split.TEST_PERCENT / 100, delta=0.04)
        self.assertAlmostEqual(len(first.seen["validation"]) / 800, split.VALIDATION_PERCENT / 100, delta=0.04)

    def test_names_of_held_out_themes_are_trained_and_families_are_of_names_that_are_not(self):
        made = split.Split(1, self.read)
        trained = {picture.name for picture in made.training()}
        pictures, classes = made.names()
        self.assertLessEqual(set(classes), trained)
        self.assertGreater(len(pictures["test"]), 100)
        families, classes = made.families()
        self.assertEqual(classes, ["arrow", "bell"])
        self.assertFalse({picture.name for picture in families["test"]} & trained)
        self.assertEqual(len(families["train"]), 2 * split.FAMILY_TRAIN)

    def test_a_picture_that_comes_again_is_left_out(self):
        source, icons, drawn = self.read[0]
        same = dict.fromkeys(drawn, b"same")
        made = split.Split(1, [(source, icons, same), self.read[1]])
        self.assertEqual(sum(len(pictures) for pictures in made.seen.values()), 1)


@unittest.skipIf(MISSING, "packages are missing")
class Corpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.out = pathlib.Path(cls.folder.name) / "first"
        cls.printed = make(cls.out)
        cls.made = cls.out / "split-1"

    def test_splits_share_no_picture_and_retrieval_no_caption(self):
        training = set(members(self.made / "corpus/00000.tar", "png"))
        captions = set(members(self.made / "corpus/00000.tar", "txt"))
        self.assertGreater(len(training), 500)
        parts = {"validation": set(), "test": set()}
        for shard in sorted((self.made / "eval").rglob("0.tar")):
            if shard.parent.name in parts:
                parts[shard.parent.name].update(members(shard, "png"))
        self.assertGreater(len(parts["test"]), 200)
        self.assertFalse(parts["test"] & training)
        self.assertFalse(parts["validation"] & training)
        self.assertFalse(parts["test"] & parts["validation"])
        tested = members(self.made / "eval/retrieval/test/0.tar", "txt")
        self.assertEqual(len(tested), len(set(tested)))
        self.assertFalse(set(tested) & captions)
        self.assertFalse(set(members(self.made / "eval/retrieval/validation/0.tar", "txt")) & (captions | set(tested)))

    def test_a_second_run_does_nothing_and_a_lost_shard_is_made_again_equal(self):
        self.assertIn("nothing to do", make(self.out))
        before = tree(self.out)
        (self.made / "eval/names/test/0.tar").unlink()
        (self.out / "pictures/suru.npz").write_bytes(b"damaged")
        self.assertNotIn("nothing to do", make(self.out))
        self.assertEqual(tree(self.out), before)

    def test_links_are_no_icons_of_their_own(self):
        self.assertFalse(any(pathlib.Path(icon.file).is_symlink() for source in CHOSEN for icon in source.icons()))


class Missing(unittest.TestCase):
    def test_a_missing_package_is_one_line_and_nothing_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            for source in (
                sources.Source("other", "other-icon-theme", "train", sources._theme, folder="other"),
                sources.Source("other", "other-icons", "train", sources._material, "no_such_module", "icons"),
            ):
                with self.assertRaises(SystemExit) as ended:
                    make(pathlib.Path(folder) / "out", chosen=(source,))
                self.assertRegex(str(ended.exception), f"^make_corpus: expected [^\n]* of the package {source.package}, found none[^\n]*$")
            self.assertFalse((pathlib.Path(folder) / "out").exists())


if __name__ == "__main__":
    if MISSING:
        print(f"SKIP: corpus: not installed: {', '.join(MISSING)} (scripts/setup.sh icons)")
    unittest.main()
