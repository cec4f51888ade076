"""Kills all ranks of a small training with SIGKILL at random points, among them moments at which a checkpoint is being written,
starts it again, and compares losses, weights, moments and model with an undisturbed run: all must be equal to the bit. The
training has dropout, word dropout and augmentation. Every second of the killed ones shards its optimizer and times its
layers, and is equal all the same. Then SIGTERM to one rank during a step: no step may be lost.

usage: kill_and_resume.py --program TRAIN_PROGRAM --mpirun MPIRUN [--ranks 2 3] [--points N] [--seed S]"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
from job_control import Failure, digest, expect, processes_of, wait_until  # noqa: E402

STEPS = 36
ATTEMPTS = 10
TIMED = 2
OPTIONS = ["towers", f"steps={STEPS}", "checkpoint_steps=3"]


class Training:
    """One training of `ranks` ranks with its outputs in a folder of its own."""

    def __init__(self, arguments, job, ranks, name, *options):
        self.output = job / f"{ranks}-{name}"
        self.program = arguments.program
        self.command = [arguments.mpirun, "--bind-to", "none", "--oversubscribe", "-n", str(ranks), arguments.program,
                        str(job), "mpi", str(self.output), *OPTIONS, *options]

    def start(self):
        return subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self):
        done = subprocess.run(self.command, capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}")
        return done.stderr

    def ranks(self):
        return processes_of(self.output, os.path.basename(self.program))

    def writing(self):
        """True while a checkpoint is half written."""
        try:
            return any(".tmp." in name for name in os.listdir(self.output / "checkpoints"))
        except FileNotFoundError:
            return False

    def steps_of_checkpoints(self):
        return sorted(int(path.name[5:]) for path in (self.output / "checkpoints").glob("step-*") if ".tmp." not in path.name)

    def timed_steps(self):
        file = self.output / "layer_times.jsonl"
        return [json.loads(line)["step"] for line in file.read_text().splitlines()] if file.exists() else []

    def outcome(self):
        lines = [json.loads(line) for line in (self.output / "metrics.jsonl").read_text().splitlines()]
        curve = [[line[key] for key in ("step", "loss", "contrastive_loss", "margin_loss", "lr", "logit_scale",
                                        "violated_share", "hard_pair_rank")] for line in lines]
        expect([line[0] for line in curve] == list(range(1, STEPS + 1)), f"steps {[line[0] for line in curve]}")
        last = self.output / "checkpoints" / f"step-{STEPS:08d}"
        files = [last / "model.safetensors", last / "optimizer.safetensors", *sorted((self.output / "model").iterdir())]
        return curve, {file.name: digest(file) for file in files}


def kill(training, process, ranks):
    # mpirun first, or it would report the ranks' deaths one by one.
    for pid in [process.pid, *ranks]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.communicate()
    wait_until(lambda: not training.ranks(), "the ranks to be gone", timeout=10)


def read_until(process, step):
    for line in process.stdout:
        if line.strip() == f"step {step}":
            return
    raise Failure(f"ended before step {step}: {process.stderr.read()[-2000:]}")


def disturb(training, random, inside):
    """Kills the training somewhere, with `inside` when a checkpoint is being written. Returns the step from which on, and whether
    a checkpoint was half written."""
    process = training.start()
    step = random.randrange(1, STEPS - 3)
    read_until(process, step)
    ranks = training.ranks()
    if inside:
        wait_until(training.writing, "a checkpoint being written", process, interval=0)
    else:
        time.sleep(random.uniform(0, 0.03))
    kill(training, process, ranks)
    return step, training.writing()


def disturbed(make, random, inside):
    """Returns a training of make(attempt) that was killed. With `inside` it died in the middle of a checkpoint, which takes a few
    attempts: the write may end before the signal arrives."""
    for attempt in range(ATTEMPTS):
        training = make(attempt)
        step, halved = disturb(training, random, inside)
        if halved or not inside:
            return training, f"from step {step}" + (", inside a checkpoint" if halved else "")
    raise Failure(f"{ATTEMPTS} kills, and none inside a checkpoint")


def stop(training, random):
    """SIGTERM to one rank; the checkpoint must be of the last step that was done."""
    process = training.start()
    read_until(process, random.randrange(1, STEPS - 3))
    os.kill(random.choice(training.ranks()), signal.SIGTERM)
    output, errors = process.communicate(timeout=120)
    expect(process.returncode == 75, f"SIGTERM: exit {process.returncode}: {errors[-2000:]}")
    last = [int(line.split()[1]) for line in output.splitlines() if line.startswith("step ")][-1]
    expect(last < STEPS, "stopped after the last step")
    expect(training.steps_of_checkpoints()[-1] == last,
           f"stopped after step {last}, checkpoints of {training.steps_of_checkpoints()}")
    return f"stopped at step {last}"


def compare(training, reference):
    curve, files = training.outcome()
    expect(curve == reference[0], f"{training.output}: the curve differs from the undisturbed run's: "
           f"{[pair for pair in zip(curve, reference[0]) if pair[0] != pair[1]][:2]}")
    expect(files == reference[1], f"{training.output}: weights, moments or model differ from the undisturbed run's")


def test(arguments, job, random):
    Training(arguments, job, 1, "inputs").run()  # several ranks would get into each other's way making them
    for number, ranks in enumerate(arguments.ranks):
        undisturbed = Training(arguments, job, ranks, "undisturbed")
        undisturbed.run()
        reference = undisturbed.outcome()
        inside = 0
        for point in range(arguments.points):
            odd = point % 2 == 1
            extra = ["shard_optimizer=1", f"time_layers_every={TIMED}"] if odd else []
            # Plain and sharded trainings die inside a checkpoint in turn.
            training, where = disturbed(lambda attempt: Training(arguments, job, ranks, f"kill{point}-{attempt}", *extra),
                                        random, inside=point == number % arguments.points)
            inside += "inside" in where
            print(f"{ranks} ranks, point {point + 1} of {arguments.points}: killed {where}", flush=True)
            training.run()
            compare(training, reference)
            expect(training.timed_steps() == (list(range(TIMED, STEPS + 1, TIMED)) if odd else []),
                   f"layers were timed at steps {training.timed_steps()}")
        expect(inside > 0, f"{ranks} ranks: no kill was inside a checkpoint")
        training = Training(arguments, job, ranks, "stop")
        print(f"{ranks} ranks: {stop(training, random)}", flush=True)
        training.run()
        compare(training, reference)
        print(f"{ranks} ranks: {arguments.points} of {arguments.points} kills ({inside} inside a checkpoint) and the stop are "
              "equal to the bit", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--mpirun", required=True)
    parser.add_argument("--ranks", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--points", type=int, default=2)
    parser.add_argument("--seed", type=int, default=None, help="repeats the kill points of an earlier run")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="helip-kill-") as folder:
        try:
            test(arguments, pathlib.Path(folder), random.Random(seed))
        except Failure as failure:
            print(f"FAILED: {failure}", file=sys.stderr)
            sys.exit(1)
    print("passed")


main()
