"""The command line of the makers of corpora that have several splits."""

import argparse
import os
import pathlib


def main(description, make):
    """Calls make(OUT, N, WORKERS) as the command line says."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--split", type=int, default=1, metavar="N", help="from 1 (default 1)")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if arguments.split < 1:
        parser.error(f"--split: expected a number from 1, found {arguments.split}")
    make(arguments.out, arguments.split, arguments.workers)
