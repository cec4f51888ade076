#!/usr/bin/env python3
"""What SLIP's augmentations make of noise with given draws (torchvision 0.29, Pillow 13): make_golden.py FOLDER

cases.json      the draws of each case; the source picture is that of ../resize/make_golden.py
expected.bin    8-bit RGB of all cases, size × size pixels each

The steps are those of facebookresearch/SLIP (datasets.py, utils.py): RandomResizedCrop, ColorJitter, RandomGrayscale,
ImageFilter.GaussianBlur, RandomHorizontalFlip, here with parameters that are drawn beforehand.
"""
import json
import pathlib
import random
import sys

from PIL import ImageFilter
from torchvision.transforms import functional as F
from torchvision.transforms import InterpolationMode

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "resize"))
from make_golden import noise  # noqa: E402

SIZE = 22
CHANGES = {
    "brightness": F.adjust_brightness, "contrast": F.adjust_contrast, "saturation": F.adjust_saturation, "hue": F.adjust_hue,
}


def view(case):
    left, top, width, height = case["crop"]
    image = noise(*case["from"], case["seed"])
    image = F.resized_crop(image, top, left, height, width, [SIZE, SIZE], InterpolationMode.BILINEAR)
    if case["jitters"]:
        for name in case["order"]:
            image = CHANGES[name](image, case[name])
    if case["grey"]:
        image = F.rgb_to_grayscale(image, 3)
    if case["blurs"]:
        image = image.filter(ImageFilter.GaussianBlur(radius=case["deviation"]))
    return F.hflip(image) if case["flips"] else image


def plain(rng, seed):
    width, height = rng.randrange(20, 60), rng.randrange(20, 60)
    crop_width, crop_height = rng.randrange(5, width), rng.randrange(5, height)
    crop = [rng.randrange(width - crop_width + 1), rng.randrange(height - crop_height + 1), crop_width, crop_height]
    return {
        "seed": seed, "from": [width, height], "crop": crop, "jitters": False, "order": list(CHANGES), "brightness": 1.0,
        "contrast": 1.0, "saturation": 1.0, "hue": 0.0, "grey": False, "blurs": False, "deviation": 0.1, "flips": False,
    }


def main():
    rng = random.Random(3)
    cases = [plain(rng, 0), plain(rng, 1) | {"flips": True}, plain(rng, 2) | {"grey": True}]
    for name, values in {
        "brightness": (0.6, 0.83, 1.27, 1.4), "contrast": (0.6, 0.71, 1.19, 1.4), "saturation": (0.6, 0.77, 1.33, 1.4),
        "hue": (-0.1, -0.05, -0.001, 0.004, 0.0631, 0.1),
    }.items():
        cases += [plain(rng, len(cases) + i) | {"jitters": True, name: value} for i, value in enumerate(values)]
    for deviation in (0.1, 0.2, 0.5, 0.97, 1.2247, 1.3, 1.71, 2.0, 6.5):
        cases.append(plain(rng, len(cases)) | {"blurs": True, "deviation": deviation})
    for _ in range(24):
        order = list(CHANGES)
        rng.shuffle(order)
        factors = {name: rng.uniform(0.6, 1.4) for name in ("brightness", "contrast", "saturation")}
        flags = {"jitters": rng.random() < 0.8, "grey": rng.random() < 0.2, "blurs": rng.random() < 0.5}
        last = {"hue": rng.uniform(-0.1, 0.1), "deviation": rng.uniform(0.1, 2), "flips": rng.random() < 0.5}
        cases.append(plain(rng, len(cases)) | {"order": order} | factors | flags | last)
    folder = pathlib.Path(sys.argv[1])
    (folder / "expected.bin").write_bytes(b"".join(view(case).tobytes() for case in cases))
    lines = ",\n".join(json.dumps(case) for case in cases)
    (folder / "cases.json").write_text(f'{{"size": {SIZE}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
