"""Hostile and damaged checkpoints, with the Python standard library alone: run `python make.py` in this folder.

files.jsonl  one object a line: name, the words that the refusal must hold, and the file's bytes: hex, with runs of one byte
             as [byte, length]

None of them is ever given to Python's pickle or torch.load: some would run commands there.
"""
import io
import json
import re
import struct
import zipfile

from hostile import DATA, archive, files, hostile, state, tensor
from pickles import code, sizes, tensors, wrong_pickles


def replaced(content, at, value):
    return content[:at] + value + content[at + len(value):]


def containers():
    good = archive(state(tensor()))
    end = good.rindex(b"PK\x05\x06")
    directory = struct.unpack("<I", good[end + 16:end + 20])[0]
    headers = [directory]
    while headers[-1] < end:
        lengths = struct.unpack("<HHH", good[headers[-1] + 28:headers[-1] + 34])
        headers.append(headers[-1] + 46 + sum(lengths))
    headers.pop()
    pickle_header, data_header, version_header = headers
    local = struct.unpack("<I", good[data_header + 42:data_header + 46])[0]

    hostile("zip: empty file", "found an empty file", b"")
    hostile("zip: four bytes", "no end record", good[:4])
    hostile("zip: text", "found a pointer of Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    hostile("zip: a web page", "found a page of HTML", b"<!DOCTYPE html><html><body>Not found</body></html>")
    for length in (30, 60, len(good) // 4, len(good) // 2, directory, directory + 20, end, end + 10, len(good) - 1):
        hostile(f"zip: cut to {length} bytes", "no end record", good[:length])
    hostile("zip: a byte after the end", "no end record", good + b"x")
    hostile("zip: wrong CRC of data", "CRC-32", replaced(good, data_header + 16, b"\0\0\0\0"))
    hostile("zip: wrong CRC of the pickle", "CRC-32", replaced(good, pickle_header + 16, b"\0\0\0\0"))
    hostile("zip: flipped data", "CRC-32", replaced(good, good.index(DATA), b"\xff"))
    hostile("zip: flipped pickle", "CRC-32", replaced(good, good.index(b"_rebuild"), b"X"))
    for name, at, value, words in [
            ("directory offset beyond the file", end + 16, b"\xf0\xff\xff\xff", "directory lies outside"),
            ("directory offset of the end record", end + 16, struct.pack("<I", end), "lies outside"),
            ("directory offset too small", end + 16, struct.pack("<I", directory - 1), "fewer entries"),
            ("directory size beyond the file", end + 12, b"\xff\xff\xff\x7f", "directory lies outside"),
            ("directory size too small", end + 12, struct.pack("<I", 50), "more entries than"),
            ("more entries than there are", end + 10, struct.pack("<H", 4), "more entries than"),
            ("65,535 entries", end + 10, b"\xff\xff", "more entries than"),
            ("fewer entries than there are", end + 10, struct.pack("<H", 2), "more entries than it says"),
            ("no entry", end + 10, struct.pack("<H", 0), "more entries than it says"),
            ("a signature in the directory", data_header, b"PK\x01\x03", "fewer entries"),
            ("name longer than the directory", version_header + 28, b"\xff\xff", "cut off"),
            ("extra longer than the directory", version_header + 30, b"\xff\xff", "cut off"),
            ("comment longer than the directory", version_header + 32, b"\xff\xff", "cut off"),
            ("entry points outside", data_header + 42, b"\xf0\xff\xff\xff", "lies outside"),
            ("entry points into the directory", data_header + 42, struct.pack("<I", directory), "not where"),
            ("entry points at another", data_header + 42, struct.pack("<I", 0), "not where"),
            ("entry of 4 GB", data_header + 20, b"\xfe\xff\xff\xff" * 2, "lies outside"),
            ("entry into the directory", data_header + 20, struct.pack("<I", directory - local) * 2, "lies outside"),
            ("entry of two sizes", data_header + 24, struct.pack("<I", 1 << 20), "two sizes"),
            ("entry of zip64 size without the field", data_header + 20, b"\xff\xff\xff\xff" * 2, "lies outside"),
            ("entry one byte short", data_header + 20, struct.pack("<I", 15) * 2, "CRC-32"),
            ("encrypted entry", data_header + 8, b"\x01\x00", "compressed or encrypted"),
            ("encrypted pickle", pickle_header + 8, b"\x01\x00", "compressed or encrypted"),
            ("another method in the directory", data_header + 10, b"\x08\x00", "not where"),
            ("local name differs", local + 30, b"X", "not where"),
            ("local name longer", local + 26, b"\xff\xff", "lies outside"),
            ("local extra longer", local + 28, b"\xff\xff", "lies outside"),
            ("local signature", local, b"PK\x03\x05", "not where"),
            ("local method differs", local + 8, b"\x08\x00", "not where"),
    ]:
        hostile(f"zip: {name}", words, replaced(good, at, value))
    locator = struct.pack("<IIQI", 0x07064B50, 0, 2**62, 1)
    hostile("zip: zip64 end record outside", "lies outside", good[:end] + locator + good[end:])
    hostile("zip: zip64 end record elsewhere", "no zip64 end record",
            good[:end] + struct.pack("<IIQI", 0x07064B50, 0, 0, 1) + good[end:])
    for name, count, size, offset, words in [
            ("2**60 entries", 2**60, end - directory, directory, "more entries than"),
            ("size of 2**63", 3, 2**63, directory, "directory lies outside"),
            ("offset of 2**64 - 1", 3, end - directory, 2**64 - 1, "directory lies outside")]:
        record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, offset)
        hostile(f"zip: zip64 {name}", words,
                good[:end] + record + struct.pack("<IIQI", 0x07064B50, 0, end, 1) + good[end:])
    hostile("zip: duplicate names", "there twice", archive(state(tensor()), more=[("archive/data/0", DATA)]))
    hostile("zip: two archives", "two archives", archive(state(tensor()), more=[("other/data.pkl", b"\x80\x02}.")]))
    hostile("zip: no data.pkl", "without data.pkl", archive(b"").replace(b"data.pkl", b"data.pkm"))
    hostile("zip: no folder", "without data.pkl", archive(b"", folder="").replace(b"/data.pkl", b"Xdata.pkl"))
    hostile("zip: compressed", "compressed or encrypted", archive(state(tensor()), method=zipfile.ZIP_DEFLATED))
    hostile("zip: compressed by LZMA", "compressed or encrypted", archive(state(tensor()), method=zipfile.ZIP_LZMA))
    hostile("zip: compression bomb of 20 MB", "compressed or encrypted",
            archive(b"\x80\x02" + b"]" * 20_000_000, method=zipfile.ZIP_DEFLATED, records={}))
    hostile("zip: big-endian", "byte order", archive(state(tensor()), more=[("archive/byteorder", b"big")]))
    hostile("zip: byte order unknown", "byte order", archive(state(tensor()), more=[("archive/byteorder", b"")]))


def safetensors():
    def file(header, data=DATA):
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(raw)) + raw + data

    def entry(dtype="F32", shape=(4,), offsets=(0, 16)):
        return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}

    for name, words, content in [
            ("header length of 2**63", "not a safetensors file", b"\0" * 7 + b"\x80{}"),
            ("header longer than the file", "not a safetensors file", struct.pack("<Q", 100) + b"{}"),
            ("header of 17 MiB", "not a safetensors file", struct.pack("<Q", 17 << 20) + b"{}"),
            ("header cut off", "not a safetensors file", file({"w": entry()})[:40]),
            ("data cut off", "outside the file", file({"w": entry()})[:-1]),
            ("data too long", "does not end", file({"w": entry()}) + b"x"),
            ("not JSON", "not JSON", file(b"{'w': 1}")),
            ("JSON nested 100,000 deep", "nested too deep", file(b'{"w":' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
            ("JSON list", "not a JSON object", file([])),
            ("no tensor", "no tensor", file({}, b"")),
            ("entry without dtype", "malformed", file({"w": {"shape": [4], "data_offsets": [0, 16]}})),
            ("dtype of a number", "malformed", file({"w": {**entry(), "dtype": 1}})),
            ("unknown dtype", "unknown dtype", file({"w": entry("F4")})),
            ("negative shape", "not whole numbers", file({"w": entry(shape=(-4,))})),
            ("fractional shape", "not whole numbers", file({"w": entry(shape=(4.5,))})),
            ("absurd shape", "absurd shape", file({"w": entry(shape=(2**40, 2**40))})),
            ("shape of another size", "do not fit", file({"w": entry(shape=(3,))})),
            ("one offset", "no pair", file({"w": entry(offsets=(0,))})),
            ("offsets backwards", "outside the file", file({"w": entry(offsets=(16, 0))})),
            ("offsets outside", "outside the file", file({"w": entry(offsets=(0, 2**40))})),
            ("offsets overlap", "overlaps", file({"a": entry(), "b": entry()})),
            ("a gap", "gap", file({"w": entry("U8", (8,), (8, 16))})),
            ("metadata of numbers", "not text", file({"__metadata__": {"a": 1}, "w": entry()})),
            ("a tensor twice", "twice", file(json.dumps({"w": entry(), "v": entry()}).replace('"v"', '"w"').encode())),
            ("one name after unwrapping", "one name",
             file({"w": entry("U8", (8,), (0, 8)), "module.w": entry("U8", (8,), (8, 16))})),
    ]:
        hostile(f"safetensors: {name}", words, content)


def runs(content):
    parts = []
    at = 0
    for run in re.finditer(rb"(.)\1{99,}", content, re.DOTALL):
        parts += [content[at:run.start()].hex(), [run.group(1)[0], len(run.group())]]
        at = run.end()
    return parts + [content[at:].hex()]


def main():
    for group in (code, wrong_pickles, sizes, tensors, containers, safetensors):
        group()
    assert zipfile.ZipFile(io.BytesIO(archive(state(tensor())))).testzip() is None
    with open("files.jsonl", "w") as out:
        for name, (words, content) in files.items():
            line = {"name": name, "words": words, "content": runs(content)}
            out.write(json.dumps(line) + "\n")
    print(len(files), "files")


if __name__ == "__main__":
    main()
