"""Ways to damage tars, pictures, arrays and checkpoints whose checksums and lengths still fit."""

import io
import pathlib
import struct
import sys
import zipfile
import zlib

from damage import NUMBERS, of_bytes, of_json

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import png_chunks  # noqa: E402

WEBP_NAMES = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"EXIF", b"XMP ", b"ICCP", b"abcd"]
PNG_NAMES = [b"PLTE", b"tRNS", b"IDAT", b"fdAT", b"acTL", b"iCCP", b"eXIf", b"gAMA", b"\0\0\0\0", b"abcd", b"ABCD"]


def of_tar(rng, content):
    """Bytes, or a field of a header with a checksum that fits."""
    headers = [at for at in range(0, len(content) - 511, 512) if content[at + 257 : at + 262] == b"ustar"]
    if rng.random() < 0.4 or not headers:
        return of_bytes(rng, content)
    content = bytearray(content)
    at = rng.choice(headers)
    field, first, size = rng.choice(
        [
            ("name", 0, 100), ("size", 124, 12), ("size", 124, 12), ("size", 124, 12), ("type", 156, 1), ("type", 156, 1),
            ("link", 157, 100), ("magic", 257, 8), ("prefix", 345, 155), ("mode", 100, 8), ("time", 136, 12),
        ]
    )
    if field == "size":
        value = rng.choice(
            [
                b"77777777777\0", b"\x80" + (2**63 - 1).to_bytes(11, "big"), b"\xff" * 12, b"\x80" + bytes(11), b"-0000000001\0",
                b"00000000000\0", b"00000001000\0", b"           \0", b"zzzzzzzzzzz\0", b"\x80" + (2**40).to_bytes(11, "big"),
            ]
        )
    elif field == "type":
        value = rng.choice(
            [b"0", b"\0", b"1", b"2", b"3", b"5", b"6", b"7", b"L", b"K", b"S", b"x", b"g", b"V", b"M", b"D", b"Z", b"\xff"]
        )
    else:
        value = rng.choice(
            [
                b"",
                b"a" * size,
                b"\xff" * size,
                b"../" * 33,
                b"/abs/olute.png",
                b"\x1b[31m.png",
                "ü☃\u202e.txt".encode(), b".", b"..", b".png", b"a.b.c.d.png", b"x" * 90 + b".png", b"__x__", b"a/.png",
                rng.randbytes(size),
            ]
        )
    content[at + first : at + first + size] = value[:size].ljust(size, b"\0")
    content[at + 148 : at + 156] = b" " * 8
    content[at + 148 : at + 156] = b"%06o\0 " % sum(content[at : at + 512])
    return bytes(content), f"tar {field}"


def of_jpeg(rng, content):
    """A marker segment that is changed, lost, moved or has another length."""
    segments, at = [], 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != 0xDA:
        (size,) = struct.unpack(">H", content[at + 2 : at + 4])
        segments.append(content[at : at + 2 + size])
        at += 2 + size
    scan = content[at:]
    if not segments:
        return of_bytes(rng, content)
    how = rng.choice(["content", "content", "length", "lose", "twice", "swap", "marker"])
    one = rng.randrange(len(segments))
    if how == "content":
        body = of_bytes(rng, segments[one][4:] or b"x")[0][:65000]
        segments[one] = segments[one][:2] + struct.pack(">H", len(body) + 2) + body
    elif how == "length":
        segments[one] = segments[one][:2] + struct.pack(">H", rng.choice([0, 1, 2, 3, 255, 65535])) + segments[one][4:]
    elif how == "lose":
        del segments[one]
    elif how == "twice":
        segments.insert(rng.randrange(len(segments)), segments[one])
    elif how == "swap":
        rng.shuffle(segments)
    else:
        segments[one] = bytes([0xFF, rng.randrange(256)]) + segments[one][2:]
    return content[:2] + b"".join(segments) + scan, f"jpeg {how}"


def damage_chunk(rng, parts, names, other):
    """Changes, loses, doubles, moves or renames one of `parts`, each [name, content]. Returns what it did; `other`: nothing
    yet, the caller damages the file in a way of its format."""
    how = rng.choice(["content", "content", "lose", "twice", "swap", "name", other])
    one = rng.randrange(len(parts))
    if how == "content":
        parts[one][1] = of_bytes(rng, parts[one][1])[0][:100000]
    elif how == "lose":
        del parts[one]
    elif how == "twice":
        parts.insert(rng.randrange(len(parts)), list(parts[one]))
    elif how == "swap":
        rng.shuffle(parts)
    elif how == "name":
        parts[one][0] = rng.choice(names)
    return how


def of_webp(rng, content):
    """A chunk that is changed, lost, moved or renamed, in a file of the right length."""
    parts, at = [], 12
    while at + 8 <= len(content):
        (size,) = struct.unpack("<I", content[at + 4 : at + 8])
        parts.append([content[at : at + 4], content[at + 8 : at + 8 + size]])
        at += 8 + size + size % 2
    how = damage_chunk(rng, parts, WEBP_NAMES, "length")
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in parts)
    size = len(body) if how != "length" else rng.choice(NUMBERS) & 0xFFFFFFFF
    return b"RIFF" + struct.pack("<I", size) + body, f"webp {how}"


def of_picture(rng, content):
    """Bytes, or a part of its format that fits its surroundings."""
    if rng.random() < 0.4:
        return of_bytes(rng, content)
    return (of_jpeg if content.startswith(b"\xff\xd8") else of_webp if content.startswith(b"RIFF") else of_png)(rng, content)


def of_png(rng, content):
    """A chunk with a checksum that fits, or rows that inflate."""
    if not content.startswith(png_chunks.SIGNATURE[:4]):
        return of_bytes(rng, content)
    parts = [[name, body] for name, body, _ in png_chunks.chunks(content)]
    how = damage_chunk(rng, parts, PNG_NAMES, "rows")
    if how == "rows":
        rows = b"".join(body for name, body in parts if name == b"IDAT")
        try:
            rows = of_bytes(rng, zlib.decompress(rows))[0]
        except zlib.error:
            pass
        parts = [part for part in parts if part[0] != b"IDAT"]
        parts.insert(max(0, len(parts) - 1), [b"IDAT", zlib.compress(rows)])
    return png_chunks.joined(parts), f"png {how}"


def of_npy(rng, content):
    """Bytes, or a header that reads as one."""
    if rng.random() < 0.5:
        return of_bytes(rng, content)
    (size,) = struct.unpack("<H", content[8:10])
    fields = {"descr": "'<f4'", "fortran_order": "False", "shape": "(40, 8)"}
    how = rng.choice(list(fields))
    fields[how] = {
        "descr": [
            "'<f2'", "'<f8'", "'>f4'", "'|b1'", "'<i8'", "'<u4'", "'|O'", "'|S4'", "[('a', '<f4')]", "''",
            "'" + "x" * 3000 + "'", "None", "'<f99'",
        ],
        "fortran_order": ["True", "1", "None", "'False'", ""],
        "shape": [
            "(0, 8)", "(40, 0)", "(40,)", "()", "(40, 8, 1)", "(99999999999, 8)", "(18446744073709551615, 8)", "(-40, 8)",
            "(4294967296, 4294967296)",
            "(40, 8",
            "(40.0, 8)",
            "(320,)",
            "(20, 16)",
            "(" + "1, " * 3000 + ")",
            "(9" + "9" * 300 + ", 8)",
            "(1, 320)",
        ],
    }[how][rng.randrange({"descr": 13, "fortran_order": 5, "shape": 16}[how])]
    header = ("{" + "".join(f"'{name}': {value}, " for name, value in fields.items()) + "}").encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    if len(header) > 65535:
        header = header[:65535]
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + content[10 + size :], f"npy {how}"


def of_safetensors(rng, content):
    if rng.random() < 0.5 or len(content) < 8:
        return of_bytes(rng, content)
    (size,) = struct.unpack("<Q", content[:8])
    header, how = of_json(rng, content[8 : 8 + size])
    length = len(header) if rng.random() < 0.9 else rng.choice(NUMBERS)
    return struct.pack("<Q", length & (2**64 - 1)) + header + content[8 + size :], f"safetensors {how}"


def of_zip(rng, content):
    """Bytes, or the archive written again with one damaged member, so that every checksum fits."""
    if rng.random() < 0.4:
        return of_bytes(rng, content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except (zipfile.BadZipFile, ValueError):
        return of_bytes(rng, content)
    pickles = [i for i, (name, _) in enumerate(members) if name.endswith(".pkl")]
    at = rng.choice(pickles) if pickles and rng.random() < 0.6 else rng.randrange(len(members))
    how = rng.choice(["content", "content", "content", "lose", "rename", "twice"])
    name, body = members[at]
    if how == "content":
        members[at] = (name, of_bytes(rng, body)[0])
    elif how == "lose":
        del members[at]
    elif how == "rename":
        members[at] = (rng.choice(["", "x" * 5000, "../up", "/abs", "a/b/data.pkl", "\u202e", name.upper()]), body)
    else:
        members.append(members[at])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice([zipfile.ZIP_STORED] * 4 + [zipfile.ZIP_DEFLATED])) as archive:
        for one, body in members:
            archive.writestr(zipfile.ZipInfo(one.replace("\0", "")), body)
    return out.getvalue(), f"zip {how}"
