#!/usr/bin/env python3
"""Times exact mining on the GPU against the CPU and against the bare matrix products of torch, and prints a table.

A target's mining takes one row of two products, images by images and texts by texts. The bare products compute just these,
tile by tile into one buffer, in float32 (no TF32) and float16, and do nothing with them: no mining that keeps all scores can
be faster. HELIP's time is that of mining alone; opening (reading, norms, 8-bit rounding, copying to the GPU) is listed apart.
The rows of the first targets, hard pairs and scores, must be the CPU's to the bit.

usage: gpu_table.py BUILD_FOLDER EMBEDDINGS [--k 50] [--threads T] [--cpu-targets 4800]
"""
import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import cpu  # noqa: E402


def mine(build, image, text, k, targets, threads, device):
    command = [build / "bench" / "helip_time_miner", "--device", device, image, text, k, targets, threads]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def bare_products(image, text, dtype, tile=4096):
    """Targets a second of both products of all rows with all rows."""
    torch.backends.cuda.matmul.allow_tf32 = False
    rows = [torch.from_numpy(np.load(file)).to("cuda", dtype) for file in (image, text)]
    count = rows[0].shape[0]
    out = torch.empty(tile, count, device="cuda", dtype=dtype)

    def run(begin):
        for matrix in rows:
            part = matrix[begin:begin + tile]
            torch.matmul(part, matrix.T, out=out[:part.shape[0]])

    run(0)
    torch.cuda.synchronize()
    began = time.perf_counter()
    for begin in range(0, count, tile):
        run(begin)
    torch.cuda.synchronize()
    return count / (time.perf_counter() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("embeddings", type=pathlib.Path)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpu-targets", type=int, default=4800)
    args = parser.parse_args()
    image = args.embeddings / "img_emb" / "img_emb_0.npy"
    text = args.embeddings / "text_emb" / "text_emb_0.npy"

    def speed(found):
        return found["targets"] / (found["seconds"] - found["open_seconds"])

    on_gpu = mine(args.build, image, text, args.k, 0, args.threads, "cuda")
    part_on_gpu = mine(args.build, image, text, args.k, args.cpu_targets, args.threads, "cuda")
    on_cpu = mine(args.build, image, text, args.k, args.cpu_targets, args.threads, "cpu")
    rows = [("HELIP exact, GPU", speed(on_gpu), f"all targets, open {on_gpu['open_seconds']:.1f} s"),
            ("HELIP exact, CPU", speed(on_cpu), f"{args.cpu_targets} targets, {args.threads} threads, {on_cpu['instruction_set']}")]
    for name, dtype in (("bare float32 products, GPU", torch.float32), ("bare float16 products, GPU", torch.float16)):
        rows.append((name, bare_products(image, text, dtype), "torch.matmul, no TF32" if dtype == torch.float32 else "torch.matmul"))
    widths = " and ".join(str(np.load(file, mmap_mode="r").shape[1]) for file in (image, text))
    print(f"{on_gpu['pairs']} pairs of widths {widths}, k = {args.k}, {torch.cuda.get_device_name()}, torch {torch.__version__}, "
          f"{cpu()}, {datetime.date.today()}")
    print(f"{'':28}{'targets/s':>12}{'GPU mining is':>16}")
    for name, value, note in rows:
        print(f"{name:28}{value:12.0f}{rows[0][1] / value:15.2f}x  {note}")
    if part_on_gpu["rows_sha256"] != on_cpu["rows_sha256"]:
        sys.exit(f"rows differ: sha256 {part_on_gpu['rows_sha256']} on the GPU, {on_cpu['rows_sha256']} on the CPU")
    print(f"rows of the first {args.cpu_targets} targets: sha256 {on_cpu['rows_sha256']} on both")


if __name__ == "__main__":
    main()
