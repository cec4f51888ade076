#!/usr/bin/env python3
"""Images of every mode that Pillow opens JPEG, PNG and WebP in, resized by torchvision in that mode and converted to RGB
afterwards, as OpenCLIP's inference and its CSV training do: make_golden.py. Writes files.bin and cases.json (where the
files lie in it, and digests of the pixels) beside this script.

needs: pip install pillow==13.0.0 torchvision numpy
"""
import hashlib
import io
import json
import pathlib
import sys

import numpy as np
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "support"))
import png_chunks  # noqa: E402
from png_chunks import chunk  # noqa: E402

HERE = pathlib.Path(__file__).parent
RNG = np.random.default_rng(20261130)


def png(width, height, depth, colour, *extra):
    """Smooth noise and hard edges in any storage; `extra` chunks come before the pixels."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    limit = 1 << depth
    blocks = RNG.integers(0, limit, (height // 4 + 1, width // 5 + 1, channels))
    values = np.kron(blocks, np.ones((4, 5, 1), dtype=int))[:height, :width]
    if depth >= 8:
        values = np.clip(values + RNG.integers(-9 * limit // 256, 9 * limit // 256, values.shape), 0, limit - 1)
    rows = values.reshape(height, width * channels)
    if depth == 16:
        packed = rows.astype(">u2").view(np.uint8).reshape(height, -1)
    elif depth == 8:
        packed = rows.astype(np.uint8)
    else:
        bits = (rows[:, :, None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    return png_chunks.png(width, height, depth, colour, [row.tobytes() for row in packed], *extra, level=9)


def palette(colours):
    return chunk(b"PLTE", RNG.integers(0, 256, colours * 3, dtype=np.uint8).tobytes())


def alphas(count):
    return chunk(b"tRNS", RNG.integers(0, 256, count, dtype=np.uint8).tobytes())


def picture(width, height, channels):
    blocks = RNG.integers(0, 256, (height // 6 + 1, width // 6 + 1, channels))
    values = np.kron(blocks, np.ones((6, 6, 1), dtype=int))[:height, :width]
    return np.clip(values + RNG.integers(-9, 10, values.shape), 0, 255).astype(np.uint8)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def hidden_colours(width, height):
    """RGBA whose transparent pixels are white, with a soft edge between."""
    values = picture(width, height, 4)
    values[: height // 2, :, 3] = 0
    values[: height // 2, :, :3] = 255
    values[:, width // 2 :, 3] = np.arange(height)[:, None] * 255 // height
    return Image.fromarray(values)


def animated(kind, **options):
    frames = [hidden_colours(30, 26), Image.fromarray(picture(30, 26, 4))]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=80, **options)


FILES = {
    "grey 1": png(37, 29, 1, 0),
    "grey 1 with key": png(29, 37, 1, 0, chunk(b"tRNS", b"\0\1")),
    "grey 2": png(33, 31, 2, 0),
    "grey 4": png(31, 33, 4, 0),
    "grey 8": png(37, 29, 8, 0),
    "grey 8 with key": png(37, 29, 8, 0, chunk(b"tRNS", b"\0\x80")),
    "grey 16": png(37, 29, 16, 0),
    "grey 16, tall": png(20, 90, 16, 0),
    "grey and alpha 8": png(29, 37, 8, 4),
    "grey and alpha 16": png(29, 37, 16, 4),
    "rgb 8": png(37, 29, 8, 2),
    "rgb 8 with key": png(37, 29, 8, 2, chunk(b"tRNS", b"\0\1\0\2\0\3")),
    "rgb 16": png(37, 29, 16, 2),
    "rgba 8": png(37, 29, 8, 6),
    "rgba 8, tall": png(20, 90, 8, 6),
    "rgba 16": png(37, 29, 16, 6),
    "palette 1": png(37, 29, 1, 3, palette(2)),
    "palette 2": png(37, 29, 2, 3, palette(4)),
    "palette 4": png(29, 37, 4, 3, palette(16)),
    "palette 8": png(37, 29, 8, 3, palette(256)),
    "palette 8, some colours missing": png(37, 29, 8, 3, palette(100)),
    "palette 8 with alphas": png(37, 29, 8, 3, palette(256), alphas(200)),
    "palette 8 with one transparent colour": png(37, 29, 8, 3, palette(256), chunk(b"tRNS", b"\xff\xff\0\xff")),
    "hidden white": saved(hidden_colours(40, 32), "PNG"),
    "webp rgba lossless": saved(hidden_colours(40, 32), "WEBP", lossless=True, exact=True),
    "webp rgba": saved(hidden_colours(40, 32), "WEBP", quality=80),
    "webp rgb": saved(Image.fromarray(picture(40, 32, 3)), "WEBP", quality=80),
    "webp animation": animated("WEBP", lossless=True, exact=True),
    "png animation": animated("PNG"),
    "jpeg rgb": saved(Image.fromarray(picture(40, 32, 3)), "JPEG", quality=85),
    "jpeg grey": saved(Image.fromarray(picture(40, 32, 3)).convert("L"), "JPEG", quality=85),
    "jpeg cmyk": saved(Image.fromarray(picture(40, 32, 4), "CMYK"), "JPEG", quality=85),
}
FILTERS = {"bicubic": InterpolationMode.BICUBIC, "bilinear": InterpolationMode.BILINEAR}


def evaluated(image, size, mode, filter):
    if mode == "squash":
        return F.resize(image, [size, size], FILTERS[filter])
    return F.center_crop(F.resize(image, [size], FILTERS[filter]), [size, size])


def digest(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def main():
    files = bytearray()
    cases = []
    for name, encoded in FILES.items():
        image = Image.open(io.BytesIO(encoded))
        width, height = image.size
        wanted = []
        for size, mode, filter in (12, "shortest", "bicubic"), (9, "squash", "bilinear"), (43, "shortest", "bicubic"):
            rgb = evaluated(image, size, mode, filter).convert("RGB")
            wanted.append({"size": size, "mode": mode, "filter": filter, "sha256": digest(rgb)})
        # The second box has the size 11 x 11: it is not resized.
        for box in [3, 5, 14, 17], [2, 1, 11, 11]:
            left, top, crop_width, crop_height = box
            rgb = F.resized_crop(image, top, left, crop_height, crop_width, [11, 11], FILTERS["bicubic"]).convert("RGB")
            wanted.append({"size": 11, "box": box, "filter": "bicubic", "sha256": digest(rgb)})
        assert width >= 17 and height >= 22, name
        cases.append({"name": name, "mode": image.mode, "file": [len(files), len(encoded)], "sha256": digest(image.convert("RGB")),
                      "wanted": wanted})
        files += encoded
    (HERE / "files.bin").write_bytes(bytes(files))
    (HERE / "cases.json").write_text(json.dumps(cases, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
