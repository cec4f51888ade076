#!/usr/bin/env python3
"""Writes a small convolutional image tower with random weights, to be trained, and MiniLM, frozen, as a model folder for HELIP.

  OUT/towers-N/image_tower.ts    six convolutions, 32 px, 256-d, 0.84 million weights drawn with seed N
  OUT/towers-N/text_tower.ts     MiniLM, mean-pooled 384-d, below a head that is trained
  OUT/towers-N/tokenizer.json    MiniLM's WordPiece vocabulary
  OUT/towers-N/helip_model.json  how they fit together, with sha256
  OUT/towers-N.json              what it was made from, written last

A second run on the same packages has nothing to do.
"""

import argparse
import pathlib
import sys

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from common import minilm, towers  # noqa: E402

SIDE = 32
EMBED_DIM = 256
TEXT_HEAD = {"hidden": 768, "dropout": 0.0}
# Mean and deviation of the training pictures, black on white.
MEAN, STD = 0.77, 0.37
# (channels, stride): 32 px become 4. The first one halves the side, which makes a step three times faster.
LAYERS = [(32, 2), (64, 1), (64, 2), (128, 1), (128, 2), (256, 1)]
GROUPS = 8


class ImageTower(nn.Module):
    """pixels float32 [B, 3, 32, 32], grey -> float32 [B, 256]"""

    def __init__(self):
        super().__init__()
        layers, inputs = [], 1
        for channels, stride in LAYERS:
            layers += [
                nn.Conv2d(inputs, channels, 3, stride=stride, padding=1, bias=False),
                nn.GroupNorm(GROUPS, channels),
                nn.ReLU(),
            ]
            inputs = channels
        self.layers = nn.Sequential(*layers)
        self.pool = nn.AvgPool2d(2)  # leaves 2 x 2: where a part stands tells characters apart
        self.out = nn.Linear(4 * inputs, EMBED_DIM)

    def forward(self, pixels):
        grey = pixels.mean(dim=1, keepdim=True)
        return self.out(self.pool(self.layers(grey)).flatten(1))


def write_image_tower(folder, seed):
    """Writes image_tower.ts with weights drawn by the seed; returns its part of helip_model.json."""
    torch.manual_seed(seed)
    tower = ImageTower()
    pixels = torch.randn(towers.BATCH, 3, SIDE, SIDE)
    # Scripted in training mode, since HELIP trains it.
    return towers.save(folder, "image_tower.ts", torch.jit.script(tower.train()), tower, pixels) | {
        "feature_dim": EMBED_DIM,
        "train": "all",
        "head": {"kind": "none"},
        "preprocess": {
            "size": SIDE,
            "resize_mode": "squash",
            "interpolation": "bicubic",
            "mean": [MEAN] * 3,
            "std": [STD] * 3,
        },
    }


def write_towers(folder, seed):
    """Writes both towers; returns helip_model.json's content."""
    return {
        "format": "helip_model/1",
        "kind": "towers",
        "embed_dim": EMBED_DIM,
        "image_tower": write_image_tower(folder, seed),
        "text_tower": towers.save_minilm(folder) | {"train": "none", "head": TEXT_HEAD},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the image tower's weights (default 1)")
    arguments = parser.parse_args()
    towers.fix_hashes()
    folder = arguments.out / f"towers-{arguments.seed}"
    digest = towers.input_digest(pathlib.Path(__file__).resolve(), *towers.minilm_inputs(), str(arguments.seed))
    if towers.make(folder, digest, lambda making: write_towers(making, arguments.seed)):
        print(f"{folder}: image tower {EMBED_DIM}-d at {SIDE} px, trained; text tower {minilm.FEATURE_DIM}-d, frozen")


if __name__ == "__main__":
    main()
