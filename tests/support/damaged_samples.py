"""Samples as the web gives them: every kind of damage, and what is odd but good. Standard library alone.

usage: damaged_samples.py OUT.tar
OUT.tar: the members KIND.EXTENSION of each kind in order, before them kinds.json: {KIND: beginning of the reason, empty if good}.
"""
import io
import json
import pathlib
import struct
import sys
import tarfile
import typing
import zlib

import png_chunks

DECODE = pathlib.Path(__file__).resolve().parent.parent / "golden" / "decode"
# What a bomb inflates to: more than the tests grant in memory.
BOMB_BYTES = 320 << 20
# Just within the 8 MB that libpng grants one chunk if it is not told otherwise.
COMMENT_BYTES = 7_900_000


class Member(typing.NamedTuple):
    extension: str
    content: bytes
    type: bytes = tarfile.REGTYPE


class Kind(typing.NamedTuple):
    name: str
    members: list
    reason: str  # how it begins; empty: the sample is good after all


def add(tar, name, member):
    """One member of a sample, named NAME.EXTENSION."""
    entry = tarfile.TarInfo(f"{name}.{member.extension}")
    entry.type = member.type
    entry.size = len(member.content)
    tar.addfile(entry, io.BytesIO(member.content))


def bomb(size, begin=b"", filler=b"\0"):
    """Inflates to `begin` and many times `filler`, `size` bytes in all."""
    packer = zlib.compressobj(9)
    count, rest = divmod(size - len(begin), 1 << 20)
    blocks = [packer.compress(begin), *(packer.compress(filler * (1 << 20)) for _ in range(count)), packer.compress(filler * rest)]
    return b"".join(blocks) + packer.flush()


def profile_header(size):
    """Returns the header of an ICC profile of `size` bytes without tags: libpng inflates nothing behind a header that it does not
    believe."""
    return struct.pack(">I4xI4s4s4s12x4s4x4x4x4x8xIIII52x", size, 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp", 0, 0xF6D6,
                       0x10000, 0xD32D)


def png(side, depth=8, pixels=None, before=()):
    """RGB; `pixels`: the compressed rows, black ones if not given; `before`: (type, content) of chunks before them."""
    rows = zlib.compress(bytes(side * (1 + 3 * side))) if pixels is None else pixels
    header = png_chunks.header(side, side, depth, 2)
    return png_chunks.joined([(b"IHDR", header), *before, (b"IDAT", rows), (b"IEND", b"")])


def webp(chunks):
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2) for name, content in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1:]


def jpeg_of_side(jpeg, side):
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", side, side) + jpeg[at + 4:]


def kinds(bomb_bytes=BOMB_BYTES):
    golden = {file.name: file.read_bytes() for file in DECODE.iterdir()}
    jpeg, rgb, lossy = golden["jpeg_420.jpg"], golden["png_rgb.png"], golden["webp_lossy.webp"]
    inflating = bomb(bomb_bytes)
    profile = bomb(bomb_bytes, profile_header(bomb_bytes))
    comments = [(b"zTXt", b"Comment\0\0" + bomb(COMMENT_BYTES, filler=b"a"))] * -(-bomb_bytes // COMMENT_BYTES)
    animation = webp([(b"VP8X", b"\x02\0\0\0\x03\0\0\x03\0\0"), (b"ANIM", bytes(6)), (b"ANMF", b"")])
    wide = webp([(b"VP8L", b"\x2f" + struct.pack("<I", 16383 | 16383 << 14))])

    def image(name, extension, content, reason):
        return Kind(name, [Member(extension, content), Member("txt", b"a caption")], reason)

    def caption(name, extension, content, reason):
        return Kind(name, [Member("png", png(6)), Member(extension, content)], reason)

    return [
        image("jpeg_cut", "jpg", jpeg[: len(jpeg) // 2], "JPEG image cannot be decoded"),
        image("jpeg_marker", "jpg", flipped(jpeg, 3), "JPEG image cannot be decoded"),
        image("jpeg_65000", "jpg", jpeg_of_side(golden["jpeg_444.jpg"], 65_000), "JPEG image has a size out of bounds"),
        image("jpeg_65535", "jpg", jpeg_of_side(golden["jpeg_444.jpg"], 65_535), "JPEG image cannot be decoded"),
        image("no_bytes", "jpg", b"", "image format is not known; expected JPEG, PNG or WebP; found an empty"),
        image("gif", "jpg", b"GIF89a\x01\x02", "image format is not known"),
        image("page", "jpg", b"<!DOCTYPE html><title>404</title>", "image format is not known"),
        image("png_cut", "png", rgb[:-30], "PNG image cannot be decoded"),
        image("png_checksum", "png", flipped(rgb, len(rgb) - 18), "PNG image cannot be decoded"),
        image("png_65535", "png", png(65_535, pixels=b""), "PNG image has a size out of bounds"),
        image("png_60000_deep", "png", png(60_000, depth=16, pixels=b""), "PNG image has a size out of bounds"),
        image("webp_cut", "webp", lossy[: len(lossy) // 2], "WebP image cannot be decoded"),
        image("webp_animation", "webp", animation, "WebP image cannot be decoded; found the animation is damaged"),
        image("webp_16384", "webp", wide, "WebP image has a size out of bounds"),
        caption("not_utf8", "txt", b"caf\xe9", "the caption is not valid UTF-8"),
        caption("blank", "txt", b" \n\t", "the caption is empty"),
        caption("no_text", "txt", b"", "the caption is empty"),
        caption("long", "txt", b"a" * ((1 << 20) + 1), "the caption is larger than 1 MiB"),
        caption("no_field", "json", b'{"url":"x"}', "the json has no field caption"),
        caption("half_json", "json", b'{"caption":', "the caption's json is not JSON"),
        caption("list", "json", b'{"caption":["a"]}', "the json's field caption is a list; expected a string"),
        # No pairs.
        caption("no_caption", "xml", b"<a/>", "an image without a caption"),
        Kind("no_image", [Member("txt", b"a caption")], "a caption without an image"),
        image("bmp", "bmp", b"BM", "an image of a format that is not read"),
        Kind("link", [Member("jpg", b"", tarfile.SYMTYPE), Member("txt", b"a caption")], "its image or caption is a link, and links are not followed"),
        # Odd, but good.
        image("cmyk", "jpg", golden["jpeg_cmyk.jpg"], ""),
        image("jpeg_named_png", "png", jpeg, ""),
        caption("python_json", "json", b'{"caption": "a cat", "score": NaN, "cut": "\\ud83d"}', ""),
        image("png_named_jpg", "jpg", golden["png_grey_16bit.png"], ""),
        # Good if nobody keeps what they inflate to.
        image("bomb_of_pixels", "png", png(6, pixels=inflating), ""),
        image("bomb_in_comment", "png", png(6, before=[(b"zTXt", b"Comment\0\0" + inflating)]), ""),
        image("bomb_in_comments", "png", png(6, before=comments), ""),
        image("bomb_in_profile", "png", png(6, before=[(b"iCCP", b"profile\0\0" + profile)]), ""),
    ]


def main():
    out = pathlib.Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as tar:
        every = kinds()
        add(tar, "kinds", Member("json", json.dumps({kind.name: kind.reason for kind in every}).encode()))
        for kind in every:
            for member in kind.members:
                add(tar, kind.name, member)


if __name__ == "__main__":
    main()
