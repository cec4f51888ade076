#!/usr/bin/env python3
"""Digests of what Image.resize of Pillow 13 makes of noise: make_golden.py OUTPUT.json

The source pixel byte number i is the high byte of i·2654435761 + seed (mod 2^32), multiplied by itself (mod 2^32).
"""
import hashlib
import json
import random
import sys

import numpy as np
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def noise(width, height, seed):
    i = np.arange(width * height * 3, dtype=np.uint64)
    v = (i * 2654435761 + seed) % 2**32
    v = (v * v) % 2**32
    return Image.fromarray((v >> 24).astype(np.uint8).reshape(height, width, 3))


def main():
    rng = random.Random(1)
    sizes = [(1, 1, 1, 1), (1, 1, 7, 5), (2, 3, 1, 1), (5, 5, 5, 5), (64, 48, 64, 48), (64, 48, 64, 20), (64, 48, 20, 48), (224, 224, 224, 224), (640, 480, 299, 224), (481, 641, 224, 298), (333, 500, 128, 192), (17, 400, 9, 224), (400, 17, 224, 9), (30, 40, 300, 400), (100, 1, 33, 64), (1, 100, 64, 33), (1000, 7, 3, 224), (85, 86, 84, 87)]
    sizes += [tuple(rng.randrange(1, 120) for _ in range(4)) for _ in range(60)]
    cases = []
    for number, (w, h, to_w, to_h) in enumerate(sizes):
        image = noise(w, h, number)
        boxes = [None]
        if number % 2 == 1:
            left, top = rng.uniform(0, w * 0.6), rng.uniform(0, h * 0.6)
            boxes.append([left, top, rng.uniform(left + 0.1, w), rng.uniform(top + 0.1, h)])
            whole = [rng.randrange(0, w), rng.randrange(0, h)]
            boxes.append(whole + [rng.randrange(whole[0] + 1, w + 1), rng.randrange(whole[1] + 1, h + 1)])
        for box in boxes:
            for name, resample in FILTERS.items():
                pixels = image.resize((to_w, to_h), resample, box=box).tobytes()
                case = {"seed": number, "from": [w, h], "to": [to_w, to_h], "filter": name, "sha256": hashlib.sha256(pixels).hexdigest()}
                if box:
                    case["box"] = box
                cases.append(case)
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
