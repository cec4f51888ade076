#!/usr/bin/env python3
"""Small images of every kind and what Pillow makes of them: make_golden.py OUTPUT_FOLDER

Writes the image files, expected.json (name, size, offsets) and expected.bin: for each image its RGB bytes by convert("RGB")
and, if they differ, those composited over white.
"""
import io
import json
import os
import pathlib
import struct
import sys
import warnings
import zlib

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "support"))
from png_chunks import SIGNATURE, chunk  # noqa: E402

warnings.simplefilter("ignore")
W, H = 29, 21


def picture(channels, seed=0):
    """Gradients with noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:H, 0:W]
    planes = [(x * 255 // (W - 1)), (y * 255 // (H - 1)), ((x + y) * 7) % 256, 255 - ((x * y * 3) % 256)]
    image = np.stack(planes[:channels], axis=-1) + rng.integers(-20, 21, (H, W, channels))
    return np.clip(image, 0, 255).astype(np.uint8)


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


def png(width, height, depth, colour, rows, extra=b"", interlaced=False):
    """A PNG by hand, for what Pillow does not write. `rows(pass_x, pass_y, dx, dy)` gives packed rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    data = b""
    for x0, y0, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        for row in rows(x0, y0, dx, dy):
            data += b"\0" + row
    return SIGNATURE + header + extra + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def packed(samples, depth):
    """samples [H, W·channels] of `depth` bits → a function for png()."""

    def rows(x0, y0, dx, dy, channels=1):
        pixels = samples.reshape(H, W, -1)[y0::dy, x0::dx]
        if pixels.shape[1] == 0:
            return []
        out = []
        for row in pixels.reshape(pixels.shape[0], -1):
            if depth == 16:
                out.append(row.astype(">u2").tobytes())
            elif depth == 8:
                out.append(row.astype(np.uint8).tobytes())
            else:
                bits = "".join(format(int(v), "0%db" % depth) for v in row)
                bits += "0" * (-len(bits) % 8)
                out.append(int(bits, 2).to_bytes(len(bits) // 8, "big"))
        return out

    return rows


def images():
    rgb = Image.fromarray(picture(3))
    rgba = Image.fromarray(picture(4))
    grey = Image.fromarray(picture(1)[:, :, 0])
    # JPEG
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        yield f"jpeg_{name}.jpg", saved(rgb, format="JPEG", quality=90, subsampling=subsampling)
    yield "jpeg_grey.jpg", saved(grey, format="JPEG", quality=80)
    yield "jpeg_progressive.jpg", saved(rgb, format="JPEG", quality=75, progressive=True)
    yield "jpeg_restart.jpg", saved(rgb, format="JPEG", quality=75, restart_marker_blocks=1)
    yield "jpeg_cmyk.jpg", saved(rgb.convert("CMYK"), format="JPEG", quality=90)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "jpeg_exif_rotated.jpg", saved(rgb, format="JPEG", quality=90, exif=exif.tobytes())
    # What libjpeg warns of and decodes all the same.
    plain = saved(rgb, format="JPEG", quality=90)
    scan = plain.index(b"\xff\xda")
    yield "jpeg_bytes_before_end.jpg", plain[:-2] + b"junk" + plain[-2:]
    yield "jpeg_bytes_before_scan.jpg", plain[:scan] + b"j" + plain[scan:]
    yield "jpeg_jfif_2.jpg", plain[:11] + b"\2" + plain[12:]
    middle = (scan + len(plain)) // 2
    yield "jpeg_flipped_bit.jpg", plain[:middle] + bytes([plain[middle] ^ 4]) + plain[middle + 1:]
    yield "jpeg_early_end.jpg", plain[:middle] + b"\xff\xd9"
    # PNG
    noise = np.random.default_rng(1)
    yield "png_rgb.png", saved(rgb, format="PNG")
    yield "png_rgba.png", saved(rgba, format="PNG")
    yield "png_grey.png", saved(grey, format="PNG")
    yield "png_grey_alpha.png", saved(rgba.convert("LA"), format="PNG")
    for depth in (1, 2, 4):
        samples = noise.integers(0, 1 << depth, (H, W))
        yield f"png_grey_{depth}bit.png", png(W, H, depth, 0, packed(samples, depth))
        # Pillow compares the key with the expanded sample: 0 is 0 in both scales.
        key = chunk(b"tRNS", struct.pack(">H", 0))
        yield f"png_grey_{depth}bit_key_interlaced.png", png(W, H, depth, 0, packed(samples, depth), key, True)
    for depth in (1, 2, 4, 8):
        colours = noise.integers(0, 256, (1 << depth) * 3).astype(np.uint8).tobytes()
        palette = chunk(b"PLTE", colours)
        samples = noise.integers(0, 1 << depth, (H, W))
        alphas = chunk(b"tRNS", bytes([0, 128, 30, 200][: 1 << depth]))
        yield f"png_palette_{depth}bit.png", png(W, H, depth, 3, packed(samples, depth), palette)
        yield f"png_palette_{depth}bit_alpha_interlaced.png", png(W, H, depth, 3, packed(samples, depth), palette + alphas, True)
    beyond = noise.integers(0, 12, (H, W))
    yield "png_palette_beyond.png", png(W, H, 8, 3, packed(beyond, 8), chunk(b"PLTE", bytes(range(100, 124))))
    grey16 = noise.integers(0, 65536, (H, W))
    grey16[:8] %= 256
    yield "png_grey_16bit.png", png(W, H, 16, 0, packed(grey16, 16))
    for name, colour, channels in (("grey_alpha", 4, 2), ("rgb", 2, 3), ("rgba", 6, 4)):
        samples = noise.integers(0, 65536, (H, W * channels))
        yield f"png_{name}_16bit_interlaced.png", png(W, H, 16, colour, packed(samples, 16), interlaced=True)
    few = noise.integers(0, 2, (H, W * 3)) * 200
    yield "png_rgb_key.png", png(W, H, 8, 2, packed(few, 8), chunk(b"tRNS", struct.pack(">HHH", 200, 0, 200)))
    yield "png_gamma.png", png(W, H, 8, 2, packed(picture(3).reshape(H, -1), 8), chunk(b"gAMA", struct.pack(">I", 100000)))
    yield "png_exif_rotated.png", saved(rgb, format="PNG", exif=exif.tobytes())
    # WebP
    yield "webp_lossy.webp", saved(rgb, format="WEBP", quality=80)
    yield "webp_lossy_alpha.webp", saved(rgba, format="WEBP", quality=80, alpha_quality=90)
    yield "webp_lossless.webp", saved(rgb, format="WEBP", lossless=True)
    yield "webp_lossless_alpha.webp", saved(rgba, format="WEBP", lossless=True, exact=True)


def over_white(image):
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    cases, blob = [], b""
    for name, data in images():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
        image = Image.open(io.BytesIO(data))
        plain = image.convert("RGB").tobytes()
        white = over_white(Image.open(io.BytesIO(data))).tobytes()
        case = {"file": name, "width": image.width, "height": image.height, "rgb": len(blob)}
        blob += plain
        case["over_white"] = case["rgb"] if white == plain else len(blob)
        blob += b"" if white == plain else white
        cases.append(case)
    with open(os.path.join(folder, "expected.json"), "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    with open(os.path.join(folder, "expected.bin"), "wb") as file:
        file.write(blob)


if __name__ == "__main__":
    main()
