#!/usr/bin/env python3
"""Checks the wording of comments in src/ and tests/: none begins with "Of", which leaves out subject and verb. Exit 1 with one
line per offence.

usage: check_comments.py [REPOSITORY]
"""
import pathlib
import re
import sys

CODE = re.compile(r"//+\s*Of\b")
SCRIPT = re.compile(r'(?:#+|""")\s*Of\b')
PATTERNS = {".h": CODE, ".cpp": CODE, ".cu": CODE, ".py": SCRIPT, ".sh": SCRIPT}


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    problems, files = [], 0
    for path in sorted(p for folder in ("src", "tests") for p in (root / folder).rglob("*") if p.suffix in PATTERNS):
        files += 1
        name = str(path.relative_to(root))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not PATTERNS[path.suffix].search(line):
                continue
            problems.append(f"{name}:{number}: a comment begins with \"Of\"; expected a verb first: {line.strip()}")
    for problem in problems:
        print(problem)
    print(f"check_comments: {files} files, {len(problems)} offences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
