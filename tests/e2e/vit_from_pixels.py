"""configs/openclipart_vit.yaml itself, shortened: a ViT and a text transformer from pixels, FastHPM, a few steps, retrieval."""

import json
import pathlib
import subprocess

from job_control import expect, main

STEPS = 6


def test(bench, _):
    config = pathlib.Path(__file__).parents[2] / "configs" / "openclipart_vit.yaml"
    data = bench.job.parent
    work = bench.fresh("vit")
    overrides = [f"corpus.path={data / 'corpus'}", f"train.steps={STEPS}", "train.warmup=2", "train.checkpoint_steps=4",
                 "train.log_steps=1", "mining.pool_size=100", "mining.pool_refresh_targets=64", "mining.task_targets=64",
                 f"eval.datasets=[{{name: heldout, path: {data / 'heldout'}, tasks: [retrieval]}}]"]
    command = [bench.program("helip"), "run", "--config", str(config), "--work-dir", str(work)]
    for override in overrides:
        command += ["--set", override]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    expect(done.returncode == 0, f"exit {done.returncode}\n{done.stderr}")
    table = json.loads((work / "hard_pairs" / "1" / "manifest.json").read_text())
    expect(table["method"] == "fast" and table["pool_size"] == 100, f"not FastHPM over pools of 100: {table}")
    # A pool of half the pairs holds about half of the true hard pairs, as half of the targets say.
    expect(table["recall_targets"] == table["pairs"] // 2 and 0.2 < table["recall"] < 0.9, f"recall {table['recall']}")
    steps = [json.loads(line)["step"] for line in (work / "metrics.jsonl").read_text().splitlines()]
    expect(steps[-1] == STEPS, f"steps {steps}")
    architecture = json.loads((work / "model" / "open_clip_config.json").read_text())["model_cfg"]
    expect(architecture["vision_cfg"]["patch_size"] == 16 and architecture["vision_cfg"]["image_size"] == 64,
           f"another architecture: {architecture}")
    results = json.loads((work / "results.json").read_text())
    expect([entry["dataset"] for entry in results] == ["heldout"], f"results: {results}")


main(test)
