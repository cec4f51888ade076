#!/usr/bin/env python3
"""How mining's cost grows with the corpus: times HELIP's exact, index and fast miners (C = a tenth) on synthetic embeddings of
several sizes, one process after another, and projects the exact rate at the largest size to public corpora. Markdown.

usage: cost.py BUILD_FOLDER [--pairs 25000,50000,100000,200000] [--embeddings FOLDER] [--k 50] [--threads 2]
Embeddings are taken from FOLDER/<N>, or made there by make_pairs.py; without FOLDER in a temporary one.
"""
import argparse
import datetime
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import run

CORPORA = [("CC3M", 2.8e6), ("CC12M", 10.4e6), ("YFCC15M", 14.8e6)]


def embeddings_of(folder, pairs):
    folder = folder / str(pairs)
    if not (folder / "text_emb").is_dir():
        make_pairs = pathlib.Path(__file__).parent / "make_pairs.py"
        subprocess.run([sys.executable, make_pairs, folder, "--pairs", str(pairs)], check=True)
    return folder / "img_emb" / "img_emb_0.npy", folder / "text_emb" / "text_emb_0.npy"


def measure(arguments, folder, pairs):
    """What helip_time_miner says of each method for the whole table of so many pairs."""
    image, text = embeddings_of(folder, pairs)
    found = {}
    for method in ("exact", "index", "fast"):
        pool = max(arguments.k + 1, pairs // 10)
        command = [arguments.build / "bench" / "helip_time_miner", image, text, arguments.k, 0, arguments.threads, "auto", method, pool]
        found[method] = run.run(command + ([] if method == "exact" else ["recall"]), arguments.threads)
    return found


def print_table(sizes, found, k):
    print("| N | exact, s | pairs compared a second | times the former "
          + "".join(f"| {method}, s | its products | its recall@{k} " for method in ("index", "fast")) + "|")
    print("|---" * 10 + "|")
    former = None
    for pairs in sizes:
        exact, index, fast = (found[pairs][method] for method in ("exact", "index", "fast"))
        growth = f"{exact['seconds'] / former:.2f}" if former else ""
        former = exact["seconds"]
        cells = [f"{pairs:,}", f"{exact['seconds']:.1f}", f"{pairs**2 / exact['seconds']:.3g}", growth]
        for method in (index, fast):
            cells += [f"{method['seconds']:.1f}", f"{100 * method['scanned_share']:.1f} %", f"{method['recall']:.4f}"]
        print("| " + " | ".join(cells) + " |")


def print_projection(pairs, exact, threads):
    rate = pairs**2 / exact["seconds"] / threads
    print(f"\nExact mining of all N targets compares N² pairs. Measured at N = {pairs:,}: {pairs:,}² pairs in "
          f"{exact['seconds']:.1f} s on {threads} threads = {rate:.3g} pairs a second and core. Projected from that, not measured; "
          "widths, k and machine as here:\n")
    print("| corpus | pairs | N² | core-hours = N² / rate / 3600 |\n|---|---|---|---|")
    for name, corpus in CORPORA:
        print(f"| {name} | {corpus / 1e6:.1f} M | {corpus**2:.3g} | {corpus**2 / rate / 3600:,.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--pairs", default="25000,50000,100000,200000")
    parser.add_argument("--embeddings", type=pathlib.Path)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    sizes = sorted(int(size) for size in arguments.pairs.split(","))
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.embeddings or pathlib.Path(temporary)
        found = {pairs: measure(arguments, folder, pairs) for pairs in sizes}
        widths = [np.load(file, mmap_mode="r").shape[1] for file in embeddings_of(folder, sizes[-1])]
    print(f"{run.cpu()}, {arguments.threads} threads, {datetime.date.today()}; {widths[0]} image and {widths[1]} text dimensions, "
          f"k = {arguments.k}. Seconds from mapped files to the table in memory. Exact mining's time should grow by 4 when N "
          f"doubles. Products of 8-bit integers by {found[sizes[-1]]['exact']['instruction_set']}.\n")
    print_table(sizes, found, arguments.k)
    print_projection(sizes[-1], found[sizes[-1]]["exact"], arguments.threads)


if __name__ == "__main__":
    main()
