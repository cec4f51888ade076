"""Towers that come from elsewhere: TorchScript towers that are trained, and features in their place."""

import hashlib
import json
import pathlib
import subprocess

from job_control import expect, logs_of, main

TOWERS = pathlib.Path(__file__).parents[1] / "golden" / "trained_towers"
SHORT = ["--set", "model.name=towers", "--set", "train.steps=6", "--set", "train.warmup=2", "--set", "train.hard_pairs=random"]


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def command(bench, *arguments, code=0):
    done = subprocess.run([bench.program("helip"), *map(str, arguments)], capture_output=True, text=True, timeout=200)
    expect(done.returncode == code, f"helip {arguments[0]}: exit {done.returncode}, expected {code}\n{done.stderr}")
    return done.stderr


def trained_towers(bench):
    work = bench.fresh("towers")
    bench.run(work, *SHORT, "--set", f"model.architecture={TOWERS}", "--set", "model.trust_torchscript=true")
    model = json.loads((work / "model" / "helip_model.json").read_text())
    start = json.loads((TOWERS / "helip_model.json").read_text())
    for tower in ("image_tower", "text_tower"):
        expect(model[tower]["sha256"] != start[tower]["sha256"], f"the {tower} is as it was")
        expect(model[tower]["sha256"] == sha256(work / "model" / model[tower]["file"]), f"the {tower} is not the one named")
        expect(start[tower]["sha256"] in logs_of(work) or any(
            start[tower]["sha256"] in log.read_text() for log in work.glob("logs/*.log")), f"no log names the {tower} by its digest")
    expect(not (work / "features").exists(), "features of trained towers were kept")

    # The finished model alone gives the figures that the job measured.
    scores = bench.fresh("towers-scores.json")
    scores.unlink(missing_ok=True)
    command(bench, "eval", "--model", work / "model", "--dataset", bench.job.parent / "heldout", "--task", "retrieval", "--json", scores,
            "--trust-torchscript", "--threads", 1, "--batch-size", 64)
    measured = json.loads((work / "results.json").read_text())[0]["metrics"]
    again = json.loads(scores.read_text())["metrics"]
    expect(all(abs(measured[name] - value) < 1e-6 for name, value in again.items()), f"{measured} is not {again}")
    command(bench, "eval", "--model", work / "model", "--dataset", bench.job.parent / "heldout", "--task", "retrieval", code=2)
    return work


def given_features(bench, towers):
    """The embeddings of the model before as features for heads alone."""
    corpus = bench.job.parent / "corpus"
    model = bench.fresh("features-model")
    model.mkdir()
    expect(not (towers / "embeddings").exists(), "a job that does not mine has embedded its corpus")
    embeddings = bench.fresh("towers-embeddings").resolve()
    command(bench, "embed", "--model", towers / "model", "--corpus", corpus, "--out", embeddings, "--trust-torchscript")
    description = {
        "format": "helip_model/1", "kind": "features", "embed_dim": 8, "heads": {"hidden": 16, "dropout": 0.1},
        "corpus_fingerprint": json.loads((corpus / "manifest.json").read_text())["fingerprint"],
    }
    for tower, folder in (("image_tower", "img_emb"), ("text_tower", "text_emb")):
        file = embeddings / folder / f"{folder}_0.npy"
        description[tower] = {"features": str(file), "sha256": sha256(file), "feature_dim": 8}
    (model / "helip_model.json").write_text(json.dumps(description))
    options = [*SHORT, "--set", f"model.architecture={model}"]
    _, stderr = bench.run(bench.fresh("features"), *options, code=2)
    expect("eval.datasets" in stderr and "cannot embed new images" in stderr, stderr)

    work = bench.fresh("features")
    bench.run(work, *options, "--set", "eval.datasets=[]")
    result = json.loads((work / "model" / "helip_model.json").read_text())
    expect(result == description, f"another description: {result}")
    expect((work / "model" / "heads.safetensors").exists(), "no heads")

    # Features of a joint space need no heads.
    (model / "helip_model.json").write_text(json.dumps(description | {"heads": {"kind": "none"}}))
    alone = bench.fresh("features-alone")
    bench.run(alone, *options, "--set", "eval.datasets=[]")
    tuned = (alone / "model" / "heads.safetensors").read_bytes()
    expect(b"logit_scale" in tuned and b"image_head" not in tuned, "heads of a model without heads")

    # Only their own corpus can be embedded.
    out = bench.fresh("features-embedded")
    command(bench, "embed", "--model", work / "model", "--corpus", corpus, "--out", out)
    expect(json.loads((corpus / "manifest.json").read_text())["pairs"] == 200 and (out / "img_emb").is_dir(), "no embeddings")
    other = bench.fresh("other-corpus")
    command(bench, "data", "import", bench.job.parent / "all.tsv", "--out", other, "--max-side", 32)
    stderr = command(bench, "embed", "--model", work / "model", "--corpus", other, "--out", bench.fresh("refused"), code=2)
    expect("another corpus" in stderr, stderr)


def test(bench, _):
    given_features(bench, trained_towers(bench))


main(test)
