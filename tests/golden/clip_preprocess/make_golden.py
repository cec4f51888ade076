#!/usr/bin/env python3
"""open_clip's evaluation preprocessing of noise: make_golden.py OUTPUT_FOLDER

Source images as in ../resize/make_golden.py. cases.json tells size, mode, filter and where the expected floats [3, size, size]
lie in expected.f32; the large cases have only the sha256 of their bytes before normalisation.
"""
import hashlib
import importlib.util
import json
import os
import sys

import numpy as np
from open_clip.constants import IMAGENET_MEAN, IMAGENET_STD, OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from open_clip.transform import image_transform
from torchvision.transforms import Compose, Normalize


def load_noise():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resize", "make_golden.py")
    spec = importlib.util.spec_from_file_location("resize_golden", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.noise


def main():
    noise = load_noise()
    sources = [(40, 30), (30, 40), (31, 47), (47, 31), (16, 16), (9, 50), (50, 9), (16, 17), (7, 7), (33, 34)]
    cases, blob = [], b""

    def add(number, source, size, mode, interpolation, constants, keep):
        nonlocal blob
        mean, std = constants
        transform = image_transform(size, is_train=False, mean=mean, std=std, resize_mode=mode, interpolation=interpolation)
        image = noise(source[0], source[1], number)
        case = {"seed": number, "from": source, "size": size, "resize_mode": mode, "filter": interpolation, "mean": mean, "std": std}
        if keep:
            values = transform(image).numpy().astype("<f4").tobytes()
            case["offset"] = len(blob)
            blob += values
        else:
            plain = Compose([t for t in transform.transforms if not isinstance(t, Normalize)])
            pixels = np.rint(plain(image).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
            case["sha256"] = hashlib.sha256(pixels.tobytes()).hexdigest()
        cases.append(case)

    openai = (OPENAI_DATASET_MEAN, OPENAI_DATASET_STD)
    imagenet = (IMAGENET_MEAN, IMAGENET_STD)
    for number, source in enumerate(sources):
        add(number, source, 16, "shortest", "bicubic", openai, True)
        add(number, source, 16, "squash", "bicubic", openai, True)
        add(number, source, 15, "shortest", "bilinear", imagenet, True)
    for number, source in enumerate([(640, 480), (480, 641), (500, 333), (1024, 300), (300, 1023), (224, 224), (100, 80), (225, 449)]):
        for mode in ("shortest", "squash"):
            add(number, source, 224, mode, "bicubic", openai, False)
            add(number, source, 128, mode, "bilinear", imagenet, False)
    with open(os.path.join(sys.argv[1], "cases.json"), "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    with open(os.path.join(sys.argv[1], "expected.f32"), "wb") as file:
        file.write(blob)


if __name__ == "__main__":
    main()
