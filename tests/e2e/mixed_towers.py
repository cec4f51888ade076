"""A pair of towers of which one is trained from pixels and one is frozen: its features are computed once, shared by jobs with
other image towers, and a killed training goes on to the same bits; the result is evaluated, embedded and tuned again."""

import array
import json
import pathlib
import shutil
import subprocess

from job_control import digest, expect, expect_same_training, interrupt, main

TOWERS = pathlib.Path(__file__).parents[1] / "golden" / "trained_towers"
STEPS = 40
OPTIONS = [option for pair in ("model.name=mixed", "model.trust_torchscript=true", f"train.steps={STEPS}", "train.warmup=2",
                               "train.checkpoint_steps=5", "mining.duplicate_ceiling=1") for option in ("--set", pair)]


def command(bench, *arguments, code=0):
    done = subprocess.run([bench.program("helip"), *map(str, arguments)], capture_output=True, text=True, timeout=200)
    expect(done.returncode == code, f"helip {arguments[0]}: exit {done.returncode}, expected {code}\n{done.stderr}")
    return done.stdout + done.stderr


def write_model(bench, name, image_trains="all", text_head=16):
    model = bench.fresh(name)
    shutil.copytree(TOWERS, model)
    description = json.loads((model / "helip_model.json").read_text())
    description.pop("heads")
    description["image_tower"] |= {"train": image_trains, "head": {"kind": "linear"}}
    description["text_tower"] |= {"train": "none", "head": {"hidden": text_head, "dropout": 0.1}}
    (model / "helip_model.json").write_text(json.dumps(description))
    return model


def values(file):
    """The float32 values of a .npy."""
    content = file.read_bytes()
    return array.array("f", content[10 + int.from_bytes(content[8:10], "little"):])


def cached(folder):
    return sorted(path for path in folder.rglob("*.safetensors") if not path.parent.name.startswith("eval-"))


def first_job(bench):
    options = [*OPTIONS, "--set", f"model.architecture={write_model(bench, 'mixed-model')}"]
    plan = command(bench, "run", "--config", bench.job, "--work-dir", bench.fresh("mixed-plan"), *options, "--dry-run")
    expect("frozen towers of" in plan and "features mapped" in plan, plan)
    work = bench.fresh("mixed")
    bench.run(work, *options)
    expect([file.name for file in (work / "features").iterdir()] == ["text_features.npy"], "other features than the frozen tower's")
    expect(len({file.parent for file in cached(work / "cache")}) == 1, "features of more than one tower are cached")
    start = json.loads((TOWERS / "helip_model.json").read_text())
    model = json.loads((work / "model" / "helip_model.json").read_text())
    expect(model["text_tower"]["sha256"] == start["text_tower"]["sha256"], "the frozen tower has changed")
    expect(model["image_tower"]["sha256"] != start["image_tower"]["sha256"], "the trained tower is as it was")
    expect(model["image_tower"]["head"] == {"kind": "linear"} and "heads" not in model, f"another description: {model}")

    # Killed in the middle of its training.
    killed = bench.fresh("mixed-killed")
    interrupt(bench, killed, STEPS // 3, lambda process: None, *options)
    bench.run(killed, *options)
    bench.reference = work
    expect_same_training(bench, killed)
    expect(digest(killed / "model" / "image_tower.ts") == digest(work / "model" / "image_tower.ts"), "another trained tower")
    return work


def result(bench, work):
    """The finished model alone gives the figures and embeddings that the job would."""
    scores = bench.fresh("mixed-scores.json")
    scores.unlink(missing_ok=True)
    command(bench, "eval", "--model", work / "model", "--dataset", bench.job.parent / "heldout", "--task", "retrieval", "--json", scores,
            "--trust-torchscript", "--threads", 1, "--batch-size", 64)
    measured = json.loads((work / "results.json").read_text())[0]["metrics"]
    again = json.loads(scores.read_text())["metrics"]
    expect(all(abs(measured[name] - value) < 1e-6 for name, value in again.items()), f"{measured} is not {again}")

    embedded = bench.fresh("mixed-embedded")
    corpus = bench.job.parent / "corpus"
    command(bench, "embed", "--model", work / "model", "--corpus", corpus, "--out", embedded, "--trust-torchscript", "--threads", 1,
            "--batch-size", 16)
    refused = command(bench, "embed", "--model", work / "model", "--corpus", corpus, "--out", bench.fresh("refused"), "--source", "towers",
                      "--trust-torchscript", code=2)
    expect("does not have two frozen towers" in refused, refused)

    # A second job begins with the result, mines again on the way, and finds the features in the cache of the first.
    cache = work / "cache"
    before = {file: file.stat().st_mtime_ns for file in cached(cache)}
    tuned = bench.fresh("mixed-tuned")
    bench.run(tuned, *OPTIONS, "--set", f"model.architecture={work / 'model'}", "--set", f"model.init={work / 'model'}", "--set",
              f"encoder.feature_cache={cache}", "--set", "train.seeds_per_batch=16", "--set", "train.steps=20", "--set",
              "remine.every_epochs=1")
    expect({file: file.stat().st_mtime_ns for file in cached(cache)} == before, "the frozen tower was run again")
    job = next(tuned.glob("embeddings/*"))
    name = "img_emb/img_emb_0.npy"
    expect(digest(job / name) == digest(embedded / name), f"{name} is not what helip embed gives")
    # Captions repeat, and the ranges of both differ: so may the last bits of the frozen tower's features.
    name = "text_emb/text_emb_0.npy"
    largest = max(abs(a - b) for a, b in zip(values(job / name), values(embedded / name), strict=True))
    expect(largest < 1e-6, f"{name} is not what helip embed gives: {largest}")
    expect((tuned / "hard_pairs" / "2" / "indices.npy").exists(), "nothing was mined again")

    # So does one with another image tower and another head.
    other = bench.fresh("mixed-other")
    bench.run(other, *OPTIONS, "--set", f"model.architecture={write_model(bench, 'mixed-other-model', 'from:layer2', 12)}", "--set",
              f"encoder.feature_cache={cache}", "--until", "encode")
    expect({file: file.stat().st_mtime_ns for file in cached(cache)} == before, "another image tower made the text features anew")
    expect(digest(other / "features" / "text_features.npy") == digest(work / "features" / "text_features.npy"), "other features")


def test(bench, _):
    result(bench, first_job(bench))


main(test)
