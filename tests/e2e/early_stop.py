"""Held-out zero-shot scores while training: they are those of `helip eval`, training ends when they fall, the model has the
weights of the best one, and a killed run goes on to the same scores and the same model."""

import json
import pathlib
import re
import subprocess
import tarfile

from job_control import digest, expect, interrupt, logs_of, main, metrics_of

PICTURES = pathlib.Path("/usr/share/openclipart/png")
PATIENCE = 2


def write_data_set(bench, folder):
    """The job's drawings with their category as label, in clip_benchmark's layout."""
    names = (bench.job.parent / "pictures.txt").read_text().split()
    label_of = lambda name: name.split("/")[1]
    classes = sorted({label_of(name) for name in names})
    split = folder / "dev"
    split.mkdir(parents=True, exist_ok=True)
    with tarfile.open(split / "0.tar", "w", dereference=True) as tar:
        for i, name in enumerate(names):
            label = folder / "label"
            label.write_text(str(classes.index(label_of(name))))
            tar.add(label, f"{i:04d}.cls")
            tar.add(PICTURES / name, f"{i:04d}.png")
    (split / "nshards.txt").write_text("1\n")
    (folder / "classnames.txt").write_text("\n".join(name.replace("_", " ") for name in classes) + "\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a drawing of {c}\n{c}\n")


def state_of(work):
    newest = max((work / "checkpoints").iterdir(), key=lambda checkpoint: checkpoint.name)
    return json.loads((newest / "state.json").read_text())


def scores_in_log(work):
    """step → acc1 as rank 0 said it, to four digits."""
    logs = "".join(log.read_text(errors="replace") for log in work.glob("logs/*.log"))
    return {int(step): float(acc1) for step, acc1 in re.findall(r"step (\d+): zero-shot acc1 ([\d.]+) on \S+ dev", logs)}


def score_alone(bench, checkpoint, data_set):
    done = subprocess.run([bench.program("helip"), "eval", "--model", str(checkpoint), "--model-config", "helip-test-tiny",
                           "--dataset", str(data_set), "--split", "dev", "--task", "zero_shot", "--threads", "1", "--json", "-"],
                          capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0, f"helip eval: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["metrics"]["acc1"]


def first_fall(scores):
    """The step of the last of PATIENCE scores in a row below the best one before them, or None."""
    ordered = sorted(scores.items())
    for end in range(PATIENCE + 1, len(ordered) + 1):
        best = max(acc1 for _, acc1 in ordered[:end - PATIENCE])
        if all(acc1 < best for _, acc1 in ordered[end - PATIENCE:end]):
            return ordered[end - 1][0]
    return None


def test(bench, random):
    data_set = bench.fresh("early-stop-data")
    write_data_set(bench, data_set)
    # A learning rate that does no good, so that scores fall.
    options = [option for pair in (f"early_stop.dataset={data_set}", "early_stop.split=dev", "early_stop.every_steps=4",
                                   f"early_stop.patience={PATIENCE}", "train.lr=0.01", "train.warmup=0", "train.steps=200",
                                   "train.keep_checkpoints=99") for option in ("--set", pair)]
    work = bench.fresh("early-stop")
    bench.run(work, *options)
    scores = scores_in_log(work)
    end = max(metrics_of(work))
    expect(first_fall(scores) == end and end < 200, f"ended at step {end} of 200 with the scores {scores}")
    best = max(scores, key=lambda step: (scores[step], step))
    print(f"ended at step {end}, best {scores[best]} at step {best}, scores {sorted(scores.items())}", flush=True)

    checkpoints = work / "checkpoints"
    for step in (best, end):
        alone = score_alone(bench, checkpoints / f"step-{step:08d}", data_set)
        expect(abs(alone - scores[step]) <= 0.5e-4, f"step {step}: helip eval says {alone}, training said {scores[step]}")
    finished = work / "model" / "open_clip_model.safetensors"
    expect(score_alone(bench, work / "model", data_set) == score_alone(bench, checkpoints / f"step-{best:08d}", data_set),
           "the finished model does not score as the best checkpoint")
    expect(finished.exists(), f"no {finished}")

    killed = bench.fresh("early-stop-killed")
    step = random.randrange(1, end - 1)
    interrupt(bench, killed, step, lambda _: None, *options)
    print(f"killed from step {step}", flush=True)
    bench.run(killed, *options)
    expect(scores_in_log(killed) == scores, f"other scores after a kill: {scores_in_log(killed)}\n{logs_of(killed)}")
    expect(metrics_of(killed) == metrics_of(work), "other losses after a kill")
    expect(digest(killed / "model" / finished.name) == digest(finished), "another model after a kill")
    expect(state_of(killed)["held_out"] == state_of(work)["held_out"], "other scores in the state")


main(test)
