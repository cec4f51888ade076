#!/usr/bin/env python3
"""Every path of the repository that the pages name exists, and every source file that a comment names; the table of rooms in
docs/architecture.md has the rooms of check_layers.py. usage: docs_paths.py REPOSITORY"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
sys.dont_write_bytecode = True
sys.path.insert(0, str(root / "scripts"))
from check_layers import ROOMS

pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md"))]
folders = {p.name for p in (root / "src").iterdir() if p.is_dir()}
OTHERS = {"asm/prctl.h", "NAME_checks.cpp"}  # Linux's, and a pattern
missing = []
for page in pages:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`([\w./-]+/[\w.-]+)`", text):
        top = name.split("/")[0]
        if top in folders and (root / "src" / top).is_dir():
            found = list((root / "src").glob(name)) + list((root / "src").glob(name + ".*"))
            # Folders of a work directory share names with folders of src.
            if not found and not re.match(r"(report/index\.html|coordinator/(address|state\.db))$", name):
                missing.append(f"{page.name}: src/{name}")
        elif top in {"scripts", "configs", "tests", "examples", "deploy", "docs", "bench"} and not (root / name).exists():
            missing.append(f"{page.name}: {name}")
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        if not (page.parent / link).exists():
            missing.append(f"{page.name}: link {link}")
tree = [p for top in ("src", "tests", "bench") for p in (root / top).rglob("*") if p.suffix in {".h", ".cpp", ".cu"}]
ends = {"/".join(p.parts[-depth:]) for p in tree for depth in range(1, 6)}
for file in tree:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        comment = re.search(r"(?<!:)//(.*)", line)
        for name in re.findall(r"[\w./-]+\.(?:cpp|cu|h)\b", comment.group(1)) if comment else ():
            if name not in ends and name not in OTHERS:
                missing.append(f"{file.relative_to(root)}:{number}: {name}")
table = re.findall(r"^\| `src/(\w+)` \| (`.*) \|$", (root / "docs/architecture.md").read_text(encoding="utf-8"), re.M)
described = {f"{folder}/{room}" for folder, rooms in table for room in re.findall(r"`(\w+)`", rooms)}
missing += [f"architecture.md: room src/{room} is not in the table of rooms" for room in sorted(ROOMS.keys() - described)]
missing += [f"architecture.md: the table of rooms has src/{room}, which is none" for room in sorted(described - ROOMS.keys())]
print("\n".join(missing) if missing else f"all paths in {len(pages)} pages exist, and {len(ROOMS)} rooms are described")
sys.exit(1 if missing else 0)
