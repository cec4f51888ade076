"""examples/emoji: reading Unicode's list, and the sets of one design."""

import contextlib
import io
import pathlib
import sys
import tarfile
import tempfile
import unittest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES / "emoji"), str(EXAMPLES)]
import make_corpus  # noqa: E402

LIST = """# group: Animals & Nature
# subgroup: animal-bug
1F40C                                                  ; fully-qualified     # 🐌 E0.6 snail
1F577 FE0F                                             ; fully-qualified     # 🕷️ E0.7 spider
1F577                                                  ; unqualified         # 🕷 E0.7 spider
# subgroup: hand-fingers-open
1F44B                                                  ; fully-qualified     # 👋 E0.6 waving hand
1F44B 1F3FB                                            ; fully-qualified     # 👋🏻 E1.0 waving hand: light skin tone
"""
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="{}" height="5"/></svg>'


class Emoji(unittest.TestCase):
    def make(self, out, chosen):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            make_corpus.make(out, chosen)
        return printed.getvalue()

    def test_the_list_gives_whole_emoji_without_skin_tones(self):
        found = make_corpus.read_emoji(LIST)
        self.assertEqual(
            [(one.name, one.subgroup) for one in found],
            [("snail", "animal bug"), ("spider", "animal bug"), ("waving hand", "hand fingers open")],
        )
        self.assertEqual(found[1].plain, (0x1F577,))

    @unittest.skipIf(not make_corpus.EMOJI_TEST.exists(), "unicode-data is missing")
    def test_a_design_gives_both_sets_and_a_second_run_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            files, out = pathlib.Path(folder) / "svg", pathlib.Path(folder) / "out"
            files.mkdir()
            # Two designs are equal, one file is of no emoji.
            for name, width in (("1F40C", 3), ("1F577-FE0F", 5), ("1F44B", 5), ("0031", 7), ("logo", 8)):
                (files / f"{name}.svg").write_text(DRAWING.format(width))
            chosen = {"drawn": ("drawn-emoji", files, lambda emoji: make_corpus._of_files(emoji, files))}
            self.assertIn("drawn 2 (", self.make(out, chosen))
            for name, extension, expected in (
                ("retrieval_drawn", ".txt", [b"waving hand", b"snail"]),
                ("subgroups_drawn", ".cls", [b"hand fingers open", b"animal bug"]),
            ):
                with tarfile.open(out / f"eval/{name}/test/0.tar") as tar:
                    found = [tar.extractfile(member).read() for member in tar if member.name.endswith(extension)]
                if extension == ".cls":
                    classes = (out / f"eval/{name}/classnames.txt").read_text().splitlines()
                    found = [classes[int(label)].encode() for label in found]
                self.assertEqual(found, expected)
            self.assertIn("nothing to do", self.make(out, chosen))

    def test_a_missing_package_is_one_line(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(SystemExit) as ended:
            make_corpus.make(pathlib.Path(folder) / "out", {"none": ("no-emoji", pathlib.Path("/no/emoji"), None)})
        self.assertRegex(str(ended.exception), "^make_corpus: expected /[^\n]* of the package [^\n]*, found none: [^\n]*$")


if __name__ == "__main__":
    if not make_corpus.EMOJI_TEST.exists():
        print("SKIP: the sets of a design: not installed: unicode-data (scripts/setup.sh)")
    unittest.main()
