"""The small job, undisturbed, on two workers: end to end, its status while it runs, and what a second start says. The other
end-to-end tests compare their results with this run's."""

import json
import pathlib
import shutil
import subprocess
import time

from job_control import expect, logs_of, main, table_digests

STAGES = ["index", "encode", "mine", "train", "eval", "report"]


def watch(bench, work, process):
    """Asks for the status until the job ends; returns the stages seen, the status with most workers and the last numbers of
    training that were told after it."""
    seen, widest, trained = set(), {}, None
    while process.poll() is None:
        code, status = bench.status(work)
        if status is not None and status["state"] == "running":
            expect(code == 0, f"helip status: exit {code}")
            expect(status["schema_version"] == 1, "helip status --json: schema_version")
            seen.add(status["stage"])
            if status["stage"] in ("eval", "report"):
                trained = status["train"]
            if len(status["workers"]) >= len(widest.get("workers", [])):
                widest = status
        time.sleep(0.1)
    return seen, widest, trained


def test(bench, _):
    shutil.rmtree(bench.folder, ignore_errors=True)
    bench.folder.mkdir(parents=True)
    maker = __file__.rsplit("/", 1)[0] + "/make_small_job.sh"
    made = subprocess.run(["bash", maker, str(bench.build), str(bench.job.parent)], capture_output=True, text=True)
    expect(made.returncode == 0, f"make_small_job.sh: {made.stderr}")

    process = bench.start(bench.reference)
    seen, widest, trained = watch(bench, bench.reference, process)
    expect(process.returncode == 0, f"helip run: exit {process.returncode}\n{logs_of(bench.reference)}")
    expect(len(seen) >= 2, f"helip status saw only the stages {sorted(map(str, seen))}")
    expect(len(widest["workers"]) == 2, f"a row for each of 2 workers, found {widest['workers']}")
    print(f"stages seen by status: {[stage for stage in STAGES if stage in seen]}")

    for product in ("results.json", "report/index.html", "metrics.jsonl", "tensorboard", "config.yaml", "hard_pairs/1/manifest.json", "model"):
        expect((bench.reference / product).exists(), f"no {product}")
    located = pathlib.Path((bench.reference / "corpus/location.txt").read_text().removesuffix("\n"))
    expect(located.is_absolute() and (located / "manifest.json").exists(), f"corpus/location.txt: no corpus at {located}")
    page = (bench.reference / "report/index.html").read_text()
    expect("data:image" in page, "the report has no gallery")
    expect("Missing from this report" not in page, "the report misses something")
    last = json.loads((bench.reference / "metrics.jsonl").read_text().splitlines()[-1])
    for key in ("step", "loss", "contrastive_loss", "margin_loss"):
        expect(trained[key] == last[key], f"status after training: {key}: expected {last[key]}, found {trained[key]}")
    results = json.loads((bench.reference / "results.json").read_text())
    expect(len(results) >= 1 and results[0]["metrics"], "results.json holds no metrics")
    expect(not list((bench.reference / "tasks").rglob("*partial*")), "partial files were left behind")

    began = time.monotonic()
    stdout, _ = bench.run(bench.reference)
    expect("nothing to do" in stdout, f"a second start said: {stdout}")
    expect(time.monotonic() - began < 10, "a second start took longer than 10 s")
    code, status = bench.status(bench.reference)
    expect(code == 0 and status["state"] == "done", f"status of a finished job: exit {code}")
    expect([stage["state"] for stage in status["stages"]] == ["done"] * 6, f"stages: {status['stages']}")

    for workers in (1, 3):
        work = bench.fresh(f"workers-{workers}")
        bench.run(work, "--until", "mine", "--workers", str(workers))
        expect(table_digests(work) == table_digests(bench.reference), f"{workers} workers mined another table")

    # Tasks sized by the rate that a real worker measures: two first ones of 24 of the 200 targets, then a fourth of the rest.
    work = bench.fresh("measured-tasks")
    bench.run(work, "--until", "mine", "--workers", "1", "--set", "mining.task_seconds=60")
    noted = (work / "tasks/mine/task_targets.txt").read_text()
    expect(noted == "first 48 targets 38\n", f"task_targets.txt: {noted}")
    expect(table_digests(work) == table_digests(bench.reference), "tasks of another size mined another table")


main(test)
