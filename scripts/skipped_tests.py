#!/usr/bin/env python3
"""Prints what a run of CTest did not test: a line "SKIP: TEST: REASON" for each reason that a test gave, then how many there
are. A test prints "SKIP: reason" for itself or for one of its cases. Exit 1 if a test was skipped without a reason.

usage: skipped_tests.py RESULTS   (of ctest --output-junit RESULTS --test-output-size-passed 100000000; LastTest.log would not do:
each ctest --show-only in the same build folder empties it)"""
import sys
import xml.etree.ElementTree


def main():
    count = 0
    mute = []
    for test in xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        lines = test.findtext("system-out", "").splitlines()
        reasons = {line[len("SKIP: "):].strip() for line in lines if line.startswith("SKIP: ")} - {""}
        for reason in sorted(reasons):
            print(f"SKIP: {test.get('name')}: {reason}")
        if test.find("skipped") is not None and not reasons:
            mute.append(test.get("name"))
        count += len(reasons)
    for name in mute:
        print(f"{name}: skipped without a reason, expected a line \"SKIP: reason\"")
    print(f"== {count + len(mute)} skipped tests and cases")
    sys.exit(1 if mute else 0)


if __name__ == "__main__":
    main()
