"""The reference run's table against brute force with exact_pair_score, and against NumPy, for every target."""

import os
import pathlib
import subprocess

from job_control import expect, main


def test(bench, _):
    cache = os.environ.get("HELIP_CACHE", os.path.expanduser("~/.cache/helip"))
    oracle = pathlib.Path(__file__).parent.parent / "mining/table_oracle.py"
    for command in ([str(bench.build / "tests/helip_table_oracle")], [f"{cache}/venv/bin/python", str(oracle)]):
        done = subprocess.run([*command, str(bench.reference)], capture_output=True, text=True)
        print(done.stdout, end="")
        expect(done.returncode == 0, done.stderr)


main(test)
