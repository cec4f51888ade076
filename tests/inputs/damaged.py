"""Damaged inputs over all commands. No program crashes, hangs, prints a long or unprintable line, leaves half a result behind, ends
with an exit code that is not documented, or takes much memory; each failure is one line.

usage: damaged.py --build BUILD --folder FOLDER [--seed N] [--count N] [--engine N] [--jobs N] [--only NUMBER …]
The seed is printed; with it and --only an input is made again, and its folder is kept.
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
import traceback
import warnings

import damaged_kinds
from good_inputs import Good

CODES = (0, 1, 2, 3, 4, 75)
LINE_BYTES = 500
SECONDS = 60  # of one start, on a busy machine
CPU_SECONDS = 20
MEMORY = 700 << 20  # bytes; a good input of these takes 100 MiB, with LibTorch 400
ADDRESS_SPACE = 16 << 30
RAW = [
    "filesystem error", "std::", "terminate called", "basic_string", "bad_alloc", "what():", "json.exception", "yaml-cpp",
    "Assertion", "Segmentation", "core dumped", "vector::", "map::at", "stoi", "stoul", "stod", "regex_error", "glibc",
    "Traceback", "c10::", "nlohmann",
]
EMPTY = re.compile(r"; (expected|found) *(;|$)|; ?;|; (expected|found) [^;]*[0-9]{100}")


class Ended:
    """A program that ran to its end: code (negative: a signal), output, seconds and memory."""

    def __init__(self, words, variables, folder):
        out_file, err_file = folder / ".stdout", folder / ".stderr"
        with open(out_file, "wb") as out, open(err_file, "wb") as err:
            process = subprocess.Popen(
                words, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env={**os.environ, **variables}, cwd=folder,
                start_new_session=True, preexec_fn=limits,
            )
            self.timed_out = False

            def kill():
                self.timed_out = True
                os.killpg(process.pid, 9)

            timer = threading.Timer(SECONDS, kill)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
        self.code = process.returncode
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss << 10
        self.out, self.err = out_file.read_bytes(), err_file.read_bytes()
        out_file.unlink()
        err_file.unlink()


def limits():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))


def listing(folder):
    return {str(path.relative_to(folder)) for path in folder.iterdir()}


def faults_of_lines(text, name, is_json):
    faults = []
    for line in text.split(b"\n"):
        try:
            shown = line.decode()
        except UnicodeDecodeError:
            faults.append(f"{name}: a line that is no UTF-8: {line[:120]}")
            continue
        if is_json and shown.lstrip()[:1] in ("{", "[", "]", "}", '"'):
            continue
        if len(line) > LINE_BYTES:
            faults.append(f"{name}: a line of {len(line)} bytes: {line[:120]}…")
        if not shown.replace("\t", "").isprintable():
            faults.append(f"{name}: a line that does not print: {shown[:200]!r}")
        for raw in RAW:
            if raw in shown:
                faults.append(f"{name}: \"{raw}\": {shown[:300]}")
        if shown.startswith("error:") and EMPTY.search(shown):
            faults.append(f"{name}: an empty or endless part: {shown[:300]}")
    return faults


def judge(case, ended, place, before):
    """What is wrong with the end of a program; empty: nothing."""
    faults = []
    if ended.timed_out:
        return [f"no end within {SECONDS} s"]
    if ended.code not in CODES:
        faults.append(f"exit code {ended.code}")
    if ended.cpu > CPU_SECONDS:
        faults.append(f"{ended.cpu:.0f} s of processor time")
    if ended.memory > MEMORY:
        faults.append(f"{ended.memory >> 20} MiB of memory")
    faults += faults_of_lines(ended.out, "stdout", case.is_json) + faults_of_lines(ended.err, "stderr", False)
    for log in sorted(place.rglob("logs/*.log")):
        faults += faults_of_lines(log.read_bytes(), f"logs/{log.name}", False)
    errors = [
        line
        for line in ended.err.split(b"\n")
        if line.startswith(b"error: ") or (case.program == "helip_worker" and b" error " in line)
    ]
    if ended.code in (0, 4) and errors:
        faults.append(f"exit {ended.code} with an error: {errors[0][:200]}")
    # These commands say what is wrong in their result.
    says_damage = b"DAMAGED" in ended.out or b"nobody listens" in ended.out or case.is_json or case.words[0] in ("doctor", b"doctor")
    if ended.code in (1, 2, 3) and len(errors) != 1 and not (says_damage and not errors):
        faults.append(f"{len(errors)} lines of error with exit {ended.code}: {ended.err[-300:]}")
    if ended.code == 0:
        faults += [f"exit 0 without {out.name}" for out in case.outs if not out.exists()]
    else:
        faults += [
            f"exit {ended.code} left {out.name}" for out in case.outs if os.path.lexists(out) and out not in case.resumable
        ]
        known = before | {str(path.relative_to(place)) for path in case.outs + case.resumable if path.is_relative_to(place)}
        left = sorted(name for name in listing(place) - known if not name.endswith(".import"))
        if left:
            faults.append(f"exit {ended.code} left {left}")
    return faults


def in_turn(kinds):
    """The kinds by their shares, mixed, without end, in an order that does not depend on the seed."""
    order = [(kind, held) for kind, share, held in kinds for _ in range(share)]
    random.Random(0).shuffle(order)
    return itertools.cycle(order)


def one_input(good, folder, bin_folder, seed, name, kind, keep):
    """Makes, runs and judges; returns (name, command, how it was damaged, faults, code)."""
    warnings.simplefilter("ignore")
    rng = random.Random(f"{seed}/{name}")
    place = folder / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    words = []
    try:
        case = kind(rng, good, place)
        words = [str(bin_folder / case.program), *(word if isinstance(word, bytes) else str(word) for word in case.words)]
        before = listing(place)
        ended = Ended(words, case.variables, place)
        faults = judge(case, ended, place, before)
        how, code = case.how, ended.code
    except Exception:  # noqa: BLE001 - a fault of this script
        faults, how, code = [traceback.format_exc()], "", None
    if not faults and not keep:
        shutil.rmtree(place, ignore_errors=True)
    shown = " ".join(repr(word)[1:] if isinstance(word, bytes) else word for word in words)
    return name, shown[:700], how, faults, code


def plan(arguments):
    """(name, kind, how many inputs it holds) of each start."""
    if arguments.only:
        every = {kind.__name__: (kind, held) for kind, _, held in damaged_kinds.KINDS + damaged_kinds.ENGINE_KINDS}
        return [(name, *every[name.removeprefix("engine-").rsplit("-", 1)[0]]) for name in arguments.only]
    kinds, engine_kinds = (
        [one for one in every if not arguments.kind or one[0].__name__ == arguments.kind]
        for every in (damaged_kinds.KINDS, damaged_kinds.ENGINE_KINDS)
    )
    planned = []
    for i, (kind, held) in zip(range(arguments.engine), in_turn(engine_kinds)):
        planned.append((f"engine-{kind.__name__}-{i}", kind, held))
    inputs = sum(held for _, _, held in planned)
    for i, (kind, held) in enumerate(in_turn(kinds)):
        if inputs >= arguments.count:
            break
        planned.append((f"{kind.__name__}-{i}", kind, held))
        inputs += held
    return planned


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="folder whose bin holds the programs")
    parser.add_argument("--folder", required=True, help="folder for inputs and outputs; replaced")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the time if not given")
    parser.add_argument("--count", type=int, default=2000, help="inputs; several may be in one corpus")
    parser.add_argument("--engine", type=int, default=0, help="of them starts of commands that load LibTorch")
    parser.add_argument("--jobs", type=int, default=2, help="programs at a time")
    parser.add_argument("--only", nargs="+", help="names of inputs, as a failure shows them")
    parser.add_argument("--kind", help="only this kind")
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for program in ("helip", "helip_worker", "helip_coordinator"):
        if not (pathlib.Path(arguments.build) / "bin" / program).exists():
            sys.exit(f"damaged: {program} is not built in {arguments.build}/bin")
    print(f"seed {arguments.seed}", flush=True)
    good = Good(arguments.build, folder / "good")
    if arguments.engine or any("engine" in name for name in arguments.only or []):
        from small_clip import SmallClip  # noqa: PLC0415

        good.clip = SmallClip(folder / "clip").folder

    planned = plan(arguments)
    inputs = sum(held for _, _, held in planned)
    began, wrong, codes = time.monotonic(), 0, {}
    bin_folder = pathlib.Path(arguments.build).absolute() / "bin"
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        waiting = [
            pool.submit(one_input, good, folder / "inputs", bin_folder, arguments.seed, name, kind, bool(arguments.only))
            for name, kind, _ in planned
        ]
        for one in concurrent.futures.as_completed(waiting):
            name, words, how, faults, code = one.result()
            codes[code] = codes.get(code, 0) + 1
            if faults:
                wrong += 1
                print(f"FAILED  {name} ({how[:300]}): {words}\n        " + "\n        ".join(faults), flush=True)
    print(
        f"seed {arguments.seed}: {inputs} damaged inputs in {len(planned)} starts, {time.monotonic() - began:.0f} s, exit codes "
        f"{json.dumps({str(code): count for code, count in sorted(codes.items(), key=str)})}, {wrong} starts wrong"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
