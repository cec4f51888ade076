#!/usr/bin/env python3
"""What is found in a page: nothing that a reader could type is missed. usage: documents_test.py"""
import pathlib
import tempfile
import unittest

from documents import codes_of, commands_of, variants_of

PAGE = """# A page

Text with `one` and `two
words` here.

    helip run --config a.yaml     # a comment
    helip mine --out T \\
      --k 3

```yaml
corpus: {path: "a`b"}
```

- a list
  goes on with `three`

    key: value
after it `four`.
"""


class Documents(unittest.TestCase):
    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text(PAGE, encoding="utf-8")
            self.codes = codes_of(page, "page.md")

    def test_all_code_is_found_with_its_line(self):
        self.assertEqual([(code.place, code.text.split("\n")[0], code.kind, code.language) for code in self.codes], [
            ("page.md:3", "one", "inline", ""), ("page.md:3", "two words", "inline", ""),
            ("page.md:6", "helip run --config a.yaml     # a comment", "block", ""),
            ("page.md:11", 'corpus: {path: "a`b"}', "block", "yaml"), ("page.md:15", "three", "inline", ""),
            ("page.md:17", "key: value", "block", ""), ("page.md:18", "four", "inline", "")])

    def test_commands_lose_comments_and_go_on_after_a_backslash(self):
        self.assertEqual(commands_of(self.codes[2].text), ["helip run --config a.yaml", "helip mine --out T --k 3"])

    def test_a_synopsis_is_tried_without_and_with_its_options(self):
        self.assertEqual(variants_of("helip status --work-dir D [--watch] [--json]"),
                         ["helip status --work-dir D", "helip status --work-dir D --watch --json"])
        self.assertEqual(variants_of("helip mine --k 5 [--method exact|fast|index]"),
                         ["helip mine --k 5", "helip mine --k 5 --method exact", "helip mine --k 5 --method fast",
                          "helip mine --k 5 --method index"])
        self.assertEqual(variants_of("helip report W --compare C [MORE …]"),
                         ["helip report W --compare C", "helip report W --compare C MORE"])
        self.assertEqual(variants_of("helip run --set eval.datasets=[]"), ["helip run --set eval.datasets=[]"])


if __name__ == "__main__":
    unittest.main()
