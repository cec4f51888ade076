"""Mining again in the middle of a training: the later tables are the ones that `helip embed` and `helip mine` make of the weights
that they were requested with, and a killed run goes on to the same bits, wherever it was killed."""

import json
import re
import subprocess

from job_control import (ask_to_stop, digest, expect, expect_same_training, interrupt, kill_all, logs_of, main, wait_until)

# 200 pairs, 16 seeds a batch: epochs of 13 steps or fewer.
OPTIONS = [option for pair in ("train.seeds_per_batch=16", "train.steps=40", "train.checkpoint_steps=5", "train.keep_checkpoints=99",
                               "remine.every_epochs=1") for option in ("--set", pair)]


def tables_of(work):
    state = max((work / "checkpoints").iterdir(), key=lambda checkpoint: checkpoint.name) / "state.json"
    return json.loads(state.read_text())["later_tables"]


def check_table(bench, work, table):
    """Embeds and mines with the weights of the step that the table was requested at, by other commands."""
    folder = work / "hard_pairs" / str(table["version"])
    manifest = json.loads((folder / "manifest.json").read_text())
    expect(manifest["version"] == table["version"], f"{folder}: version {manifest['version']}")
    alone = bench.fresh(f"remine-alone-{table['version']}")
    alone.mkdir()
    corpus = str(bench.job.parent / "corpus")
    checkpoint = work / "checkpoints" / f"step-{table['requested']:08d}"
    for command in (["embed", "--model", str(checkpoint), "--model-config", "helip-test-tiny", "--corpus", corpus, "--out", str(alone / "embeddings"),
                     "--batch-size", "16", "--threads", "1"],
                    ["mine", "--image-embeddings", str(alone / "embeddings"), "--text-embeddings", str(alone / "embeddings"),
                     "--groups", corpus, "--k", "8", "--out", str(alone / "table")]):
        done = subprocess.run([bench.program("helip"), *command], capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f"helip {command[0]}: exit {done.returncode}\n{done.stderr}")
    for name in ("indices.npy", "scores.npy", "suitable.npy"):
        expect(digest(folder / name) == digest(alone / "table" / name), f"table {table['version']}: {name} differs from helip mine's")


def test(bench, random):
    work = bench.fresh("remine")
    bench.run(work, *OPTIONS)
    tables = tables_of(work)
    expect([table["version"] for table in tables] == [2, 3, 4][:len(tables)] and len(tables) >= 2, f"tables {tables}")
    for table in tables:
        expect(table["requested"] == table["first_step"], f"requested where an epoch begins: {table}")
        check_table(bench, work, table)
    expect(not list(work.glob("hard_pairs/*.work")), "a work folder is left")
    logs = "".join(log.read_text(errors="replace") for log in work.glob("logs/*.log"))
    jaccard = re.findall(r"Jaccard index with table (\d+): ([\d.]+)", logs)
    expect(len(jaccard) == len(tables) and all(0 <= float(value) < 1 for _, value in jaccard), f"Jaccard {jaccard}")

    # Killed in the middle of mining again, and at a random step later.
    killed = bench.fresh("remine-killed")
    process = bench.start(killed, *OPTIONS)
    try:
        wait_until(lambda: (killed / "hard_pairs/2.work").exists(), "mining again", process)
    finally:
        kill_all(killed)
        process.wait()
    expect(not (killed / "hard_pairs/3").exists(), "killed too late")
    step = random.randrange(tables[0]["first_step"] + 1, 32)
    code = interrupt(bench, killed, step, ask_to_stop, *OPTIONS)
    print(f"stopped from step {step}, exit {code}", flush=True)
    expect(code == 75, f"exit {code} after SIGTERM\n{logs_of(killed)}")
    bench.run(killed, *OPTIONS)
    expect(tables_of(killed) == tables, "the killed run has other tables")
    bench.reference = work
    expect_same_training(bench, killed)


if __name__ == "__main__":
    main(test)
