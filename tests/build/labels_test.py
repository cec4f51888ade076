#!/usr/bin/env python3
"""Every CTest entry of a build has exactly one kind among its labels, so that `scripts/test.sh KIND` leaves none out and runs none
twice. usage: labels_test.py BUILD_FOLDER"""
import json
import subprocess
import sys

KINDS = {"unit", "ranks", "e2e", "build", "style", "slurm"}


def offences(tests):
    """Returns a line for each entry without exactly one kind."""
    found = []
    for test in tests:
        labels = [label for entry in test.get("properties", []) if entry["name"] == "LABELS" for label in entry["value"]]
        kinds = [label for label in labels if label in KINDS]
        if len(kinds) != 1:
            found.append(f"{test['name']}: labels {labels}, expected exactly one of {', '.join(sorted(KINDS))}")
    return found


planted = [{"name": "bare"}, {"name": "gpu_alone", "properties": [{"name": "LABELS", "value": ["gpu"]}]},
           {"name": "two", "properties": [{"name": "LABELS", "value": ["unit", "e2e"]}]},
           {"name": "right", "properties": [{"name": "LABELS", "value": ["unit", "gpu"]}]}]
assert [line.split(":")[0] for line in offences(planted)] == ["bare", "gpu_alone", "two"], offences(planted)

listed = subprocess.run(["ctest", "--test-dir", sys.argv[1], "--show-only=json-v1"], check=True, capture_output=True, text=True)
tests = json.loads(listed.stdout)["tests"]
assert tests, f"{sys.argv[1]} has no tests"
problems = offences(tests)
print("\n".join(problems) if problems else f"each of {len(tests)} tests has one kind")
sys.exit(1 if problems else 0)
