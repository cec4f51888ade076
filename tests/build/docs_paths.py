#!/usr/bin/env python3
"""Every path of the repository that the pages name exists. usage: docs_paths.py REPOSITORY"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md"))]
folders = {p.name for p in (root / "src").iterdir() if p.is_dir()}
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
print("\n".join(missing) if missing else f"all paths in {len(pages)} pages exist")
sys.exit(1 if missing else 0)
