#!/usr/bin/env python3
"""Checks the comments in src/ and tests/. None begins with "Of" or "Those", which leave out subject and verb.
In C++ none is garbled, as clang-format leaves a line that was too long: a line ends early though the next word would have
fitted, one or two words stand alone, or a table has lost its columns. A table is a list of rows "//   name_BD  meaning" in
columns that are three or more from the slashes (the pattern CommentPragmas in .clang-format keeps its lines); what a row needs more stands
under its meaning. Nor is a declaration broken because the comment behind it does not fit: such a comment stands above. Exit 1 with
one line per offence.

usage: check_comments.py [REPOSITORY]
"""
import pathlib
import re
import sys

CODE = re.compile(r"//+\s*(?:Of|Those)\b")
SCRIPT = re.compile(r'(?:#+|""")\s*(?:Of|Those)\b')
PATTERNS = {".h": CODE, ".cpp": CODE, ".cu": CODE, ".py": SCRIPT, ".sh": SCRIPT}

COLUMNS = 100
# A break may be a few words early, so that what belongs together stands together.
EARLY = 15
ORPHAN_COLUMNS = 60
COMMENT = re.compile(r"^(\s*)//( *)(\S.*)$")
ROW = re.compile(r"^(\w+(?:, \w+)*)( {2,})(?=\S)")
LOOKS_LIKE_ROW = re.compile(r"^[A-Za-z]\S*(?: \S+)* {2,}\S")

# Code, and the comment behind it on the same line.
COMMENTED = re.compile(r"^(\s+)(\S.*?[;,])\s+// *\S")
# What begins a line of code that another may go on.
GOES_ON = re.compile(r"^(\s*)(?!//|#|(?:\} *)?(?:if|else|for|while|do|switch|case|return)\b)\S((?!//).)*[^\s;{}:]$")


class Line:
    """A comment that is alone on its line; `inside`: its text's distance from the slashes."""

    def __init__(self, text):
        found = COMMENT.match(text)
        self.is_comment = found is not None
        self.columns = len(text)
        if found:
            self.margin, self.inside, self.text = len(found[1]), len(found[2]), found[3]

    def goes_on_in(self, other):
        """True if both are lines of one paragraph, as far as a rule can tell."""
        return self.is_comment and other.is_comment and self.margin == other.margin and self.inside == other.inside == 1


def ended_early(line, following):
    if not line.goes_on_in(following) or re.search(r"[.:;!?]$", line.text):
        return False
    return line.columns + 1 + len(following.text.split()[0]) + EARLY <= COLUMNS


def is_orphan(before, line, following):
    if not before.goes_on_in(line):
        return False
    words = len(re.findall(r"\w+", line.text))
    in_sentence = line.goes_on_in(following) and not re.search(r"[.:;!?]$", before.text)
    return words == 0 or (in_sentence and words <= 2 and line.columns < ORPHAN_COLUMNS)


class Table:
    """The rows met so far of one table, or none."""

    def __init__(self):
        self.margin = self.column = self.meaning = None

    def offence(self, line):
        if not line.is_comment or (self.column and (line.margin != self.margin or line.inside < self.column)):
            self.__init__()
        if not line.is_comment or line.inside < 3:
            return None
        row = ROW.match(line.text)
        if line.columns > COLUMNS:
            return f"a line of {line.columns} columns; expected at most {COLUMNS}"
        if row and (self.column is None or line.inside == self.column):
            self.margin, self.column, self.meaning = line.margin, line.inside, line.inside + row.end()
            return None
        if self.column is None:
            return "a row of a table with more than names before its meaning" if LOOKS_LIKE_ROW.match(line.text) else None
        return None if line.inside == self.meaning else "neither a row of the table nor under the meaning of one"


def is_broken_by_comment(before, text):
    """True if a declaration or statement would have stood on one line without the comment behind it."""
    started, code = GOES_ON.match(before), COMMENTED.match(text)
    if not started or not code or len(code[1]) <= len(started[1]):
        return False
    return len(before) + 1 + len(code[2]) <= COLUMNS


def garbled(lines):
    """Yields line number and what is wrong with it."""
    read = [Line(text) for text in lines]
    nothing = Line("")
    table = Table()
    for number, line in enumerate(read, 1):
        before = read[number - 2] if number > 1 else nothing
        following = read[number] if number < len(read) else nothing
        if ended_early(line, following):
            yield number, "the comment's line ends early: the next word would have fitted"
        elif is_orphan(before, line, following):
            yield number, "one or two words of a comment stand alone on a line"
        elif problem := table.offence(line):
            yield number, f"a comment's table is garbled: {problem}"
        elif number > 1 and is_broken_by_comment(lines[number - 2], lines[number - 1]):
            yield number, "the comment broke the line before it; expected it on a line of its own above"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    problems, files = [], 0
    for path in sorted(p for folder in ("src", "tests") for p in (root / folder).rglob("*") if p.suffix in PATTERNS):
        files += 1
        name = str(path.relative_to(root))
        lines = path.read_text(encoding="utf-8").splitlines()
        found = [(number, "a comment begins with \"Of\" or \"Those\"; expected a verb first") for number, line in enumerate(lines, 1)
                 if PATTERNS[path.suffix].search(line)]
        if PATTERNS[path.suffix] is CODE:
            found += garbled(lines)
        problems += [f"{name}:{number}: {problem}: {lines[number - 1].strip()}" for number, problem in found]
    for problem in problems:
        print(problem)
    print(f"check_comments: {files} files, {len(problems)} offences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
