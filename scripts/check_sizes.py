#!/usr/bin/env python3
"""Checks sizes: no source file that a person wrote has more than 400 lines, and no folder of src/ more than 20 headers. What grows
past them is split by topic, or gets a room. Exit 1 with one line per offence.

usage: check_sizes.py [REPOSITORY]
"""
import collections
import pathlib
import sys

LINES = 400
HEADERS = 20
FOLDERS = ("src", "tests", "bench", "scripts", "examples")
SOURCES = {".h", ".cpp", ".cu", ".py", ".sh"}
# Tables that a script writes: nobody reads them from top to bottom. What protoc makes lies in the build folder.
WRITTEN_BY = {
    "src/data/text/html_entities.cpp": "scripts/make_html_entities.py",
    "src/data/text/mojibake_tables.cpp": "scripts/make_mojibake_tables.py",
}


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    files = sorted(p for folder in FOLDERS for p in (root / folder).rglob("*") if p.suffix in SOURCES)
    problems = []
    for name, script in WRITTEN_BY.items():
        if (root / name).exists() and not (root / script).exists():
            problems.append(f"{name}: counts as written by {script}, which is not there")
    headers = collections.Counter()
    for path in files:
        name = str(path.relative_to(root))
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LINES and name not in WRITTEN_BY:
            problems.append(f"{name}: {lines} lines; expected at most {LINES}")
        if path.suffix == ".h" and name.startswith("src/"):
            headers[name.rpartition("/")[0]] += 1
    problems += [f"{folder}: {count} headers; expected at most {HEADERS}" for folder, count in sorted(headers.items()) if count > HEADERS]
    for problem in problems:
        print(problem)
    print(f"check_sizes: {len(files)} files, {len(problems)} offences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
