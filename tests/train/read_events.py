"""Kills a small training, starts it again and reads its events with TensorBoard's own reader: every step once, with the values of
metrics.jsonl, and OpenCLIP's tags among them. usage: read_events.py TRAIN_PROGRAM"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    print("SKIP: there is no tensorboard in this Python")
    sys.exit(77)

OPEN_CLIP_TAGS = ["loss", "contrastive_loss", "lr", "logit_scale", "samples_per_second", "samples_per_second_per_gpu",
                  "data_time", "batch_time"]
OUR_TAGS = ["margin_loss", "violated_share", "hard_pair_rank", "false_negative_share", "checkpoint_stall", "peak_memory"]


def as_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def kill_after(command, line):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for printed in process.stdout:
        if printed.strip() == line:
            process.kill()
            process.communicate()
            return
    sys.exit(f"ended before {line}")


def main(program):
    with tempfile.TemporaryDirectory(prefix="helip-events-") as folder:
        output = pathlib.Path(folder) / "output"
        command = [program, folder, "local", str(output), "heads"]
        kill_after(command, "step 11")
        subprocess.run(command, check=True, capture_output=True)
        events = EventAccumulator(str(output / "tensorboard"), size_guidance={"scalars": 0})
        events.Reload()
        lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
        files = len(list((output / "tensorboard").iterdir()))
    tags = events.Tags()["scalars"]
    assert sorted(tags) == sorted(f"train/{tag}" for tag in OPEN_CLIP_TAGS + OUR_TAGS), tags
    for tag in OPEN_CLIP_TAGS + OUR_TAGS:
        scalars = events.Scalars(f"train/{tag}")
        assert [scalar.step for scalar in scalars] == list(range(1, 31)), (tag, [scalar.step for scalar in scalars])
        key = "samples_per_second" if tag == "samples_per_second_per_gpu" else tag  # one rank
        assert [scalar.value for scalar in scalars] == [as_float32(line[key]) for line in lines], tag
    print(f"passed: {len(tags)} tags, 30 steps each, from {files} files")


main(sys.argv[1])
