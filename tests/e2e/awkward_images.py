"""Images of awkward kinds through `helip embed`, beside OpenCLIP's own inference on the same files: whatever Pillow opens of
OpenCLIP's formats must have a cosine of at least 0.9999; the rest must be left out and named.
usage: awkward_images.py HELIP"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from PIL import Image, ImageDraw

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "inputs"), str(TESTS / "support")]
from bench import encoded, opened, write_tar  # noqa: E402
from png_chunks import chunk, png, with_chunk  # noqa: E402
from small_clip import CONFIG, COSINE, SmallClip, cosine, rows_of  # noqa: E402

SIZE = CONFIG["vision_cfg"]["image_size"]
RANDOM = np.random.default_rng(20261130)
# Kinds that are refused though Pillow opens them (docs/formats.md, Images).
OTHER_FORMATS = {"gif", "bmp", "tiff", "ppm", "jpeg 2000", "ico", "tga"}
# Kinds that are used though Pillow refuses them.
MORE = {"png, damaged comment before its pixels"}


def scene(width=150, height=110, mode="RGBA"):
    """A drawing with edges, text-like strokes and gradients; what is not drawn on is transparent white."""
    image = Image.new("RGBA", (width, height), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = (int(v) for v in RANDOM.integers(0, [width, height]))
        w, h = (int(v) for v in RANDOM.integers(4, [width // 2 + 5, height // 2 + 5]))
        colour = tuple(int(v) for v in RANDOM.integers(0, 256, 4))
        shape = draw.ellipse if RANDOM.integers(2) else draw.rectangle
        shape((x - w, y - h, x + w, y + h), fill=colour if RANDOM.integers(3) else None, outline=colour)
        draw.line((x, y, x + w, y - h), fill=(0, 0, 0, 255), width=int(RANDOM.integers(1, 4)))
    if mode == "RGBA":
        return image
    flat = Image.alpha_composite(Image.new("RGBA", image.size, (200, 215, 190, 255)), image).convert("RGB")
    return flat if mode == "RGB" else flat.convert(mode)


def hidden(colour, **size):
    image = scene(**size)
    values = np.asarray(image).copy()
    values[values[:, :, 3] == 0, :3] = colour
    return Image.fromarray(values)


def sixteen_bit(mode):
    values = np.asarray(scene(mode=mode)).astype(np.uint32)
    values = (values * 257 // (1 if mode != "L" else 90) + RANDOM.integers(0, 60, values.shape)).clip(0, 65535)
    height, width = values.shape[:2]
    colour = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}[mode]
    rows = values.reshape(height, -1).astype(">u2")
    return png(width, height, 16, colour, [row.tobytes() for row in rows])


def few_bits(depth):
    values = np.asarray(scene(mode="L")) >> (8 - depth)
    height, width = values.shape
    bits = (values[:, :, None] >> np.arange(depth - 1, -1, -1)) & 1
    rows = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    return png(width, height, depth, 0, [row.tobytes() for row in rows])


def animation(kind, mode="RGBA", **options):
    return encoded(scene(mode=mode), kind, save_all=True, append_images=[scene(mode=mode), scene(mode=mode)], duration=50,
                 **options)


def images():
    rgb = scene(mode="RGB")
    cmyk = Image.fromarray(np.dstack([np.asarray(scene(mode="RGB")), np.asarray(scene(mode="L")) // 3]), "CMYK")
    whole_png, whole_jpeg = encoded(rgb, "PNG"), encoded(rgb, "JPEG", quality=90)
    bad_comment = chunk(b"tEXt", b"a\0b", b"oops")
    exif = Image.Exif()
    exif[0x0112] = 6
    palette = scene(mode="RGB").quantize(40)
    transparent = scene().quantize(60)
    one_colour = scene(mode="RGB").quantize(30)
    noise = Image.fromarray(RANDOM.integers(0, 256, (90, 120, 3), dtype=np.uint8))
    return {
        "png": whole_png,
        "png 1 bit": encoded(scene(mode="L").convert("1"), "PNG"),
        "png 1 bit, a scan of thin lines": encoded(scene(700, 500, "L").convert("1"), "PNG"),
        "png grey": encoded(scene(mode="L"), "PNG"),
        "png grey 1 bit by hand": few_bits(1),
        "png grey 2 bit": few_bits(2),
        "png grey 4 bit": few_bits(4),
        "png grey 16 bit": sixteen_bit("L"),
        "png grey and alpha": encoded(hidden((255, 255, 255)).convert("LA"), "PNG"),
        "png grey and alpha 16 bit": sixteen_bit("LA"),
        "png rgb 16 bit": sixteen_bit("RGB"),
        "png rgba, hidden white": encoded(hidden((255, 255, 255)), "PNG"),
        "png rgba, hidden black": encoded(hidden((0, 0, 0)), "PNG"),
        "png rgba, hidden red": encoded(hidden((255, 0, 0)), "PNG"),
        "png rgba, of the model's size": encoded(hidden((255, 255, 255), width=SIZE, height=SIZE), "PNG"),
        "png rgba, smaller than the model": encoded(hidden((255, 255, 255), width=20, height=30), "PNG"),
        "png rgba 16 bit": sixteen_bit("RGBA"),
        "png rgba, all transparent": encoded(Image.new("RGBA", (80, 60), (12, 200, 90, 0)), "PNG"),
        "png rgba, nearly transparent": encoded(Image.fromarray(np.dstack([np.asarray(noise)] + [np.full((90, 120), 2, np.uint8)])), "PNG"),
        "png palette": encoded(palette, "PNG"),
        "png palette of 2 colours": encoded(rgb.quantize(2), "PNG"),
        "png palette of 4 colours": encoded(rgb.quantize(4), "PNG"),
        "png palette of 16 colours": encoded(rgb.quantize(16), "PNG"),
        "png palette of 256 colours": encoded(noise.quantize(256), "PNG"),
        "png palette with alphas": encoded(transparent, "PNG"),
        "png palette with one transparent colour": encoded(one_colour, "PNG", transparency=3),
        "png palette, tall": encoded(scene(60, 700, "RGB").quantize(50), "PNG"),
        "png palette, of the model's size": encoded(scene(SIZE, SIZE, "RGB").quantize(50), "PNG"),
        "png rgb with a transparent colour": encoded(rgb, "PNG", transparency=(255, 255, 255)),
        "png grey with a transparent value": encoded(scene(mode="L"), "PNG", transparency=255),
        "png interlaced": raw_interlaced(),
        "png with gamma and profile": with_chunk(whole_png, chunk(b"gAMA", struct.pack(">I", 100000))),
        "png animated": animation("PNG"),
        "png turned by exif": encoded(rgb, "PNG", exif=exif.tobytes()),
        "png without end": whole_png[:-12],
        "png cut in the checksum of its pixels": whole_png[:-14],
        "png, pixels with a wrong checksum": whole_png[:-16] + b"oops" + whole_png[-12:],
        "png with bytes after its end": whole_png + b"<html>" * 30,
        "png with a damaged comment after its pixels": with_chunk(whole_png, bad_comment, before=b"IEND"),
        "png, damaged comment before its pixels": with_chunk(whole_png, bad_comment),
        "png cut in its pixels": whole_png[:len(whole_png) // 2],
        "png one pixel wide": encoded(scene(1, 90, "RGB"), "PNG"),
        "png very wide": encoded(scene(900, 20, "RGBA"), "PNG"),
        "jpeg": whole_jpeg,
        "jpeg grey": encoded(scene(mode="L"), "JPEG", quality=90),
        "jpeg cmyk": encoded(cmyk, "JPEG", quality=90),
        "jpeg cmyk, tall": encoded(cmyk.resize((70, 400)), "JPEG", quality=90),
        "jpeg progressive": encoded(rgb, "JPEG", progressive=True),
        "jpeg 4:4:4": encoded(rgb, "JPEG", subsampling=0),
        "jpeg of rgb components": encoded(rgb, "JPEG", keep_rgb=True),
        "jpeg turned by exif": encoded(rgb, "JPEG", exif=exif.tobytes()),
        "jpeg with stray bytes": whole_jpeg[:20] + b"junk" + whole_jpeg[20:],
        "jpeg with filling bytes": whole_jpeg[:2] + b"\xff" * 7 + whole_jpeg[2:],
        "jpeg with zeros instead of an end": whole_jpeg[:-2] + bytes(400),
        "jpeg with bytes after its end": whole_jpeg + b"more" * 99,
        "jpeg cut in its data": whole_jpeg[:len(whole_jpeg) // 2],
        "jpeg of many pictures (mpo)": encoded(rgb, "MPO", save_all=True, append_images=[scene(mode="RGB")]),
        "webp": encoded(rgb, "WEBP", quality=85),
        "webp lossless": encoded(rgb, "WEBP", lossless=True),
        "webp rgba, hidden white": encoded(hidden((255, 255, 255)), "WEBP", lossless=True, exact=True),
        "webp rgba, lossy": encoded(hidden((255, 255, 255)), "WEBP", quality=85),
        "webp animated": animation("WEBP", lossless=True),
        "webp animated rgb": animation("WEBP", "RGB", quality=85),
        "webp cut": encoded(rgb, "WEBP")[:-40],
        "gif": encoded(palette, "GIF"),
        "bmp": encoded(rgb, "BMP"),
        "tiff": encoded(rgb, "TIFF"),
        "ppm": encoded(rgb, "PPM"),
        "ico": encoded(rgb, "ICO"),
        "tga": encoded(rgb, "TGA"),
        "jpeg 2000": encoded(rgb, "JPEG2000"),
        "no image": b"<html>404</html>",
        "an empty file": b"",
    }


def raw_interlaced():
    """Adam7, which Pillow does not write."""
    values = np.asarray(scene(mode="RGBA"))
    height, width = values.shape[:2]
    rows = []
    for x, y, dx, dy in (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2):
        rows += [row.tobytes() for row in values[y::dy, x::dx]]
    return png(width, height, 8, 6, rows, interlace=1)


def members(files):
    for i, (name, content) in enumerate(files.items()):
        extension = "webp" if name.startswith("webp") else "jpg" if name.startswith("jpeg") else "png"
        yield f"{i:03}.{extension}", content
        yield f"{i:03}.txt", name.encode()


def main():
    warnings.simplefilter("ignore")
    helip = sys.argv[1]
    files = images()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        clip = SmallClip(folder / "model")
        tar = write_tar(folder / "images.tar", members(files))
        done = subprocess.run([helip, "embed", "--model", clip.folder, "--corpus", tar, "--out", folder / "out",
                               "--threads", "1"], capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr
        found = rows_of(folder / "out", "img_emb")
        left_out = {json.loads(line)["sample"] for line in (folder / "out/quarantine.jsonl").read_text().splitlines()}
        problems, compared = [], 0
        for i, (name, content) in enumerate(files.items()):
            image = opened(content)
            is_used = image is not None and name not in OTHER_FORMATS or name in MORE
            if (i in left_out) == is_used:
                problems.append(f"{name}: {'left out' if is_used else 'used'}")
            elif is_used and image is not None:
                compared += 1
                reached = cosine(clip.of_image(image), found[i])
                if not reached >= COSINE:
                    problems.append(f"{name}: cosine {reached:.6f}")
        assert compared >= 55, compared
        assert not problems, "\n".join(problems)
        print(f"{len(files)} images, {compared} compared")


if __name__ == "__main__":
    main()
