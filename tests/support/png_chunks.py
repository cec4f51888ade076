"""PNGs chunk by chunk, for what Pillow does not write. Standard library alone."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name, content, checksum=None):
    """Returns the bytes of a chunk, with its right checksum unless another one is given."""
    right = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + (right if checksum is None else checksum)


def header(width, height, depth, colour, interlace=0):
    """Returns the content of an IHDR chunk."""
    return struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


def png(width, height, depth, colour, rows, *before, interlace=0, level=-1):
    """Returns a PNG of `rows`, the bytes of each row. `before`: chunks before the pixels."""
    data = zlib.compress(b"".join(b"\0" + row for row in rows), level)
    head = chunk(b"IHDR", header(width, height, depth, colour, interlace))
    return SIGNATURE + head + b"".join(before) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunks(content):
    """Yields (name, content, checksum) of each whole chunk of a PNG."""
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + size], content[at + 8 + size : at + 12 + size]
        at += 12 + size


def joined(parts):
    """Returns the PNG of (name, content) or (name, content, checksum) of each chunk."""
    return SIGNATURE + b"".join(chunk(*part) for part in parts)


def with_chunk(content, extra, before=b"IDAT"):
    """Returns the PNG with the bytes `extra` in front of its first chunk named `before`."""
    at = content.index(before) - 4
    return content[:at] + extra + content[at:]
