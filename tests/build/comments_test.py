#!/usr/bin/env python3
"""check_comments.py finds planted offences. usage: comments_test.py REPOSITORY"""
import pathlib
import subprocess
import sys
import tempfile

WORD = "Of"
PLANTED = {
    "src/store/a.h": f"// {WORD} the last step.\nint last();\n",
    "src/store/b.cpp": f"int a;  // {WORD} rank 0.\n",
    "src/store/c.cu": f"///   {WORD} all rows.\n",
    "tests/store/d.py": f"# {WORD} four ranks two mine.\n",
    "tests/store/e.py": f'def f():\n    """{WORD} a file."""\n',
}
RIGHT = {
    "src/store/f.h": "// Returns the seconds of the last step.\n// Offers room.\nint room;  // of the last step\n",
    "tests/store/g.py": "# Two of four ranks mine. Of these one stops.\n",
}

check = pathlib.Path(sys.argv[1]) / "scripts/check_comments.py"
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    for name, text in {**PLANTED, **RIGHT}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    done = subprocess.run([sys.executable, check, root], capture_output=True, text=True)
    assert done.returncode == 1, done.stdout
    for name in PLANTED:
        assert name in done.stdout, (name, done.stdout)
    for name in RIGHT:
        assert name not in done.stdout, (name, done.stdout)
    for name in PLANTED:
        (root / name).unlink()
    done = subprocess.run([sys.executable, check, root], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
print(f"{len(PLANTED)} planted offences found")
