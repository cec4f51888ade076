#!/usr/bin/env python3
"""Real drawings and photographs, stored in every way that images come, with open_clip's evaluation preprocessing at 64 px
before it normalises: make_golden.py [PNG_FOLDER PHOTO_FOLDER]. Each image twice: as it is, and converted to RGB before, as
OpenCLIP's WebDataset loader ("pilrgb") does for training.

Writes expected.json and expected.bin (twice 64x64 RGB bytes each) beside this script, and the images if folders are given.
PNG_FOLDER: /usr/share/openclipart/png (Debian's openclipart-png); PHOTO_FOLDER: photographs, say of Debian's mate-backgrounds.
needs: pip install open_clip_torch==3.3.0 pillow==13.0.0 numpy
"""
import json
import pathlib
import sys

import numpy as np
from open_clip.transform import image_transform
from PIL import Image

HERE = pathlib.Path(__file__).parent
SIZE = 64
MEAN, STD = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def small(image, side):
    image = image.copy()
    image.thumbnail((side, side))
    return image


def make_images(drawings_folder, photo_folder):
    drawings = [f for f in sorted(drawings_folder.rglob("*.png")) if 20_000 < f.stat().st_size < 60_000]
    drawings = [small(Image.open(f).convert("RGBA"), 150) for f in drawings[::len(drawings) // 4][:4]]
    photos = sorted(photo_folder.rglob("*.jpg"))
    photos = [small(Image.open(f).convert("RGB"), 170) for f in photos[::len(photos) // 4][:4]]
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray((np.asarray(photos[2].convert("L")).astype(np.uint16) * 257) // 200)
    made = {
        "alpha.png": (drawings[0], {}),
        "palette.png": (drawings[1].convert("RGB").quantize(64), {}),
        "palette_alpha.png": (drawings[2].quantize(32), {}),
        "grey_alpha.png": (drawings[3].convert("LA"), {}),
        "alpha.webp": (drawings[1], {"quality": 80}),
        "photo.webp": (photos[0], {"quality": 80}),
        "photo_420.jpg": (photos[0], {"quality": 85}),
        "photo_444.jpg": (photos[1], {"quality": 85, "subsampling": 0}),
        "photo_progressive.jpg": (photos[2], {"quality": 85, "progressive": True}),
        "photo_grey.jpg": (photos[3].convert("L"), {"quality": 85}),
        "photo_cmyk.jpg": (photos[1].convert("CMYK"), {"quality": 85}),
        "photo_rotated.jpg": (photos[2], {"quality": 85, "exif": exif.tobytes()}),
        "photo_16bit.png": (small(deep, 120), {}),
    }
    for name, (image, options) in made.items():
        image.save(HERE / name, **options)


NAMES = ["alpha.png", "palette.png", "palette_alpha.png", "grey_alpha.png", "alpha.webp", "photo.webp", "photo_420.jpg",
         "photo_444.jpg", "photo_progressive.jpg", "photo_grey.jpg", "photo_cmyk.jpg", "photo_rotated.jpg", "photo_16bit.png"]


def main():
    if len(sys.argv) > 1:
        make_images(*map(pathlib.Path, sys.argv[1:]))
    transform = image_transform(SIZE, is_train=False, mean=MEAN, std=STD)
    expected = b""
    for name in NAMES:
        with Image.open(HERE / name) as stored:
            for image in stored, stored.convert("RGB"):
                expected += np.round(transform(image).numpy() * 255).astype(np.uint8).transpose(1, 2, 0).tobytes()
    (HERE / "expected.bin").write_bytes(expected)
    (HERE / "expected.json").write_text(json.dumps({"size": SIZE, "files": NAMES}, indent=1) + "\n")


if __name__ == "__main__":
    main()
