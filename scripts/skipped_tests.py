#!/usr/bin/env python3
"""Prints what the last run of CTest did not test: a line "SKIP: TEST: REASON" for each reason that a test gave, then how many there
are. A test prints "SKIP: reason" for itself or for one of its cases. Exit 1 if a test was skipped without a reason.

usage: skipped_tests.py BUILD_FOLDER CTEST_OUTPUT"""
import pathlib
import re
import sys


def reasons_of(log):
    """Returns (test, reason) of each line SKIP in CTest's log."""
    reasons = []
    # One section a test: "3/85 Testing: NAME", then its output.
    for section in re.split(r"^\d+/\d+ Testing: ", log, flags=re.M)[1:]:
        name, _, rest = section.partition("\n")
        said = {line[len("SKIP: "):].strip() for line in rest.splitlines() if line.startswith("SKIP: ")}
        reasons += [(name, reason) for reason in sorted(said - {""})]
    return reasons


def main():
    build, output = map(pathlib.Path, sys.argv[1:])
    reasons = reasons_of((build / "Testing/Temporary/LastTest.log").read_text(encoding="utf-8", errors="replace"))
    skipped = re.findall(r"^\s+\d+ - (\S+) \(Skipped\)$", output.read_text(encoding="utf-8", errors="replace"), re.M)
    mute = [name for name in skipped if name not in dict(reasons)]
    for name, reason in reasons:
        print(f"SKIP: {name}: {reason}")
    for name in mute:
        print(f"{name}: skipped without a reason, expected a line \"SKIP: reason\"")
    print(f"== {len(reasons) + len(mute)} skipped tests and cases")
    sys.exit(1 if mute else 0)


if __name__ == "__main__":
    main()
