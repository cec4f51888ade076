"""A small SLIP model from pixels, with hard pairs and SLIP's self-supervised term: two ranks, a kill and a resume, its head in
the result, and SLIP's checkpoint out of it."""

import json
import signal
import struct
import subprocess
import zipfile

from job_control import digest, expect, kill_all, main, metrics_of, wait_until

STEPS = 40
MODEL = {
    "format": "helip_model/1", "kind": "slip", "embed_dim": 32,
    "image_tower": {"image_size": 32, "patch_size": 8, "width": 48, "layers": 2, "heads": 3},
    "text_tower": {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    "ssl_head": {"hidden": 64, "embed_dim": 16},
}


def tensors_of(file):
    """name → bytes of a .safetensors file."""
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    at = 8 + length
    return {name: content[at + view["data_offsets"][0]:at + view["data_offsets"][1]] for name, view in header.items()}


def lines_of(work):
    return [json.loads(line) for line in (work / "metrics.jsonl").read_text().splitlines()]


def helip(bench, *words, code=0):
    done = subprocess.run([bench.program("helip"), *map(str, words)], capture_output=True, text=True, timeout=200)
    expect(done.returncode == code, f"helip {words[0]}: exit {done.returncode}, expected {code}\n{done.stderr}")
    return done.stderr


def test(bench, _):
    architecture = bench.fresh("slip.json")
    architecture.unlink(missing_ok=True)
    architecture.write_text(json.dumps(MODEL))
    options = ["--set", f"model.architecture={architecture}", "--set", "model.name=slip", "--set", f"train.steps={STEPS}",
               "--set", "train.hard_pairs=random", "--set", "train.lr=2.0e-3", "--set", "train.crop_scale=0.5",
               "--set", "slip.ssl_on=all"]
    work = bench.fresh("slip")
    bench.run(work, *options)

    lines = lines_of(work)
    expect([line["step"] for line in lines] == list(range(1, STEPS + 1)), "a step is missing in metrics.jsonl")
    for line in lines:
        parts = line["contrastive_loss"] + 25 * line["margin_loss"] + line["ssl_loss"]
        expect(abs(line["loss"] - parts) < 1e-6 * parts, f"the loss is not the sum of its parts: {line}")
        expect(0 <= line["ssl_acc"] <= 100, f"accuracy {line}")
    first, last = (sum(line["ssl_loss"] for line in some) / len(some) for some in (lines[:8], lines[-8:]))
    print(f"self-supervised loss {first:.4f} in the first 8 steps, {last:.4f} in the last", flush=True)
    expect(last < first - 0.1, f"the self-supervised loss does not fall: {first} to {last}")
    expect("Self-supervised loss" in (work / "report" / "index.html").read_text(), "no self-supervised loss in the report")

    # The head has learned, and its norms saw both views of every step.
    weights = tensors_of(work / "model" / "model.safetensors")
    head = sorted(name for name in weights if name.startswith("image_mlp."))
    expect(len(head) == 16, f"head: {head}")
    expect(struct.unpack("<q", weights["image_mlp.bn1.num_batches_tracked"])[0] == 2 * STEPS, "batches that the norm saw")

    # kill -9 of everything, then the same command: the same losses and weights.
    killed = bench.fresh("slip-killed")
    process = bench.start(killed, *options)
    try:
        wait_until(lambda: max(metrics_of(killed), default=0) >= 20, "step 20", process)
        process.send_signal(signal.SIGSTOP)  # nothing starts anew
        expect(kill_all(killed) >= 3, "too few processes were there to kill")
        process.kill()
    finally:
        if process.poll() is None:
            kill_all(killed)
            process.kill()
        process.wait()
    bench.run(killed, *options)
    expect(metrics_of(killed) == metrics_of(work), "losses differ from the undisturbed run's")
    expect(digest(killed / "model" / "model.safetensors") == digest(work / "model" / "model.safetensors"), "other weights")

    # SLIP's own kind of checkpoint, and back.
    checkpoint, back = bench.fresh("slip.pt"), bench.fresh("slip-back")
    checkpoint.unlink(missing_ok=True)
    helip(bench, "convert", work / "model", checkpoint)
    with zipfile.ZipFile(checkpoint) as archive:
        pickle = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    for name in ("module.image_mlp.layer3.weight", "module.visual.blocks.1.attn.qkv.weight", "ssl_emb_dim"):
        expect(name.encode() in pickle, f"no {name} in the checkpoint")
    helip(bench, "convert", checkpoint, back, "--model", architecture)
    expect(tensors_of(back / "model.safetensors") == weights, "other weights after conversion and back")

    # A model without the head has no such term.
    problem = helip(bench, "run", "--config", bench.job, "--work-dir", bench.fresh("slip-none"), "--set", "slip.ssl_weight=2", code=2)
    expect("no self-supervised head" in problem, problem)


main(test)
