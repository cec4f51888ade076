#!/usr/bin/env python3
"""Every source is named by a CMakeLists.txt of src, tests or bench, and no CMakeLists.txt looks whether a source exists or lists
sources by a pattern: a source that is missing is CMake's error, and one that nobody builds is found here.
usage: sources_test.py REPOSITORY"""
import pathlib
import re
import sys
import tempfile

SOURCES = (".cpp", ".cu")
# Patterns of files that are not compiled.
GLOB = re.compile(r"file\(GLOB(?:_RECURSE)?\s[^)]*?\.(cpp|cu|h)\b", re.I)


def offences(root):
    lists = {path: path.read_text(encoding="utf-8") for top in ("src", "tests", "bench") for path in (root / top).rglob("CMakeLists.txt")}
    found = []
    named = set()
    for path, text in lists.items():
        where = path.relative_to(root)
        if re.search(r"\bEXISTS\b", text):
            found.append(f"{where}: asks whether a file EXISTS")
        if GLOB.search(text):
            found.append(f"{where}: lists sources by a pattern")
        for word in re.findall(r"[\w./-]+\.(?:cpp|cu)\b", text):
            named.add((path.parent / word).resolve())
    for top in ("src", "tests", "bench"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in SOURCES and path.resolve() not in named:
                found.append(f"{path.relative_to(root)}: no CMakeLists.txt names it")
    return found


with tempfile.TemporaryDirectory() as folder:
    planted = pathlib.Path(folder)
    (planted / "src/a").mkdir(parents=True)
    (planted / "src/a/listed.cpp").touch()
    (planted / "src/a/forgotten.cpp").touch()
    (planted / "src/CMakeLists.txt").write_text("if(EXISTS a/gone.cpp)\nadd_library(a a/listed.cpp)\nendif()\nfile(GLOB all a/*.cpp)\n")
    assert offences(planted) == ["src/CMakeLists.txt: asks whether a file EXISTS", "src/CMakeLists.txt: lists sources by a pattern",
                                 "src/a/forgotten.cpp: no CMakeLists.txt names it"], offences(planted)

problems = offences(pathlib.Path(sys.argv[1]))
print("\n".join(problems) if problems else "every source is listed")
sys.exit(1 if problems else 0)
