#!/usr/bin/env python3
"""check_sizes.py finds planted offences. usage: sizes_test.py REPOSITORY"""
import pathlib
import subprocess
import sys
import tempfile

check = pathlib.Path(sys.argv[1]) / "scripts/check_sizes.py"
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)

    def plant(name, lines=1):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n" * lines)

    def found():
        done = subprocess.run([sys.executable, check, root], capture_output=True, text=True)
        *problems, _ = done.stdout.splitlines()
        assert done.returncode == (1 if problems else 0), done.stdout
        return problems

    for name in ("src/a/b.cpp", "tests/a/b_test.cpp", "scripts/c.sh", "examples/d/e.py"):
        plant(name, 400)
    for name in ("html_entities", "mojibake_tables"):
        plant(f"src/data/text/{name}.cpp", 4000)
        plant(f"scripts/make_{name}.py")
    for number in range(20):
        plant(f"src/a/{number}.h")
    plant("src/a/room/21.h")
    plant("docs/long.md", 4000)
    assert found() == [], found()

    plant("src/a/b.cpp", 401)
    plant("bench/f.py", 500)
    plant("src/a/20.h")
    (root / "scripts/make_html_entities.py").unlink()
    expected = ["src/data/text/html_entities.cpp: counts as written by scripts/make_html_entities.py, which is not there",
                "bench/f.py: 500 lines; expected at most 400", "src/a/b.cpp: 401 lines; expected at most 400",
                "src/a: 21 headers; expected at most 20"]
    assert found() == expected, found()
print(f"{len(expected)} planted offences found")
