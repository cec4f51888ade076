#!/usr/bin/env python3
"""Makes small tars in the formats Python's tarfile writes, and expected.json with what they hold.

Run in this folder; it writes ustar.tar, gnu.tar, pax.tar and expected.json.
"""
import hashlib
import io
import json
import tarfile

LONG = "a_long_folder_name/" * 9 + "000000001"
NAMES = [
    "plain/000000000",
    LONG,
    "bücher/straße",
]
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def content(name, extension):
    seed = hashlib.sha256(f"{name}.{extension}".encode()).digest()
    return seed * (3 + len(name) % 40) if extension == "png" else f"caption of {name}".encode()


def main():
    expected = {}
    for label, form in FORMATS.items():
        names = [n for n in NAMES if label != "ustar" or n != LONG]
        if label == "ustar":
            names.insert(1, "prefix_field/" * 9 + "000000001")
        with tarfile.open(f"{label}.tar", "w", format=form, encoding="utf-8") as tar:
            folder = tarfile.TarInfo("plain")
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
            for name in names:
                for extension in ("png", "txt"):
                    data = content(name, extension)
                    info = tarfile.TarInfo(f"{name}.{extension}")
                    info.size = len(data)
                    info.mtime = 1.5 if label == "pax" else 1
                    tar.addfile(info, io.BytesIO(data))
        members = []
        with tarfile.open(f"{label}.tar", encoding="utf-8") as tar:
            for info in tar:
                data = tar.extractfile(info).read() if info.isfile() else b""
                members.append({
                    "name": info.name + ("/" if info.isdir() else ""),
                    "is_file": info.isfile(),
                    "data_offset": info.offset_data,
                    "size": info.size,
                    "sha256": hashlib.sha256(data).hexdigest(),
                })
        expected[label] = members
    with open("expected.json", "w", encoding="utf-8") as file:
        json.dump(expected, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
