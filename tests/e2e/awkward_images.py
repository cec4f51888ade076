"""Images of awkward kinds through `helip embed`, beside OpenCLIP's own inference on the same files: whatever Pillow opens of
OpenCLIP's formats must have a cosine of at least 0.9999; the rest must be left out and named.
usage: awkward_images.py HELIP"""

import io
import json
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zlib

import numpy as np
import open_clip
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from PIL import Image, ImageDraw
from safetensors.torch import save_file

LEAST_COSINE = 0.9999
SIZE = 48
RANDOM = np.random.default_rng(20261130)
# Kinds that are refused though Pillow opens them (docs/formats.md, Images).
OTHER_FORMATS = {"gif", "bmp", "tiff", "ppm", "jpeg 2000", "ico", "tga"}
# Kinds that are used though Pillow refuses them.
MORE = {"png, damaged comment before its pixels"}


def make_model(folder):
    torch.manual_seed(7)
    config = {"embed_dim": 32,
              "vision_cfg": {"image_size": SIZE, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
              "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}}
    model = CLIP(config["embed_dim"], CLIPVisionCfg(**config["vision_cfg"]), CLIPTextCfg(**config["text_cfg"]))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2.0)
    folder.mkdir()
    preprocess = {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711],
                  "interpolation": "bicubic", "resize_mode": "shortest", "size": [SIZE, SIZE]}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))
    save_file({name: value.contiguous() for name, value in model.state_dict().items()},
              folder / "open_clip_model.safetensors", metadata={"format": "pt"})


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


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def hidden(colour, **size):
    image = scene(**size)
    values = np.asarray(image).copy()
    values[values[:, :, 3] == 0, :3] = colour
    return Image.fromarray(values)


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def raw_png(width, height, depth, colour, rows, *extra, interlace=0):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def sixteen_bit(mode):
    values = np.asarray(scene(mode=mode)).astype(np.uint32)
    values = (values * 257 // (1 if mode != "L" else 90) + RANDOM.integers(0, 60, values.shape)).clip(0, 65535)
    height, width = values.shape[:2]
    colour = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}[mode]
    rows = values.reshape(height, -1).astype(">u2")
    return raw_png(width, height, 16, colour, [row.tobytes() for row in rows])


def few_bits(depth):
    values = np.asarray(scene(mode="L")) >> (8 - depth)
    height, width = values.shape
    bits = (values[:, :, None] >> np.arange(depth - 1, -1, -1)) & 1
    rows = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    return raw_png(width, height, depth, 0, [row.tobytes() for row in rows])


def animation(kind, mode="RGBA", **options):
    return saved(scene(mode=mode), kind, save_all=True, append_images=[scene(mode=mode), scene(mode=mode)], duration=50,
                 **options)


def with_chunk(png, extra, after=False):
    at = png.index(b"IEND" if after else b"IDAT") - 4
    return png[:at] + extra + png[at:]


def images():
    rgb = scene(mode="RGB")
    cmyk = Image.fromarray(np.dstack([np.asarray(scene(mode="RGB")), np.asarray(scene(mode="L")) // 3]), "CMYK")
    whole_png, whole_jpeg = saved(rgb, "PNG"), saved(rgb, "JPEG", quality=90)
    exif = Image.Exif()
    exif[0x0112] = 6
    palette = scene(mode="RGB").quantize(40)
    transparent = scene().quantize(60)
    one_colour = scene(mode="RGB").quantize(30)
    noise = Image.fromarray(RANDOM.integers(0, 256, (90, 120, 3), dtype=np.uint8))
    return {
        "png": whole_png,
        "png 1 bit": saved(scene(mode="L").convert("1"), "PNG"),
        "png 1 bit, a scan of thin lines": saved(scene(700, 500, "L").convert("1"), "PNG"),
        "png grey": saved(scene(mode="L"), "PNG"),
        "png grey 1 bit by hand": few_bits(1),
        "png grey 2 bit": few_bits(2),
        "png grey 4 bit": few_bits(4),
        "png grey 16 bit": sixteen_bit("L"),
        "png grey and alpha": saved(hidden((255, 255, 255)).convert("LA"), "PNG"),
        "png grey and alpha 16 bit": sixteen_bit("LA"),
        "png rgb 16 bit": sixteen_bit("RGB"),
        "png rgba, hidden white": saved(hidden((255, 255, 255)), "PNG"),
        "png rgba, hidden black": saved(hidden((0, 0, 0)), "PNG"),
        "png rgba, hidden red": saved(hidden((255, 0, 0)), "PNG"),
        "png rgba, of the model's size": saved(hidden((255, 255, 255), width=SIZE, height=SIZE), "PNG"),
        "png rgba, smaller than the model": saved(hidden((255, 255, 255), width=20, height=30), "PNG"),
        "png rgba 16 bit": sixteen_bit("RGBA"),
        "png rgba, all transparent": saved(Image.new("RGBA", (80, 60), (12, 200, 90, 0)), "PNG"),
        "png rgba, nearly transparent": saved(Image.fromarray(np.dstack([np.asarray(noise)] + [np.full((90, 120), 2, np.uint8)])), "PNG"),
        "png palette": saved(palette, "PNG"),
        "png palette of 2 colours": saved(rgb.quantize(2), "PNG"),
        "png palette of 4 colours": saved(rgb.quantize(4), "PNG"),
        "png palette of 16 colours": saved(rgb.quantize(16), "PNG"),
        "png palette of 256 colours": saved(noise.quantize(256), "PNG"),
        "png palette with alphas": saved(transparent, "PNG"),
        "png palette with one transparent colour": saved(one_colour, "PNG", transparency=3),
        "png palette, tall": saved(scene(60, 700, "RGB").quantize(50), "PNG"),
        "png palette, of the model's size": saved(scene(SIZE, SIZE, "RGB").quantize(50), "PNG"),
        "png rgb with a transparent colour": saved(rgb, "PNG", transparency=(255, 255, 255)),
        "png grey with a transparent value": saved(scene(mode="L"), "PNG", transparency=255),
        "png interlaced": raw_interlaced(),
        "png with gamma and profile": with_chunk(whole_png, chunk(b"gAMA", struct.pack(">I", 100000))),
        "png animated": animation("PNG"),
        "png turned by exif": saved(rgb, "PNG", exif=exif.tobytes()),
        "png without end": whole_png[:-12],
        "png cut in the checksum of its pixels": whole_png[:-14],
        "png, pixels with a wrong checksum": whole_png[:-16] + b"oops" + whole_png[-12:],
        "png with bytes after its end": whole_png + b"<html>" * 30,
        "png with a damaged comment after its pixels": with_chunk(whole_png, chunk(b"tEXt", b"a\0b")[:-1] + b"?", after=True),
        "png, damaged comment before its pixels": with_chunk(whole_png, chunk(b"tEXt", b"a\0b")[:-1] + b"?"),
        "png cut in its pixels": whole_png[:len(whole_png) // 2],
        "png one pixel wide": saved(scene(1, 90, "RGB"), "PNG"),
        "png very wide": saved(scene(900, 20, "RGBA"), "PNG"),
        "jpeg": whole_jpeg,
        "jpeg grey": saved(scene(mode="L"), "JPEG", quality=90),
        "jpeg cmyk": saved(cmyk, "JPEG", quality=90),
        "jpeg cmyk, tall": saved(cmyk.resize((70, 400)), "JPEG", quality=90),
        "jpeg progressive": saved(rgb, "JPEG", progressive=True),
        "jpeg 4:4:4": saved(rgb, "JPEG", subsampling=0),
        "jpeg of rgb components": saved(rgb, "JPEG", keep_rgb=True),
        "jpeg turned by exif": saved(rgb, "JPEG", exif=exif.tobytes()),
        "jpeg with stray bytes": whole_jpeg[:20] + b"junk" + whole_jpeg[20:],
        "jpeg with filling bytes": whole_jpeg[:2] + b"\xff" * 7 + whole_jpeg[2:],
        "jpeg with zeros instead of an end": whole_jpeg[:-2] + bytes(400),
        "jpeg with bytes after its end": whole_jpeg + b"more" * 99,
        "jpeg cut in its data": whole_jpeg[:len(whole_jpeg) // 2],
        "jpeg of many pictures (mpo)": saved(rgb, "MPO", save_all=True, append_images=[scene(mode="RGB")]),
        "webp": saved(rgb, "WEBP", quality=85),
        "webp lossless": saved(rgb, "WEBP", lossless=True),
        "webp rgba, hidden white": saved(hidden((255, 255, 255)), "WEBP", lossless=True, exact=True),
        "webp rgba, lossy": saved(hidden((255, 255, 255)), "WEBP", quality=85),
        "webp animated": animation("WEBP", lossless=True),
        "webp animated rgb": animation("WEBP", "RGB", quality=85),
        "webp cut": saved(rgb, "WEBP")[:-40],
        "gif": saved(palette, "GIF"),
        "bmp": saved(rgb, "BMP"),
        "tiff": saved(rgb, "TIFF"),
        "ppm": saved(rgb, "PPM"),
        "ico": saved(rgb, "ICO"),
        "tga": saved(rgb, "TGA"),
        "jpeg 2000": saved(rgb, "JPEG2000"),
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
    return raw_png(width, height, 8, 6, rows, interlace=1)


def write_tar(path, files):
    with tarfile.open(path, "w") as tar:
        for i, (name, content) in enumerate(files.items()):
            extension = "webp" if name.startswith("webp") else "jpg" if name.startswith("jpeg") else "png"
            for member, data in (f"{i:03}.{extension}", content), (f"{i:03}.txt", name.encode()):
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


def expected_embedding(model, preprocess, content):
    """None where Pillow does not open it."""
    try:
        with torch.no_grad():
            return model.encode_image(preprocess(Image.open(io.BytesIO(content)))[None], normalize=True)[0].numpy()
    except (OSError, SyntaxError, ValueError):
        return None


def main():
    warnings.simplefilter("ignore")
    helip = sys.argv[1]
    files = images()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_model(folder / "model")
        write_tar(folder / "images.tar", files)
        done = subprocess.run([helip, "embed", "--model", folder / "model", "--corpus", folder / "images.tar", "--out",
                               folder / "out", "--threads", "1"], capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr
        found = np.load(folder / "out/img_emb/img_emb_0.npy").astype(np.float64)
        left_out = {json.loads(line)["sample"] for line in (folder / "out/quarantine.jsonl").read_text().splitlines()}
        model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder / 'model'}")
        model.eval()
        problems, compared = [], 0
        for i, (name, content) in enumerate(files.items()):
            wanted = expected_embedding(model, preprocess, content)
            is_used = wanted is not None and name not in OTHER_FORMATS or name in MORE
            if (i in left_out) == is_used:
                problems.append(f"{name}: {'left out' if is_used else 'used'}")
            elif is_used and wanted is not None:
                compared += 1
                cosine = float(wanted @ found[i])
                if not cosine >= LEAST_COSINE:
                    problems.append(f"{name}: cosine {cosine:.6f}")
        assert compared >= 55, compared
        assert not problems, "\n".join(problems)
        print(f"{len(files)} images, {compared} compared")


if __name__ == "__main__":
    main()
