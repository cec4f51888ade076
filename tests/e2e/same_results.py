"""Runs one job with the programs of two builds and compares what they made, to the bit: hard-pair table, losses, weights, held-out
results. For changes that are to leave behaviour alone. By hand:

    git worktree add ../before COMMIT && (cd ../before && scripts/build.sh)
    tests/e2e/same_results.py --before ../before/build --after build --folder /tmp/same [--config JOB.yaml …]

Without --config the small job of the end-to-end tests runs. A larger comparison is

    --config configs/openclipart_base.yaml configs/openclipart_continued.yaml configs/openclipart_helip.yaml

whose corpus and towers the scripts of examples/openclipart make. The last two start from work/openclipart/base/model: the base must
have run at its own work directory first.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys

from job_control import Failure, digest, expect, metrics_of

HERE = pathlib.Path(__file__).parent
# A table's manifest names the build that made it, which is no part of the result.
TABLE = ("hard_pairs/1/indices.npy", "hard_pairs/1/scores.npy", "hard_pairs/1/suitable.npy")
PRODUCTS = (*TABLE, "results.json")


def run(build, config, work):
    shutil.rmtree(work, ignore_errors=True)
    command = [build / "bin" / "helip", "run", "--config", config, "--work-dir", work]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    expect(done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stderr}")


def products_of(work):
    products = {name: digest(work / name) for name in PRODUCTS if (work / name).exists()}
    for weights in sorted(work.glob("model*/**/*.safetensors")):
        products[str(weights.relative_to(work))] = digest(weights)
    products["losses"] = metrics_of(work)
    expect(products["losses"], f"{work}: no losses")
    expect(any(name.endswith(".safetensors") for name in products), f"{work}: no weights")
    return products


def compare(name, before, after):
    expect(before.keys() == after.keys(), f"{name}: made before {sorted(before)}, after {sorted(after)}")
    for product in before:
        expect(before[product] == after[product], f"{name}: {product} differs")
    print(f"{name}: {len(before['losses'])} losses and {len(before) - 1} files are equal to the bit", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=pathlib.Path, required=True, help="build folder")
    parser.add_argument("--after", type=pathlib.Path, required=True, help="build folder")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for inputs and work directories")
    parser.add_argument("--config", type=pathlib.Path, nargs="*", help="jobs to run")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    jobs = {config.stem: config for config in arguments.config or []}
    if not jobs:
        made = arguments.folder / "job"
        if not made.exists():
            subprocess.run(["bash", HERE / "make_small_job.sh", arguments.after, made], check=True)
        jobs = {"small": made / "job.yaml"}
    tables = 0
    try:
        for name, config in jobs.items():
            found = {}
            for side, build in (("before", arguments.before), ("after", arguments.after)):
                work = arguments.folder / f"{name}-{side}"
                run(build.absolute(), config, work)
                found[side] = products_of(work)
            compare(name, found["before"], found["after"])
            tables += all(table in found["after"] for table in TABLE)
        expect(tables > 0, "no job has made a table")
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
