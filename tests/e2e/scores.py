"""Scores while training: they are those of `helip eval`, they change no bit of the model, a killed run goes on to the same scores and
the same model, and a training ends when the score that early_stop names falls, with the weights of the best one."""

import json
import pathlib
import subprocess
import tarfile

from job_control import digest, expect, interrupt, logs_of, main, metrics_of

PICTURES = pathlib.Path("/usr/share/openclipart/png")
PATIENCE = 2
METRIC = "drawings/acc1"


def write_data_set(bench, folder):
    """The job's drawings with their category as label and their name as caption, in clip_benchmark's layout."""
    names = (bench.job.parent / "pictures.txt").read_text().split()
    label_of = lambda name: name.split("/")[1]
    classes = sorted({label_of(name) for name in names})
    split = folder / "dev"
    split.mkdir(parents=True, exist_ok=True)
    with tarfile.open(split / "0.tar", "w", dereference=True) as tar:
        for i, name in enumerate(names):
            for ending, text in (("cls", str(classes.index(label_of(name)))), ("txt", pathlib.Path(name).stem.replace("_", " "))):
                member = folder / "member"
                member.write_text(text)
                tar.add(member, f"{i:04d}.{ending}")
            tar.add(PICTURES / name, f"{i:04d}.png")
    (split / "nshards.txt").write_text("1\n")
    (folder / "classnames.txt").write_text("\n".join(name.replace("_", " ") for name in classes) + "\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a drawing of {c}\n{c}\n")


def options(*pairs):
    return [option for pair in pairs for option in ("--set", pair)]


def state_of(work):
    newest = max((work / "checkpoints").iterdir(), key=lambda checkpoint: checkpoint.name)
    return json.loads((newest / "state.json").read_text())


def scores_of(work):
    """Lines of scores.jsonl in the order of steps, none twice."""
    lines = [json.loads(line) for line in (work / "scores.jsonl").read_text().splitlines()]
    expect(len({line["step"] for line in lines}) == len(lines), f"a step is scored twice: {[line['step'] for line in lines]}")
    return sorted(lines, key=lambda line: line["step"])


def values_of(work, metric="acc1"):
    return {line["step"]: result["metrics"][metric] for line in scores_of(work) for result in line["results"]
            if metric in result["metrics"]}


def score_alone(bench, checkpoint, data_set):
    """All metrics as `helip eval` gives them, a task at a time."""
    metrics = {}
    for task in ("zero_shot", "retrieval"):
        done = subprocess.run([bench.program("helip"), "eval", "--model", str(checkpoint), "--model-config", "helip-test-tiny",
                               "--dataset", str(data_set), "--split", "dev", "--task", task, "--threads", "1", "--json", "-"],
                              capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f"helip eval: exit {done.returncode}\n{done.stderr}")
        metrics |= json.loads(done.stdout)["metrics"]
    return metrics


def first_fall(scores):
    """The step of the last of PATIENCE scores in a row below the best one before them, or None."""
    ordered = sorted(scores.items())
    for end in range(PATIENCE + 1, len(ordered) + 1):
        best = max(acc1 for _, acc1 in ordered[:end - PATIENCE])
        if all(acc1 < best for _, acc1 in ordered[end - PATIENCE:end]):
            return ordered[end - 1][0]
    return None


def scores_change_nothing(bench, random, scored):
    plain, work, killed = (bench.fresh(f"scores-{name}") for name in ("none", "whole", "killed"))
    steps = options("train.steps=10", "train.keep_checkpoints=99")
    bench.run(plain, *steps)
    bench.run(work, *steps, *scored)
    model = pathlib.Path("model") / "open_clip_model.safetensors"
    expect(digest(work / model) == digest(plain / model), "scores have changed the model")
    expect(metrics_of(work) == metrics_of(plain), "scores have changed the losses")
    expect(list(values_of(work)) == [0, 4, 8, 10], f"scored at {list(values_of(work))}")
    expect(not (plain / "scores.jsonl").exists() or not scores_of(plain), "scores that nobody asked for")
    page = (work / "report" / "index.html").read_text()
    expect("Scores while training" in page and "drawings: accuracy" in page, "no scores on the page")
    told = json.loads((work / "status.json").read_text())["train"]
    expect({score["metric"] for score in told["scores"]} == {"acc1", "mean_recall@1"}, f"status tells {told['scores']}")

    step = random.randrange(1, 9)
    interrupt(bench, killed, step, lambda _: None, *steps, *scored)
    print(f"killed from step {step}", flush=True)
    bench.run(killed, *steps, *scored)
    expect(scores_of(killed) == scores_of(work), f"other scores after a kill\n{logs_of(killed)}")
    expect(digest(killed / model) == digest(work / model), "another model after a kill")
    return work


def test(bench, random):
    data_set = bench.fresh("scores-data")
    write_data_set(bench, data_set)
    data_sets = f"scores.datasets=[{{name: drawings, path: {data_set}, tasks: [zero_shot, retrieval], split: dev}}]"
    scored = options(data_sets, "scores.every_steps=4")
    whole = scores_change_nothing(bench, random, scored)
    alone = score_alone(bench, whole / "checkpoints" / "step-00000008", data_set)
    made = {name: value for line in scores_of(whole) if line["step"] == 8 for result in line["results"]
            for name, value in result["metrics"].items()}
    shared = sorted(set(made) & set(alone))
    expect({"acc1", "acc5", "image_retrieval_recall@1", "text_retrieval_recall@10"} <= set(shared), f"only {shared}")
    expect(all(made[name] == alone[name] for name in shared), f"helip eval says {alone}, training said {made}")
    mean = (made["image_retrieval_recall@1"] + made["text_retrieval_recall@1"]) / 2
    expect(abs(made["mean_recall@1"] - mean) < 1e-12, f"mean_recall@1 is {made['mean_recall@1']}, not {mean}")

    # A learning rate that does no good, so that scores fall.
    falling = [*scored, *options(f"early_stop.metric={METRIC}", f"early_stop.patience={PATIENCE}", "train.lr=0.01", "train.warmup=0",
                                 "train.steps=200", "train.keep_checkpoints=99")]
    work = bench.fresh("early-stop")
    bench.run(work, *falling)
    scores = values_of(work)
    end = max(metrics_of(work))
    expect(first_fall(scores) == end and end < 200, f"ended at step {end} of 200 with the scores {scores}")
    best = max(scores, key=lambda step: (scores[step], step))
    print(f"ended at step {end}, best {scores[best]} at step {best}, scores {sorted(scores.items())}", flush=True)
    expect(score_alone(bench, work / "model", data_set)["acc1"] == scores[best],
           "the finished model does not score as the best checkpoint")

    killed = bench.fresh("early-stop-killed")
    step = random.randrange(1, end - 1)
    interrupt(bench, killed, step, lambda _: None, *falling)
    print(f"killed from step {step}", flush=True)
    bench.run(killed, *falling)
    expect(scores_of(killed) == scores_of(work), f"other scores after a kill: {scores_of(killed)}\n{logs_of(killed)}")
    expect(metrics_of(killed) == metrics_of(work), "other losses after a kill")
    model = pathlib.Path("model") / "open_clip_model.safetensors"
    expect(digest(killed / model) == digest(work / model), "another model after a kill")
    expect(state_of(killed)["held_out"] == state_of(work)["held_out"], "other scores in the state")


main(test)
