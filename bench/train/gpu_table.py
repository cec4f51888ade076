#!/usr/bin/env python3
"""Training steps of helip_time_step on a GPU: their losses against the CPU's in float32, and pairs per second in each precision.

Ends with an error if a loss differs by more than its bound. Weights are random, of one seed; inputs are noise.
usage: gpu_table.py BUILD_FOLDER WORK [--pairs 256] [--steps 10] [--device cuda:0]
needs: NumPy
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import cpu  # noqa: E402

MODELS = pathlib.Path(__file__).resolve().parent.parent.parent / "configs" / "models"
HARD_PAIRS = 3
COMPARED = 16  # pairs of the batch that both devices train on
BOUND = {"fp32": 1e-3, "amp_bf16": 3e-2, "amp": 3e-2}  # relative, of each of the first three losses


def write_inputs(folder, model, pairs):
    draw = np.random.default_rng(0)
    side = model["vision_cfg"]["image_size"]
    length, vocabulary = model["text_cfg"]["context_length"], model["text_cfg"]["vocab_size"]
    tokens = draw.integers(1, vocabulary - 2, (pairs, length), dtype=np.int64)
    tokens[:, -1] = vocabulary - 1
    np.save(folder / f"image-{pairs}.npy", draw.standard_normal((pairs, 3, side, side), dtype=np.float32))
    np.save(folder / f"text-{pairs}.npy", tokens)


def run(args, pairs, precision, device, commands):
    job = {"init": "random", "precision": precision, "threads": args.threads, "backend": "local",
           "device": device, "hard_pairs": HARD_PAIRS, "seeds": pairs // (1 + HARD_PAIRS), "margin_weight": 25.0, "lr": 1e-4,
           "model": str(MODELS / "ViT-S-16.json"), "image": str(args.work / f"image-{pairs}.npy"),
           "text": str(args.work / f"text-{pairs}.npy")}
    path = args.work / "job.json"
    path.write_text(json.dumps(job))
    done = subprocess.run([str(args.build / "bench" / "helip_time_step"), str(path)], input="\n".join(commands) + "\n",
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"helip_time_step on {device} in {precision}: exit {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=256)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--device", default="cuda:0")
    args = parser.parse_args()
    args.build, args.work = args.build.resolve(), args.work.resolve()
    args.work.mkdir(parents=True, exist_ok=True)
    model = json.loads((MODELS / "ViT-S-16.json").read_text())
    for pairs in {COMPARED, args.pairs}:
        write_inputs(args.work, model, pairs)

    one_by_one = ["hard 1"] * 3
    expected = [answer["loss"] for answer in run(args, COMPARED, "fp32", "cpu", one_by_one)]
    print(f"ViT-S-16, {args.pairs} pairs with {HARD_PAIRS} hard pairs a seed, {args.steps} steps; losses of {COMPARED} pairs on the "
          f"CPU, {cpu()}: {' '.join(f'{loss:.5f}' for loss in expected)}\n")
    print("| precision | largest relative difference of a loss | pairs/s, median | hard pairs add |")
    print("|" + "---|" * 4)
    wrong = []
    for precision, bound in BOUND.items():
        if precision == "amp" and args.device == "cpu":
            continue  # float16 is trained on GPUs alone
        found = [answer["loss"] for answer in run(args, COMPARED, precision, args.device, one_by_one)]
        difference = max(abs(a - b) / abs(b) for a, b in zip(found, expected))
        if not difference <= bound:
            wrong.append(f"{precision}: losses {found}, expected {expected} within {bound}")
        _, plain, hard = run(args, args.pairs, precision, args.device, ["plain 3", f"plain {args.steps}", f"hard {args.steps}"])
        # The whole step ends with a number of the device; its parts do not.
        median = lambda answer: statistics.median(step["step"] for step in answer["steps"])
        print(f"| {precision} | {difference:.1e} | {args.pairs / median(hard):.0f} | {100 * (median(hard) / median(plain) - 1):.1f} % |")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
