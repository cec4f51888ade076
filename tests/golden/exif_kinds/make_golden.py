#!/usr/bin/env python3
"""Files that say in every possible way how they are to be turned, and how Pillow turns them: make_golden.py. Writes files.bin
and cases.json beside this script.

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
from PIL import Image, ImageOps

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "support"))
from png_chunks import chunk  # noqa: E402

HERE = pathlib.Path(__file__).parent
# No two turns give the same picture.
PICTURE = Image.fromarray(np.kron(np.array([[0, 255, 255], [60, 190, 60]], dtype=np.uint8), np.ones((8, 8), dtype=np.uint8)))
PREFIX = b"Exif\0\0"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}


def tiff(*entries, order="<", magic=None, offset=8):
    """entries: (tag, type, count, up to 4 bytes in place, or more bytes kept after the directory)"""
    mark = magic or (b"II*\0" if order == "<" else b"MM\0*")
    head = mark + struct.pack(order + "L", offset) + bytes(offset - 8)
    after = offset + 2 + 12 * len(entries) + 4
    body, kept = struct.pack(order + "H", len(entries)), b""
    for tag, kind, count, value in entries:
        field = value.ljust(4, b"\0")
        if len(value) > 4:
            field = struct.pack(order + "L", after + len(kept))
            kept += value
        body += struct.pack(order + "HHL", tag, kind, count) + field
    return head + body + struct.pack(order + "L", 0) + kept


def turned(value, kind=3, form="H", count=1, order="<", before=()):
    values = value if isinstance(value, tuple) else (value,)
    return tiff(*before, (0x0112, kind, count, struct.pack(order + form, *values)), order=order)


def jpeg(*segments, picture=PICTURE, fill=b""):
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    whole = out.getvalue()
    return whole[:2] + b"".join(fill + b"\xff\xe1" + struct.pack(">H", len(s) + 2) + s for s in segments) + whole[2:]


def png(*before, after=(), picture=PICTURE):
    out = io.BytesIO()
    picture.save(out, "PNG")
    whole = out.getvalue()
    data, end = whole.index(b"IDAT") - 4, whole.index(b"IEND") - 4
    return whole[:data] + b"".join(before) + whole[data:end] + b"".join(after) + whole[end:]


def animated_png(*before, after=()):
    out = io.BytesIO()
    PICTURE.save(out, "PNG", save_all=True, append_images=[PICTURE.transpose(TURNS[3])])
    whole = out.getvalue()
    data, end = whole.index(b"IDAT") - 4, whole.index(b"IEND") - 4
    return whole[:data] + b"".join(before) + whole[data:end] + b"".join(after) + whole[end:]


def webp(**options):
    out = io.BytesIO()
    PICTURE.save(out, "WEBP", lossless=True, **options)
    return out.getvalue()


def xmp(orientation, element=False):
    said = f"<tiff:Orientation>{orientation}</tiff:Orientation>" if element else ""
    attribute = "" if element else f' tiff:Orientation="{orientation}"'
    return (f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
            f'{attribute}>{said}</rdf:Description></rdf:RDF></x:xmpmeta>').encode()


def profile(exif, name="exif", digits=72):
    text = exif.hex()
    lines = "\n".join(text[i:i + digits] for i in range(0, len(text), digits))
    return f"\n{name}\n{len(exif):8}\n{lines}\n".encode()


def text(key, value):
    return chunk(b"tEXt", key + b"\0" + value)


def compressed(key, value):
    return chunk(b"zTXt", key + b"\0\0" + zlib.compress(value))


def international(key, value, is_compressed=False):
    return chunk(b"iTXt", key + (b"\0\1\0" if is_compressed else b"\0\0\0") + b"\0\0" +
                 (zlib.compress(value) if is_compressed else value))


def files():
    exif = {n: PREFIX + turned(n) for n in range(10)}
    big = PREFIX + turned(6, order=">")
    long_first = (0x010E, 2, 40, b"d" * 39 + b"\0")
    cases = {f"jpeg, orientation {n}": jpeg(exif[n]) for n in range(10)}
    cases |= {
        "jpeg, big-endian": jpeg(big),
        "jpeg, other magic": jpeg(PREFIX + tiff((0x0112, 3, 1, b"\6\0"), magic=b"II\0*")),
        "jpeg, big-endian, other magic": jpeg(PREFIX + tiff((0x0112, 3, 1, b"\0\6"), order=">", magic=b"MM*\0")),
        "jpeg, magic of a big tiff": jpeg(PREFIX + tiff((0x0112, 3, 1, b"\0\6"), order=">", magic=b"MM\0+")),
        "jpeg, little magic of a big tiff": jpeg(PREFIX + tiff((0x0112, 3, 1, b"\6\0"), magic=b"II+\0")),
        "jpeg, wrong magic": jpeg(PREFIX + tiff((0x0112, 3, 1, b"\6\0"), magic=b"XX*\0")),
        "jpeg, directory further on": jpeg(PREFIX + tiff((0x0112, 3, 1, b"\6\0"), offset=40)),
        "jpeg, long": jpeg(PREFIX + turned(6, 4, "L")),
        "jpeg, big-endian long": jpeg(PREFIX + turned(6, 4, "L", order=">")),
        "jpeg, byte": jpeg(PREFIX + turned(6, 1, "B")),
        "jpeg, text": jpeg(PREFIX + turned(b"6", 2, "2s", count=2)),
        "jpeg, undefined": jpeg(PREFIX + turned(6, 7, "B")),
        "jpeg, signed byte": jpeg(PREFIX + turned(6, 6, "b")),
        "jpeg, signed short": jpeg(PREFIX + turned(6, 8, "h")),
        "jpeg, signed long": jpeg(PREFIX + turned(6, 9, "l")),
        "jpeg, float": jpeg(PREFIX + turned(6.0, 11, "f")),
        "jpeg, float between": jpeg(PREFIX + turned(6.5, 11, "f")),
        "jpeg, double": jpeg(PREFIX + turned(6.0, 12, "d")),
        "jpeg, ratio": jpeg(PREFIX + turned((6, 1), 5, "LL")),
        "jpeg, ratio of 12 and 2": jpeg(PREFIX + turned((12, 2), 5, "LL", order=">", count=1)),
        "jpeg, ratio over 0": jpeg(PREFIX + turned((6, 0), 5, "LL")),
        "jpeg, signed ratio": jpeg(PREFIX + turned((-6, -1), 10, "ll")),
        "jpeg, directory type": jpeg(PREFIX + turned(6, 13, "L")),
        "jpeg, 8 bytes": jpeg(PREFIX + turned(6, 16, "Q")),
        "jpeg, unknown type": jpeg(PREFIX + turned(6, 14, "H")),
        "jpeg, two shorts": jpeg(PREFIX + turned((6, 3), 3, "HH", count=2)),
        "jpeg, three shorts": jpeg(PREFIX + turned((6, 3, 1), 3, "HHH", count=3)),
        "jpeg, no value": jpeg(PREFIX + turned(6, count=0)),
        "jpeg, no value, then one": jpeg(PREFIX + turned(6, before=[(0x0112, 3, 0, b"\3\0")])),
        "jpeg, field twice": jpeg(PREFIX + turned(6, before=[(0x0112, 3, 1, b"\3\0")])),
        "jpeg, after a long field": jpeg(PREFIX + turned(6, before=[long_first])),
        "jpeg, after a field beyond the end": jpeg(PREFIX + tiff((0x010E, 2, 9, b"\xff\0\0\0"), (0x0112, 3, 1, b"\6\0"))),
        "jpeg, after a field larger than the data": jpeg(
            PREFIX + tiff((0x010E, 2, 999999, b"\xff\0\0\0"), (0x0112, 3, 1, b"\6\0"))),
        "jpeg, after a field of an unknown type": jpeg(PREFIX + turned(6, before=[(0x010E, 99, 9, b"\xff\xff\xff\xff")])),
        "jpeg, directory cut": jpeg((PREFIX + turned(6))[:-8]),
        "jpeg, directory cut after the field": jpeg((PREFIX + turned(6))[:-4]),
        "jpeg, directory beyond the end": jpeg(PREFIX + b"II*\0\xff\xff\0\0"),
        "jpeg, half a header": jpeg(PREFIX + b"II*\0"),
        "jpeg, no data": jpeg(PREFIX),
        "jpeg, no data, xmp": jpeg(PREFIX, XMP_PREFIX + xmp(6)),
        "jpeg, prefix twice": jpeg(PREFIX + exif[6]),
        "jpeg, prefix three times": jpeg(PREFIX + PREFIX + exif[6]),
        "jpeg, two segments": jpeg((PREFIX + turned(6))[:20], PREFIX + turned(6)[14:]),
        "jpeg, another segment first": jpeg(b"something else", exif[6]),
        "jpeg, filling bytes": jpeg(exif[6], fill=b"\xff\xff\xff"),
        "jpeg, after other segments": jpeg().replace(b"\xff\xdb", b"\xff\xe1" + struct.pack(">H", len(exif[8]) + 2) + exif[8] +
                                                     b"\xff\xdb", 1),
        "jpeg, stray bytes before": (lambda f: f[:20] + b"ab" + f[20:])(
            jpeg().replace(b"\xff\xdb", b"\xff\xe1" + struct.pack(">H", len(exif[8]) + 2) + exif[8] + b"\xff\xdb", 1)),
        "jpeg, xmp attribute": jpeg(XMP_PREFIX + xmp(6)),
        "jpeg, xmp element": jpeg(XMP_PREFIX + xmp(8, element=True)),
        "jpeg, xmp twice": jpeg(XMP_PREFIX + xmp(6), XMP_PREFIX + xmp(8)),
        "jpeg, xmp of 9": jpeg(XMP_PREFIX + xmp(9)),
        "jpeg, xmp without a digit, then one": jpeg(XMP_PREFIX + xmp("x") + xmp(7)),
        "jpeg, xmp of a name in quotes of another kind": jpeg(XMP_PREFIX + xmp(6).replace(b'"', b"'")),
        "jpeg, exif before xmp": jpeg(exif[3], XMP_PREFIX + xmp(6)),
        "jpeg, exif of 9 before xmp": jpeg(exif[9], XMP_PREFIX + xmp(6)),
        "jpeg, exif without the field, xmp": jpeg(PREFIX + tiff((0x010E, 2, 2, b"a\0")), XMP_PREFIX + xmp(6)),
        "jpeg, cmyk": jpeg(exif[6], picture=PICTURE.convert("CMYK")),
        "jpeg, rgb": jpeg(exif[7], picture=PICTURE.convert("RGB")),
        "png, chunk": png(chunk(b"eXIf", turned(6))),
        "png, chunk after the pixels": png(after=[chunk(b"eXIf", turned(6))]),
        "png, two chunks": png(chunk(b"eXIf", turned(3)), after=[chunk(b"eXIf", turned(6))]),
        "png, chunk with the prefix of jpeg": png(chunk(b"eXIf", exif[6])),
        "png, chunk of big-endian": png(chunk(b"eXIf", turned(8, order=">"))),
        "png, profile": png(text(b"Raw profile type exif", profile(exif[6]))),
        "png, profile compressed": png(compressed(b"Raw profile type exif", profile(exif[6]))),
        "png, profile international": png(international(b"Raw profile type exif", profile(exif[6]))),
        "png, profile international and compressed": png(international(b"Raw profile type exif", profile(exif[6]), True)),
        "png, profile international, not utf-8": png(international(b"Raw profile type exif", b"\xe9" + profile(exif[6]))),
        "png, profile after the pixels": png(after=[compressed(b"Raw profile type exif", profile(exif[6]))]),
        "png, profile of app1": png(compressed(b"Raw profile type APP1", profile(exif[6], "APP1"))),
        "png, profile in one line": png(text(b"Raw profile type exif", profile(exif[6], digits=9999))),
        "png, profile with spaces": png(text(b"Raw profile type exif", profile(exif[6], digits=2).replace(b"\n", b"\n "))),
        "png, profile with capitals": png(text(b"Raw profile type exif", b"\nexif\n 1\n" + exif[6].hex().upper().encode())),
        "png, chunk before profile": png(chunk(b"eXIf", turned(3)), text(b"Raw profile type exif", profile(exif[6]))),
        "png, text named exif": png(text(b"exif", exif[6])),
        "png, xmp": png(international(b"XML:com.adobe.xmp", xmp(6))),
        "png, xmp compressed": png(international(b"XML:com.adobe.xmp", xmp(6, element=True), True)),
        "png, xmp as text": png(text(b"XML:com.adobe.xmp", xmp(6))),
        "png, xmp after the pixels": png(after=[international(b"XML:com.adobe.xmp", xmp(8))]),
        "png, xmp that is not utf-8": png(international(b"XML:com.adobe.xmp", b"\xe9" + xmp(6))),
        "png, animated, in front": animated_png(chunk(b"eXIf", turned(6))),
        "png, animated, behind the first picture": animated_png(after=[chunk(b"eXIf", turned(6))]),
        "png, rgba": png(chunk(b"eXIf", turned(6)), picture=PICTURE.convert("RGBA")),
        "png, palette": png(chunk(b"eXIf", turned(6)), picture=PICTURE.convert("P")),
        "png, 1 bit": png(chunk(b"eXIf", turned(6)), picture=PICTURE.convert("1")),
        "png, 16 bit": png(chunk(b"eXIf", turned(6)), picture=PICTURE.convert("I;16")),
        "webp, exif": webp(exif=turned(6)),
        "webp, exif with the prefix of jpeg": webp(exif=exif[6]),
        "webp, xmp": webp(xmp=xmp(6)),
        "webp, exif before xmp": webp(exif=turned(3), xmp=xmp(6)),
        "webp, nothing": webp(),
    }
    return cases


def turn_of(encoded):
    """How Pillow turns it; 1 where it fails over the data."""
    with Image.open(io.BytesIO(encoded)) as image:
        image.load()
        try:
            upright = ImageOps.exif_transpose(image)
        except (SyntaxError, ValueError, TypeError, struct.error):
            return 1
        found = [1] if upright.tobytes() == image.tobytes() and upright.size == image.size else []
        found += [n for n, turn in TURNS.items() if image.transpose(turn).tobytes() == upright.tobytes() and
                  image.transpose(turn).size == upright.size]
        assert len(found) == 1, found
        return found[0]


def main():
    warnings.simplefilter("ignore")
    data, cases = bytearray(), []
    for name, encoded in files().items():
        cases.append({"name": name, "file": [len(data), len(encoded)], "orientation": turn_of(encoded)})
        data += encoded
    (HERE / "files.bin").write_bytes(bytes(data))
    (HERE / "cases.json").write_text(json.dumps(cases, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
