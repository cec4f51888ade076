"""Ordinary but awkward inputs: tars, folders, tables, captions, pictures, checkpoints, class lists, evaluation sets and options as
other tools and people make them. Each gives what OpenCLIP, Pillow, ftfy and Python give, or a line that names the cause.

usage: ordinary.py --build BUILD --folder FOLDER [--only GROUP …]
Runs with the Python of scripts/setup.sh. A line for each input; the last one counts them.
"""

import argparse
import sys

import caption_inputs
import corpus_inputs
import model_inputs
import option_inputs
import pixel_inputs
import table_inputs
from bench import Bench
from small_clip import SmallClip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="folder whose bin holds the programs")
    parser.add_argument("--folder", required=True, help="folder for inputs and outputs; replaced")
    parser.add_argument("--only", nargs="+", help="names of groups")
    arguments = parser.parse_args()
    bench = Bench(arguments.build, arguments.folder)
    bench.shared["clip"] = SmallClip(bench.folder / "clip")
    modules = (corpus_inputs, table_inputs, caption_inputs, pixel_inputs, model_inputs, option_inputs)
    groups = [group for module in modules for group in module.GROUPS]
    bench.run(group for group in groups if not arguments.only or group.__name__ in arguments.only)
    print(f"{bench.right + len(bench.wrong)} inputs, {bench.right} right, {len(bench.wrong)} wrong")
    sys.exit(1 if bench.wrong else 0)


if __name__ == "__main__":
    main()
