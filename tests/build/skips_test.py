#!/usr/bin/env python3
"""skipped_tests.py counts the skips of a real CTest run and finds one without a reason. usage: skips_test.py REPOSITORY"""
import pathlib
import subprocess
import sys
import tempfile

CASES = {
    "plain": "true",
    "whole": "echo 'SKIP: no machine here'; exit 77",
    "partly": "echo 'SKIP: a case: one rank has no peers'; echo 'SKIP: a case: one rank has no peers'",
    "quoted": "echo 'the word SKIP: inside a line'",
    "long": "yes | head -c 100000; echo 'SKIP: late & <last>'",
}
script = pathlib.Path(sys.argv[1]) / "scripts/skipped_tests.py"


def summary(cases):
    """Runs the shell commands as tests; returns the script's exit status and lines."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for name, command in cases.items():
            lines.append(f'add_test({name} sh -c "{command}")')
            lines.append(f"set_tests_properties({name} PROPERTIES SKIP_RETURN_CODE 77)")
        (pathlib.Path(folder) / "CTestTestfile.cmake").write_text("\n".join(lines))
        results = pathlib.Path(folder) / "results.xml"
        options = ["--output-junit", results, "--test-output-size-passed", "100000000"]
        subprocess.run(["ctest", "--test-dir", folder, *options], check=True, capture_output=True)
        subprocess.run(["ctest", "--test-dir", folder, "--show-only"], check=True, capture_output=True)  # as tests/docs does meanwhile
        done = subprocess.run([sys.executable, script, results], capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()


code, lines = summary(CASES)
assert code == 0, lines
assert lines == [
    "SKIP: whole: no machine here",
    "SKIP: partly: a case: one rank has no peers",
    "SKIP: long: late & <last>",
    "== 3 skipped tests and cases",
], lines
code, lines = summary({**CASES, "mute": "exit 77"})
assert code == 1 and any(line.startswith("mute: skipped without a reason") for line in lines), lines
assert lines[-1] == "== 4 skipped tests and cases", lines
code, lines = summary({"plain": "true"})
assert (code, lines) == (0, ["== 0 skipped tests and cases"]), lines
print("skips are counted and have reasons")
