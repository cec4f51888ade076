#!/usr/bin/env python3
"""Times HELIP's training step against OpenCLIP's in PyTorch (peer.py) and prints tables of pairs per second.

Both train the same weights on the same synthetic inputs with the same threads and precision; the losses must agree at first.
Programs of one table stay alive together and take turns, a few steps each, so that other processes of the machine disturb them
alike. "plain" is CLIP's loss; "hard" adds HELIP's margin loss over as many pairs, of which each seed has --hard-pairs.

usage: run.py BUILD_FOLDER WORK [--cases vit-b-32,vit-s-16,ranks,heads] [--precisions fp32,amp_bf16] [--rounds 9] [--steps 1]
needs: pip install torch open_clip_torch safetensors; mpirun
"""
import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from machine import cpu, product_units, tell_products  # noqa: E402

PARTS = ("forward", "loss", "backward", "averaging", "optimizer")
LOSS_BOUND = {"fp32": 1e-4, "amp_bf16": 2e-2}  # relative, of the first losses
HEADS = {"image_width": 1280, "text_width": 384, "hidden": 512, "embed_dim": 256}  # the demo's


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


class Program:
    """Ranks of a program that answers commands."""

    def __init__(self, command, threads, ranks=()):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        starts = [dict(environment, **rank) for rank in ranks] or [environment]
        self.processes = [subprocess.Popen([str(word) for word in command], env=start, text=True, stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE) for start in starts]

    def ask(self, command):
        first = self.processes[0]
        first.stdin.write(command + "\n")
        first.stdin.flush()
        line = first.stdout.readline()
        if not line:
            sys.exit(f"{' '.join(first.args)}: ended, exit {first.wait()}")
        return json.loads(line)

    def end(self):
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            process.wait()


def ours(build, job, threads, ranks):
    program = [build / "bench" / "helip_time_step", job]
    if ranks > 1:
        program = ["mpirun", "--bind-to", "none", "--oversubscribe", "-n", ranks] + program
    return Program(program, threads)


def theirs(_, job, threads, ranks):
    port = str(free_port())
    group = [{"RANK": str(r), "WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port} for r in range(ranks)]
    return Program([sys.executable, HERE / "peer.py", job], threads, group if ranks > 1 else ())


def make_weights(folder, model_file):
    """Random weights of OpenCLIP's initialisation, for both."""
    import open_clip
    import torch
    from safetensors.torch import save_file
    torch.manual_seed(0)
    open_clip.add_model_config(model_file)
    model = open_clip.create_model(model_file.stem)
    save_file({name: value.contiguous() for name, value in model.state_dict().items() if name != "attn_mask"},
              folder / "weights.safetensors")


def make_heads(folder):
    import torch
    from peer import Heads
    from safetensors.torch import save_file
    torch.manual_seed(0)
    save_file(Heads(**HEADS).state_dict(), folder / "weights.safetensors")
    none = {"features": "none.npy", "sha256": "0" * 64}
    (folder / "helip_model.json").write_text(json.dumps({
        "format": "helip_model/1", "kind": "features", "embed_dim": HEADS["embed_dim"], "corpus_fingerprint": "0" * 64,
        "heads": {"hidden": HEADS["hidden"], "dropout": 0.0},
        "image_tower": {**none, "feature_dim": HEADS["image_width"]}, "text_tower": {**none, "feature_dim": HEADS["text_width"]}}))


def make_inputs(folder, model, pairs):
    """Noise as pixels; texts of 5 to 30 tokens between CLIP's start and end tokens, as captions are, then padding."""
    draw = np.random.default_rng(0)
    if model is None:
        np.save(folder / "image.npy", draw.standard_normal((pairs, HEADS["image_width"]), dtype=np.float32))
        np.save(folder / "text.npy", draw.standard_normal((pairs, HEADS["text_width"]), dtype=np.float32))
        return
    side = model["vision_cfg"]["image_size"]
    length, vocabulary = (model["text_cfg"][key] for key in ("context_length", "vocab_size"))
    tokens = np.zeros((pairs, length), dtype=np.int64)
    for row in tokens:
        words = draw.integers(5, 31)
        row[0], row[words + 1] = vocabulary - 2, vocabulary - 1
        row[1:words + 1] = draw.integers(0, vocabulary - 2, words)
    np.save(folder / "image.npy", draw.standard_normal((pairs, 3, side, side), dtype=np.float32))
    np.save(folder / "text.npy", tokens)


def write_job(args, case, name, precision, threads, ranks, pairs_per_rank):
    """Folder of a model's weights and inputs, made once, and a job of them."""
    pairs = pairs_per_rank * ranks
    folder = args.work / f"{name}-{pairs}"
    folder.mkdir(parents=True, exist_ok=True)
    job = {"model": str(folder), "init": str(folder / "weights.safetensors"), "heads": HEADS}
    if name == "heads":
        make_heads(folder)
        make_inputs(folder, None, pairs)
    else:
        file = HERE.parent.parent / "configs" / "models" / "ViT-B-32.json"
        if name == "vit-s-16":
            small = json.loads(file.with_name("ViT-S-16.json").read_text())
            small["vision_cfg"]["image_size"] = 64
            file = folder / "helip-ViT-S-16-64.json"
            file.write_text(json.dumps(small))
        make_inputs(folder, json.loads(file.read_text()), pairs)
        job = {"model": str(file), "init": str(folder / "weights.safetensors")}
        if not pathlib.Path(job["init"]).exists():
            make_weights(folder, file)
    assert pairs % (ranks * (1 + args.hard_pairs)) == 0
    job |= {"precision": precision, "threads": threads, "device": "cpu", "backend": "mpi" if ranks > 1 else "local", "hard_pairs": args.hard_pairs,
            "seeds": pairs // (1 + args.hard_pairs), "margin_weight": 25.0, "lr": 1e-5, "image": str(folder / "image.npy"),
            "text": str(folder / "text.npy")}
    path = folder / f"{case}-{precision}-{threads}x{ranks}.json"
    path.write_text(json.dumps(job))
    return path


def measure(args, ways, precision):
    """ways: name -> (Program, ranks). Rounds of turns; answers (way, kind) -> what was seen."""
    seen = {}
    kinds = ("plain", "hard")
    first = {}
    for name, (program, ranks) in ways.items():
        for kind in kinds:
            first.setdefault((ranks, kind), []).append(program.ask(f"{kind} 1")["loss"])
            seen[name, kind] = {"steps": []}
    check_losses(first, precision)
    for turn in range(args.rounds):
        order = list(ways)
        order = order[turn % len(order):] + order[:turn % len(order)]
        for kind in kinds:
            for name in order:
                answer = ways[name][0].ask(f"{kind} {args.steps}")
                seen[name, kind]["steps"] += answer["steps"]
                seen[name, kind]["peak_mib"] = answer["peak_mib"]
    for (name, kind), found in seen.items():
        seconds = [step["step"] for step in found["steps"]]
        found["rate"] = args.pairs * ways[name][1] / statistics.median(seconds)
        found["best"] = args.pairs * ways[name][1] / min(seconds)
        found["processor"] = statistics.median(step["processor"] for step in found["steps"])
    return seen


def check_losses(first, precision):
    """first: (ranks, kind) -> the first losses. Of as many pairs they agree: it is the same training."""
    for (ranks, kind), losses in first.items():
        if max(losses) - min(losses) > LOSS_BOUND[precision] * max(losses):
            sys.exit(f"the first losses of {kind} on {ranks} ranks differ: {losses}")


def print_table(seen, baseline):
    print("| step | pairs | pairs/s, median | best | × OpenCLIP, median | best | processor s | its ratio | forward | loss | backward | averaging | optimizer | peak MiB |")
    print("|" + "---|" * 14)
    for (name, kind), found in seen.items():
        other = seen[baseline(name), kind]
        parts = []
        for part in PARTS:
            values = [step[part] for step in found["steps"] if part in step]
            parts.append(f"{1000 * statistics.median(values):.1f}" if values else "")
        print(f"| {name} | {kind} | {found['rate']:.1f} | {found['best']:.1f} | {found['rate'] / other['rate']:.3f} | "
              f"{found['best'] / other['best']:.3f} | {found['processor']:.2f} | {other['processor'] / found['processor']:.3f} | "
              f"{' | '.join(parts)} | {found['peak_mib']:.0f} |")


def load():
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def units_line(args, job):
    """The instruction sets of both programs' matrix products in one step."""
    environment = tell_products(dict(os.environ, OMP_NUM_THREADS=str(args.threads)))
    units = []
    for name, program in {"HELIP": [args.build / "bench" / "helip_time_step", job], "OpenCLIP": [sys.executable, HERE / "peer.py", job]}.items():
        done = subprocess.run([str(word) for word in program], input="plain 1\n", capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, program))}: exit {done.returncode}\n{done.stderr}")
        units.append(f"{name} {product_units(done.stdout)}")
    return f"Time of matrix products by instruction set: {'; '.join(units)}."


def time_alone(args, case, name, precision):
    job = write_job(args, case, name, precision, args.threads, 1, args.pairs)
    ways = {"OpenCLIP": (theirs(args.build, job, args.threads, 1), 1), "HELIP": (ours(args.build, job, args.threads, 1), 1)}
    before = load()
    seen = measure(args, ways, precision)
    for program, _ in ways.values():
        program.end()
    print(f"\n## {case}, {precision}: {args.pairs} pairs, {args.threads} threads\n\nLoad {before} before, {load()} after. "
          f"{units_line(args, job)}\n")
    print_table(seen, lambda _: "OpenCLIP")
    for name in ways:
        print(f"\n{name}: hard pairs and margin loss add {100 * (seen[name, 'plain']['rate'] / seen[name, 'hard']['rate'] - 1):.1f} % "
              f"(best {100 * (seen[name, 'plain']['best'] / seen[name, 'hard']['best'] - 1):.1f} %) to the step.", end="")
    print()


def time_ranks(args, precision):
    jobs = {ranks: write_job(args, "ranks", "vit-s-16", precision, 1, ranks, args.pairs) for ranks in (1, 2)}
    ways = {}
    for ranks, job in jobs.items():
        ways[f"OpenCLIP, {ranks} × 1 thread"] = (theirs(args.build, job, 1, ranks), ranks)
        ways[f"HELIP, {ranks} × 1 thread"] = (ours(args.build, job, 1, ranks), ranks)
    before = load()
    seen = measure(args, ways, precision)
    for program, _ in ways.values():
        program.end()
    print(f"\n## ranks, vit-s-16, {precision}: {args.pairs} pairs a rank, a thread each\n\nLoad {before} before, {load()} after. "
          f"{units_line(args, jobs[1])}\n")
    print_table(seen, lambda name: name.replace("HELIP", "OpenCLIP"))
    for who in ("OpenCLIP", "HELIP"):
        one, two = (seen[f"{who}, {ranks} × 1 thread", "plain"] for ranks in (1, 2))
        print(f"\n{who}: 2 ranks {two['rate'] / one['rate']:.2f} times 1 rank (best {two['best'] / one['best']:.2f}).", end="")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--cases", default="vit-b-32,vit-s-16,ranks,heads")
    parser.add_argument("--precisions", default="fp32,amp_bf16")
    parser.add_argument("--pairs", type=int, default=64, help="of a rank's batch")
    parser.add_argument("--hard-pairs", type=int, default=3, help="of a seed")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=1, help="of a turn")
    args = parser.parse_args()
    args.build, args.work = args.build.resolve(), args.work.resolve()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "open_clip_torch"))
    print(f"{datetime.date.today()}, {cpu()}, {os.cpu_count()} cores; {versions}; {args.rounds} rounds of {args.steps} steps; "
          "times in ms, medians")
    for case in args.cases.split(","):
        for precision in args.precisions.split(","):
            if case == "ranks":
                time_ranks(args, precision)
            elif case != "heads" or precision == "fp32":
                time_alone(args, case, case, precision)


if __name__ == "__main__":
    main()
