#!/usr/bin/env python3
"""Small pictures in files with a defect, and what Pillow reads of them: make_golden.py. Writes data.bin (files and pixels) and
cases.json beside this script. `rgb` is missing where Pillow refuses the file.

needs: pip install pillow==13.0.0 numpy
"""
import io
import json
import pathlib
import struct
import sys
import warnings
import zlib

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "support"))
from png_chunks import SIGNATURE, chunk  # noqa: E402

HERE = pathlib.Path(__file__).parent
RNG = np.random.default_rng(7)


def damaged_chunk(name, content):
    whole = chunk(name, content)
    return whole[:-1] + bytes([whole[-1] ^ 1])


def header(colour=2, extra=b"", interlace=0, compression=0):
    return struct.pack(">IIBBBBB", 8, 8, 8, colour, compression, 0, interlace) + extra


def rows(length, limit=256):
    return b"".join(b"\0" + RNG.integers(0, limit, length, dtype=np.uint8).tobytes() for _ in range(8))


RGB = rows(24)
PIXELS = zlib.compress(RGB)
INDICES = zlib.compress(rows(8, 8))
IHDR, IDAT, IEND = chunk(b"IHDR", header()), chunk(b"IDAT", PIXELS), chunk(b"IEND", b"")
TIME = chunk(b"tIME", bytes(7))
COMMENT = chunk(b"tEXt", b"a\0" + b"b" * 90)
INDEXED = chunk(b"IHDR", header(3))


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


FRAMES = [Image.fromarray(RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)) for _ in range(3)]
MOVING = saved(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:])


def pngs():
    """name: (file, whether it has a defect that is counted)"""
    whole = IHDR + IDAT
    return {
        "png, whole": (whole + IEND, False),
        "png without end chunk": (whole, True),
        "png cut in the checksum of its pixels": (whole[:-2], True),
        "png cut before the checksum of its pixels": (whole[:-4], True),
        "png cut in the checksum of zlib": (whole[:-6], True),
        "png cut in its last pixels": (whole[:-14], None),
        "png cut in its end chunk": (whole + IEND[:-3], True),
        "png, pixels with a wrong checksum": (IHDR + damaged_chunk(b"IDAT", PIXELS) + IEND, True),
        "png, end with a wrong checksum": (whole + damaged_chunk(b"IEND", b""), True),
        "png, header with a wrong checksum": (damaged_chunk(b"IHDR", header()) + IDAT + IEND, None),
        "png, comment before with a wrong checksum": (IHDR + damaged_chunk(b"tIME", bytes(7)) + IDAT + IEND, "more"),
        "png, comment after with a wrong checksum": (whole + damaged_chunk(b"tIME", bytes(7)) + IEND, True),
        "png cut in a comment after the pixels": (whole + COMMENT[:-30], None),
        "png cut in the head of a comment": (whole + COMMENT[:6], True),
        "png, end chunk that says to be long": (whole + b"\0\0\x10\0" + IEND[4:], True),
        "png animated, cut in its second picture": (MOVING[8:-60], False),
        "png animated, cut in its first picture": (MOVING[8:MOVING.index(b"IDAT") + 90], None),
        "png with bytes after its end": (whole + IEND + b"hello" * 9, False),
        "png with zeros instead of an end": (whole + bytes(99), True),
        "png with text instead of an end": (whole + b"hello" * 9, None),
        "png, bytes after the pixels in their chunk": (IHDR + chunk(b"IDAT", PIXELS + b"xxxx") + IEND, False),
        "png, more rows than its height": (IHDR + chunk(b"IDAT", zlib.compress(RGB + bytes(75))) + IEND, False),
        "png, wrong checksum of zlib": (IHDR + chunk(b"IDAT", PIXELS[:-4] + b"abcd") + IEND, None),
        "png, half a row missing": (IHDR + chunk(b"IDAT", zlib.compress(RGB[:-10])) + IEND, None),
        "png, unknown filter": (IHDR + chunk(b"IDAT", zlib.compress(b"\x09" + RGB[1:])) + IEND, None),
        "png, pixels in three chunks": (
            IHDR + chunk(b"IDAT", PIXELS[:9]) + chunk(b"IDAT", b"") + chunk(b"IDAT", PIXELS[9:]) + IEND, False),
        "png, pixels parted by a comment": (IHDR + chunk(b"IDAT", PIXELS[:9]) + TIME + chunk(b"IDAT", PIXELS[9:]) + IEND, None),
        "png, pixels again after a comment": (whole + TIME + chunk(b"IDAT", b"what") + IEND, False),
        "png, unknown critical chunk": (IHDR + chunk(b"ABCD", b"xx") + IDAT + IEND, False),
        "png, comment before the header": (TIME + whole + IEND, False),
        "png, header twice": (IHDR + whole + IEND, False),
        "png, long header": (chunk(b"IHDR", header(extra=b"xx")) + IDAT + IEND, False),
        "png, unknown compression": (chunk(b"IHDR", header(compression=9)) + IDAT + IEND, False),
        "png without pixels": (IHDR + IEND, None),
        "png, length beyond the file": (IHDR + b"\x7f\xff\xff\xffIDAT" + PIXELS, True),
        "png, comment that is no zlib": (IHDR + chunk(b"zTXt", b"a\0\0zzzz") + IDAT + IEND, False),
        "png, profile that is no zlib": (IHDR + chunk(b"iCCP", b"a\0\0zzzz") + IDAT + IEND, False),
        "png, palette after rgb pixels": (whole + chunk(b"PLTE", b"abc") + IEND, False),
        "png, name that is no text": (whole + chunk(b"ab\xe9d", b"abc") + IEND, True),
        "png without palette": (INDEXED + chunk(b"IDAT", INDICES) + IEND, False),
        "png, palette of 5 bytes": (INDEXED + chunk(b"PLTE", b"abcde") + chunk(b"IDAT", INDICES) + IEND, False),
        "png, two palettes": (
            INDEXED + chunk(b"PLTE", b"abcdef" * 4) + chunk(b"PLTE", b"ghijklm" * 3) + chunk(b"IDAT", INDICES) + IEND, False),
        "png, palette of 300 colours": (INDEXED + chunk(b"PLTE", b"abc" * 300) + chunk(b"IDAT", INDICES) + IEND, None),
        "png, palette after its pixels": (INDEXED + chunk(b"IDAT", INDICES) + chunk(b"PLTE", b"ghi" * 9) + IEND, False),
    }


def jpegs():
    blocks = RNG.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    image = Image.fromarray(np.kron(blocks, np.ones((8, 8, 1), dtype=np.uint8)))
    one, many = saved(image, "JPEG", quality=85), saved(image, "JPEG", quality=85, progressive=True)
    # Pillow reads a file that ends with its data where none of their last bits are looked ahead at.
    return {
        "jpeg, whole": (one, False),
        "jpeg without end marker": (one[:-2], "more"),
        "jpeg with half an end marker": (one[:-1], "more"),
        "jpeg cut in its data": (one[:-12], None),
        "jpeg with zeros instead of an end": (one[:-2] + bytes(500), True),
        "jpeg with text instead of an end": (one[:-2] + b"hello" * 50, True),
        "jpeg, marker in its data": (one[:-40] + b"\xff\xe9\x71\xbb" + one[-36:], True),
        "jpeg, stray bytes and a damaged table": (
            one[:20] + b"abcd" + one[20:one.index(b"\xff\xc4") + 5] + b"\xff" * 8 + one[one.index(b"\xff\xc4") + 13:], None),
        "jpeg with bytes after its end": (one + b"hello" * 50, False),
        "jpeg with bytes before its start": (b"\0" + one, None),
        "jpeg with filling bytes": (one[:2] + b"\xff" * 5 + one[2:], False),
        "jpeg with stray bytes between markers": (one[:20] + b"abcd" + one[20:], True),
        "progressive jpeg without end marker": (many[:-2], None),
        "progressive jpeg with text instead of an end": (many[:-2] + b"hello" * 50, None),
    }


def webps():
    frames = [Image.fromarray(RNG.integers(0, 256, (8, 8, 4), dtype=np.uint8)) for _ in range(3)]
    still = saved(frames[0], "WEBP", lossless=True)
    moving = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    opaque = [frame.convert("RGB") for frame in frames]
    return {
        "webp, whole": (still, False),
        "webp with bytes after its end": (still + b"hello", False),
        "webp cut": (still[:-9], None),
        "webp, length beyond the file": (still[:4] + struct.pack("<I", len(still) + 99) + still[8:], None),
        "webp animation": (moving, True),
        "webp animation of rgb": (saved(opaque[0], "WEBP", save_all=True, append_images=opaque[1:], quality=80), True),
        "webp animation, cut": (moving[:-40], None),
    }


def main():
    data = bytearray()

    def put(content):
        data.extend(content)
        return [len(data) - len(content), len(content)]

    cases = []
    warnings.simplefilter("ignore")
    files = {name: (SIGNATURE + file, defect) for name, (file, defect) in pngs().items()} | jpegs() | webps()
    for name, (encoded, defect) in files.items():
        case = {"name": name, "file": put(encoded)}
        try:
            case["rgb"] = put(Image.open(io.BytesIO(encoded)).convert("RGB").tobytes())
        except (OSError, SyntaxError, ValueError):
            pass
        # "more": read here though Pillow refuses it, since no pixel is in doubt.
        assert ("rgb" in case) == (defect not in (None, "more")), name
        case["is_read"] = defect is not None
        case["has_defect"] = bool(defect)
        cases.append(case)
    (HERE / "data.bin").write_bytes(bytes(data))
    (HERE / "cases.json").write_text(json.dumps(cases, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
