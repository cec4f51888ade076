#!/usr/bin/env python3
"""Times HELIP's miners against peers, one process after another on the same embeddings, and prints a table of ratios.

Timed for each: from normalised embeddings in memory (ours: mapped files in the page cache) to the table in memory. Speeds are
targets per second; peers run on --targets of them. HELIP's open time (reading, norms, 8-bit rounding) counts in full for the
number of targets that it is spread over, which for a whole table is all of them. Gop/s is effective: multiplications and
additions of all pairs in both modalities, over the time; a screen that leaves some out may pass the speed of its own kernel.

usage: run.py BUILD_FOLDER EMBEDDINGS [--reference reference_miner.py] [--k 50] [--threads 2] [--targets 2400] [--whole] [--ways]
EMBEDDINGS: a clip-retrieval folder (make_pairs.py makes one). --reference: a script with the public miner's operations that
takes --image, --text, --k, --targets, --threads and prints {"seconds", "bare_products_seconds", "targets"} as JSON. faiss is
timed if it is installed: its brute-force inner products over the joint vectors, one matrix instead of two, no product.
"""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import cpu  # noqa: E402


def run(command, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


FAISS = """
import json, sys, time
import faiss, numpy as np
image, text, k, targets, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
faiss.omp_set_num_threads(threads)
joint = np.ascontiguousarray(np.concatenate([np.load(image), np.load(text)], axis=1).astype(np.float32) / np.sqrt(2, dtype=np.float32))
began = time.perf_counter()
faiss.knn(joint[:targets], joint, k, metric=faiss.METRIC_INNER_PRODUCT)
print(json.dumps({"seconds": time.perf_counter() - began, "targets": targets}))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("embeddings", type=pathlib.Path)
    parser.add_argument("--reference", type=pathlib.Path)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--targets", type=int, default=2400)
    parser.add_argument("--whole", action="store_true", help="HELIP mines the whole table, exactly and with the index")
    parser.add_argument("--ways", action="store_true", help="the index is timed by lists and by short vectors too")
    args = parser.parse_args()
    image = args.embeddings / "img_emb" / "img_emb_0.npy"
    text = args.embeddings / "text_emb" / "text_emb_0.npy"
    ours = args.build / "bench" / "helip_time_miner"

    rows = []  # name, targets per second, note
    bare = reference = None
    if args.reference:
        found = run([sys.executable, args.reference, "--image", image, "--text", text, "--k", args.k, "--targets",
                     args.targets, "--threads", args.threads], args.threads)
        bare = found["targets"] / found["bare_products_seconds"]
        reference = found["targets"] / found["seconds"]
        rows.append(("reference miner", reference, "fp32, the public code's operations"))
        rows.append(("bare fp32 products", bare, "its two matrix products alone"))
    try:
        import faiss  # noqa: F401
        found = run([sys.executable, "-c", FAISS, image, text, args.k, args.targets, args.threads], args.threads)
        rows.append(("faiss knn", found["targets"] / found["seconds"], "joint inner products, not the score"))
    except ImportError:
        print("faiss is not installed: not timed")

    def time_ours(name, targets, instruction_set, method, recall=False, pool=30000, way="auto"):
        command = [ours, image, text, args.k, targets, args.threads, instruction_set, method, pool]
        found = run(command + (["recall", way] if recall else []), args.threads)
        pairs = found["pairs"]
        # Opening serves the whole table.
        seconds = found["seconds"] - found["open_seconds"] * (1 - found["targets"] / pairs)
        note = f"{found['instruction_set']}, open {found['open_seconds']:.1f} s, {found['peak_anonymous_mib']:.0f} MiB anonymous at most"
        if recall:
            note += f", recall@{args.k} {found['recall']:.4f}, {100 * found['scanned_share']:.1f} % of exact's products"
        rows.append((name, found["targets"] / seconds, note))
        return found

    everything = 0 if args.whole else args.targets
    found = time_ours("HELIP exact", everything, "auto", "exact")
    time_ours("HELIP exact, AVX2", args.targets, "avx2", "exact")
    index = time_ours("HELIP index", 0 if args.whole else 20 * args.targets, "auto", "index", recall=True)
    for way in ("lists", "short") if args.ways else ():
        time_ours(f"HELIP index, {way}", 0 if args.whole else 20 * args.targets, "auto", "index", recall=True, way=way)
    # FastHPM with as many products as the index makes.
    pool = min(index["pairs"], max(args.k + 1, int(index["scanned_share"] * index["pairs"])))
    time_ours(f"HELIP FastHPM, C = {pool}", args.targets, "auto", "fast", recall=True, pool=pool)

    # What multiplying all pairs in both modalities would take, whatever a miner leaves out.
    widths = sum(np.load(file, mmap_mode="r").shape[1] for file in (image, text))
    operations = 2 * found["pairs"] * widths
    stored = image.stat().st_size + text.stat().st_size
    print(f"\n{found['pairs']} pairs, k = {args.k}, {args.threads} threads, {cpu()}, {datetime.date.today()}; embeddings "
          f"{stored / 2**20:.0f} MiB")
    header = f"{'':34}{'targets/s':>10}"
    header += f"{'x reference':>13}{'x bare fp32':>13}" if reference else ""
    header += f"{'Gop/s':>9}"
    print(header)
    for name, speed, note in rows:
        line = f"{name:34}{speed:10.0f}"
        if reference:
            line += f"{speed / reference:13.2f}{speed / bare:13.2f}"
        print(f"{line}{speed * operations / 1e9:9.0f}  {note}")
    for unit in ("auto", "avx2"):
        peak = run([args.build / "bench" / "helip_time_tile", args.threads, unit], args.threads)
        print(f"the tile kernel alone, {peak['instruction_set']}: {peak['giga_operations_per_second']:.0f} Gop/s")


if __name__ == "__main__":
    main()
