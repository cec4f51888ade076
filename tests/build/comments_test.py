#!/usr/bin/env python3
"""check_comments.py finds planted offences. usage: comments_test.py REPOSITORY"""
import pathlib
import subprocess
import sys
import tempfile

WORD, OTHER = "Of", "Those"
LONG = "Gathers the features of all ranks with gradient, one collective, and computes all of the"
PLANTED = {
    "src/store/a.h": f"// {WORD} the last step.\nint last();\n",
    "src/store/b.cpp": f"int a;  // {WORD} rank 0.\n",
    "src/store/c.cu": f"///   {WORD} all rows.\n",
    "src/store/h.h": f"// {OTHER} that require gradients.\nint trained();\n",
    "tests/store/d.py": f"# {WORD} four ranks two mine.\n",
    "tests/store/e.py": f'def f():\n    """{WORD} a file."""\n',
    "src/loss/early.h": "// Waits for the checkpoint before it. `snapshot` must live until\n// it is written.\nvoid wait();\n",
    "src/loss/orphan.h": f"// {LONG}\n// pairs.\n// They are gathered in their own dtype.\nvoid gather();\n",
    "src/loss/brace.h": f"// {LONG} run([&] {{ done();\n// }}).\nvoid run();\n",
    "src/loss/row.h": "//   local_BD   unit norm, rows of the global\n//   tensor global_MD  unit norm\nvoid loss();\n",
    "src/loss/first_row.h": "//   exp(scale) duplicate_BM   bool\nvoid loss();\n",
    "src/loss/under.h": "//   valid_M   false for padded rows, which are\n//   neither\n//             rows nor columns\nvoid loss();\n",
    "src/loss/member.h": "struct A {\n  std::filesystem::path\n      folder;  // with image_features.npy\n};\n",
    "src/loss/value.h": "struct A {\n  std::optional<int> seed =\n      {};           // none: initial weights\n  int b = 0;  // of A\n};\n",
    "src/loss/list.h": "struct A {\n  int a, b,\n      c;  // the third\n};\n",
    "src/loss/wide.cu": f"  //   valid_M   {LONG} {LONG[:40]}\n",
}
RIGHT = {
    "src/store/f.h": "// Returns the seconds of the last step.\n// Offers room.\nint room;  // of the last step\n",
    "src/loss/table.h": f"""// {LONG}
// losses. A formula:
//   sum over rows i of [ CE(a, i) ]
//     / (2 · rows)
//   image_BD, text_BD  unit norm
//   valid_M            false for padded rows, which are neither rows
//                      nor columns
//
//   pending --lease--> done
//      ^         |
// Ends here.
// A paragraph of its own, whose first word would have fitted on the line before it, as `a` does
// [0, 1).
""",
    "src/loss/member_right.h": f"""struct A {{
  // With image_features.npy.
  std::filesystem::path folder;
  int b = 0;  // of A
  if (a)
    return b;  // of A
  std::map<std::string, std::vector<{"x" * 40}>>
      name_that_would_not_have_fitted;  // of A
}};
""",
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
