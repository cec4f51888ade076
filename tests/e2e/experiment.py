"""An experiment on the small job: base and arms over two seeds at equal pairs, settings chosen on validation. Stopped in its
middle it goes on to the same results; done again it runs nothing; a job that fails is named and the others are kept."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

from job_control import expect, main, wait_until

EXPERIMENT = """\
base: base.yaml
tune: tune.yaml
arms: [continued, batch_4x, helip]
seeds: 2
set: [launcher.workers=1]
measures: [heldout/text_retrieval_recall@1]
choose:
  datasets: [{name: chosen, path: chosen, tasks: [retrieval], split: validation}]
  measures: [chosen/mean_recall@5]
  tries: [[train.lr=5.0e-4], [train.lr=1.0e-4]]
"""


def write_configurations(bench, folder):
    """The small job as base (plain training) and as what is tuned."""
    folder.mkdir(parents=True)
    job = bench.job.read_text().replace("path: corpus", f"path: {bench.job.parent / 'corpus'}")
    job = job.replace("path: heldout", f"path: {bench.job.parent / 'heldout'}").replace("steps: 40", "steps: 11")
    (folder / "base.yaml").write_text(job.replace("train: {", "train: { hard_pairs: none,"))
    (folder / "tune.yaml").write_text(job.replace("init: random", "init: base.pt"))
    shutil.copytree(bench.job.parent / "heldout" / "test", folder / "chosen" / "validation")
    (folder / "experiment.yaml").write_text(EXPERIMENT)


def command(bench, folder, work, *more):
    return [bench.program("helip"), "experiment", "--config", str(folder / "experiment.yaml"), "--work-dir", str(work), *more]


def run(bench, folder, work, *more, code=0):
    done = subprocess.run(command(bench, folder, work, *more), capture_output=True, text=True, timeout=250)
    expect(done.returncode == code, f"helip experiment: exit {done.returncode}, expected {code}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def check_results(work):
    found = json.loads((work / "experiment.json").read_text())
    arms = {arm["name"]: arm for arm in found["arms"]}
    expect(list(arms) == ["untouched", "continued", "batch_4x", "helip"], f"arms {list(arms)}")
    for name in ("continued", "batch_4x", "helip"):
        for seed, budget in arms[name]["budgets"].items():
            expect(budget["pairs"] == 3 * 64, f"{name}, seed {seed}, forwarded {budget['pairs']} pairs")  # 11 steps of 16 are 176
            expect(budget["batch"] == (64 if name == "batch_4x" else 16), f"{name} has batches of {budget['batch']}")
        expect(arms[name]["budget_faults"] == [], f"{name}: {arms[name]['budget_faults']}")
        best = max(arms[name]["tries"], key=lambda one: one["score"])
        expect(arms[name]["chosen"] == best["settings"], f"{name} chose {arms[name]['chosen']} of {arms[name]['tries']}")
        lr = float(best["settings"][0].split("=")[1])
        for seed in (1, 2):
            config = (work / "arms" / name / f"seed-{seed}" / "config.yaml").read_text()
            expect(f"  lr: {lr:.0e}".replace("e-0", "e-") in config.replace("e-0", "e-"), f"{name}, seed {seed}: not {lr}")
    expect(found["control_faults"] == [], f"no control: {found['control_faults']}")
    main_metric = found["metrics"][0]
    expect(main_metric["metric"] == "text_retrieval_recall@1" and main_metric["main"], f"first metric: {main_metric}")
    for metric in found["metrics"]:
        for arm in metric["arms"]:
            expect(sorted(arm["by_seed"]) == ["1", "2"], f"{metric['metric']} of {arm['name']}: {arm['by_seed']}")
    # The figures are those of the jobs.
    for seed in ("1", "2"):
        results = json.loads((work / "arms" / "helip" / f"seed-{seed}" / "results.json").read_text())
        told = next(arm for arm in main_metric["arms"] if arm["name"] == "helip")["by_seed"][seed]
        value = next(entry["metrics"]["text_retrieval_recall@1"] for entry in results if entry["pretrained"] == f"seed-{seed}")
        expect(told == value, f"seed {seed}: experiment.json says {told}, the job {value}")
    page = (work / "index.html").read_text()
    expect("Differences in the main metrics" in page and "<svg" in page, "no forest plot in the page")
    return (work / "experiment.json").read_bytes()


def test(bench, _):
    folder = bench.fresh("experiment-files")
    write_configurations(bench, folder)
    work = bench.fresh("experiment")

    # Stopped by the signal that a terminal or Slurm sends, once the second phase runs.
    process = subprocess.Popen(command(bench, folder, work), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: list(work.glob("choose/*/*/*/config.yaml")), "a try", process)
    process.send_signal(signal.SIGTERM)
    expect(process.wait(timeout=120) == 75, f"stopped: exit {process.returncode}")
    expect(not (work / "experiment.json").exists(), "results of half an experiment")

    out, err = run(bench, folder, work)
    expect("helip − untouched" in out and "no effect shown" in out, f"no table:\n{out}")
    expect("14/14 jobs done" in err, f"not all jobs told:\n{err}")
    results = check_results(work)

    models = {path: path.stat().st_mtime_ns for path in work.glob("*/**/*.safetensors")}
    run(bench, folder, work)
    expect(models == {path: path.stat().st_mtime_ns for path in work.glob("*/**/*.safetensors")}, "a second run trained again")
    expect((work / "experiment.json").read_bytes() == results, "a second run has other results")

    # A data set that was touched is scored again, in the jobs that score it and in no others, and said to be.
    tar = next((folder / "chosen" / "validation").glob("*.tar"))
    os.utime(tar)
    _, err = run(bench, folder, work)
    expect("data set chosen has other files than before: 6 jobs are scored again" in err, f"a changed data set is not told:\n{err}")
    expect("heldout" not in err, f"a data set that has not changed is said to have:\n{err}")
    again = [log for log in (work / "logs").glob("*.log") if "done again: eval" in log.read_text()]
    expect(len(again) == 6 and all(log.name.startswith("choose-") for log in again), f"scored again: {again}")
    expect((work / "experiment.json").read_bytes() == results, "the same files give other results")

    whole = bench.fresh("experiment-whole")
    run(bench, folder, whole, "--json")
    expect(check_results(whole) == results, "an experiment that was not stopped has other results")

    # A job that cannot run is named, with its log and why.
    (folder / "tune.yaml").write_text((folder / "tune.yaml").read_text().replace("helip-test-tiny", "no-such-model"))
    _, err = run(bench, folder, bench.fresh("experiment-broken"), "--arms", "continued,helip", "--seeds", "1", code=2)
    expect("choose-" in err and ".log" in err and "no-such-model" in err, f"the failed job is not told:\n{err}")
    expect(pathlib.Path(bench.folder / "experiment-broken" / "base" / "seed-1" / "model").exists(), "the base is lost")


main(test)
