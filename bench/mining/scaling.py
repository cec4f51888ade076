#!/usr/bin/env python3
"""Two workers against one in the mine stage of a whole job: makes a corpus of tiny synthetic pairs, encodes it once with a small
ViT, then mines the same work folder with one worker and with two, each of one thread. Prints Markdown, and fails if the two
tables differ.

usage: scaling.py BUILD_FOLDER WORK_FOLDER [--pairs 60000] [--embed-dim 512] [--set KEY=VALUE …]
Times are seen in the logs, from the lease of the first mining task to that of the merge, and to the stage's end: programs have
started by then, but opening the embeddings counts. On a busy machine the ratio of processor times says more: the one worker's over
that of the busier of the two.
"""
import argparse
import datetime
import hashlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import time
import zlib

import run

SIDE = 16
PAIRS_PER_SHARD = 10000
THINGS = "cat dog tree house river bridge car boat bird flower lamp chair mountain road hat cake".split()
LOOKS = "red green blue yellow old new small large dark bright wooden round".split()


def png(pixels):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    rows = b"".join(b"\0" + pixels[y * SIDE * 3:(y + 1) * SIDE * 3] for y in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def picture(rng, topic):
    """Blocks of colour, most of them the topic's, so that some pictures are alike and few are equal."""
    own = random.Random(topic)
    blocks = [[rng.randrange(256) if rng.random() < 0.4 else own.randrange(256) for _ in range(3)] for _ in range(16)]
    return png(bytes(channel for y in range(SIDE) for x in range(SIDE) for channel in blocks[y // 4 * 4 + x // 4]))


def make_corpus(folder, pairs):
    folder.mkdir(parents=True)
    rng = random.Random(1)
    for shard in range(0, pairs, PAIRS_PER_SHARD):
        with tarfile.open(folder / f"{shard // PAIRS_PER_SHARD:05}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for i in range(shard, min(shard + PAIRS_PER_SHARD, pairs)):
                topic = rng.randrange(200)
                words = [rng.choice(LOOKS), THINGS[topic % len(THINGS)], rng.choice(LOOKS), rng.choice(THINGS),
                         str(rng.randrange(1000))]
                for ending, content in ((".png", picture(rng, topic)), (".txt", " ".join(words).encode())):
                    member = tarfile.TarInfo(f"{i:08}{ending}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))


def write_job(folder, embed_dim):
    tower = {"layers": 1, "width": 64}
    (folder / "small.json").write_text(json.dumps({
        "embed_dim": embed_dim, "vision_cfg": {**tower, "image_size": SIDE, "patch_size": 8, "head_width": 32},
        "text_cfg": {**tower, "context_length": 12, "vocab_size": 49408, "heads": 2}}))
    (folder / "job.yaml").write_text(
        "corpus: { path: corpus }\nmodel: { architecture: small.json }\nencoder: { batch_size: 64, task_samples: 4096 }\n"
        "train: { steps: 10 }\nlauncher: { threads_per_worker: 1, device: cpu }\n")


def worker_seconds(work):
    """Processor seconds of each worker of this work folder, by pid."""
    seconds = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_text().split("\0")
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if os.path.basename(words[0]) == "helip_worker" and str(work) in words:
            seconds[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def mine(command, work):
    """Runs the mine stage; when its first task was leased, its merge, and when it ended; processor seconds of its workers."""
    marks = {"begin": "mine/range-", "merge": "mine/merge", "end": "stage mine done"}
    seen = {}
    used = {}
    former = {log: log.stat().st_size for log in work.glob("logs/*.log")}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        ended = process.poll() is not None
        text = ""
        for log in work.glob("logs/*.log"):
            text += log.read_bytes()[former.get(log, 0):].decode(errors="replace")
        for mark, words in marks.items():
            if mark not in seen and words in text:
                seen[mark], used[mark] = time.monotonic(), worker_seconds(work)
        if ended:
            break
        time.sleep(0.05)
    if process.returncode != 0 or len(seen) != len(marks):
        sys.exit(f"{' '.join(map(str, command))}: exit {process.returncode}, saw {sorted(seen)}; see {work / 'logs'}")
    # A worker may lease its first task only after the first worker did.
    cpu = sorted(round(after - used["begin"].get(pid, 0), 2) for pid, after in used["merge"].items())
    tasks = len(re.findall(r"mine/range-\d+, attempt", text))
    return {"ranges": seen["merge"] - seen["begin"], "merge": seen["end"] - seen["merge"], "cpu": cpu, "tasks": tasks}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=60000)
    parser.add_argument("--embed-dim", type=int, default=512)
    parser.add_argument("--set", nargs="*", default=[], help="values of the configuration's mining section")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    work, encoded = folder / "work", folder / "encoded"
    # Tasks hold absolute paths: every run has to be in the folder that was encoded in.
    command = [arguments.build / "bin" / "helip", "run", "--config", folder / "job.yaml", "--work-dir", work]
    for value in arguments.set:
        command += ["--set", value]
    if not encoded.is_dir():
        if not (folder / "corpus").is_dir():
            make_corpus(folder / "corpus", arguments.pairs)
        write_job(folder, arguments.embed_dim)
        shutil.rmtree(work, ignore_errors=True)
        subprocess.run(command + ["--workers", "2", "--until", "encode"], check=True)
        work.rename(encoded)

    results, digests = {}, {}
    for workers in (1, 2):
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(encoded, work)
        results[workers] = mine(command + ["--workers", str(workers), "--until", "mine"], work)
        digests[workers] = hashlib.sha256((work / "hard_pairs" / "1" / "indices.npy").read_bytes()).hexdigest()
    embeddings = next((work / "embeddings").iterdir())
    opened = run.run([arguments.build / "bench" / "helip_time_miner", embeddings, embeddings, 50, 1, 1], 1)

    print(f"{run.cpu()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {datetime.date.today()}; {opened['pairs']:,} pairs; "
          f"one thread a worker; products of 8-bit integers by {opened['instruction_set']}; opening the embeddings takes "
          f"{opened['open_seconds']:.2f} s in each\n")
    print("| workers | all ranges, s | merge, s | tasks | processor seconds of each worker |\n|---|---|---|---|---|")
    for workers, found in results.items():
        print(f"| {workers} | {found['ranges']:.1f} | {found['merge']:.2f} | {found['tasks']} | {', '.join(map(str, found['cpu']))} |")
    one, two = results[1], results[2]
    print(f"\nratio of times {(one['ranges'] + one['merge']) / (two['ranges'] + two['merge']):.2f}, without the merge "
          f"{one['ranges'] / two['ranges']:.2f}; of processor times {one['cpu'][0] / two['cpu'][-1]:.2f}")
    if digests[1] != digests[2]:
        sys.exit("the tables differ")


if __name__ == "__main__":
    main()
