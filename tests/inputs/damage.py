"""Ways to damage bytes, texts and files. Each takes a random.Random and returns what is damaged and how, in words."""

import json
import os
import re
import shutil
import socket

NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF]
WORDS = [
    "-1", "0", "1e999", "-1e999", "NaN", ".nan", ".inf", "-.inf", "Infinity", "0x10", "0777", "1_000", "9" * 300,
    "18446744073709551616", "9223372036854775808", "-9223372036854775809", "4294967296", "1.5", "1e-320", "", "null", "~",
    "true", "[]", "{}", "[1, 2]", "{a: b}", '"', "'", "\\", "*a", "&a", "!!binary x", "|", ">", "? ", "- ", "%YAML 9", "...",
    "---", "\t", "\u202e", "\x1b[31m", "é" * 200, "x" * 5000, "${HOME}", "$", "~root", "../../..", "/",
    "con\nfig", "a\0b", "\ud800", "{0..9999999999}", "{", "}", "{{}}", "{a,}" * 40, "*" * 3000,
    "[" * 3000, "::", "a::" * 300,
]
# Only for what is read: a fault of a program that writes must not harm the machine.
READ_WORDS = [*WORDS, "/dev/null", "/dev/zero", "/proc/self/mem"]


def ends(rng, content):
    at = rng.randrange(len(content) + 1)
    return at, min(len(content), at + rng.choice([1, 2, 4, 16, 100, 512, 1024]))


def flip(rng, content):
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        at = rng.randrange(len(content))
        content[at] ^= 1 << rng.randrange(8)
    return bytes(content)


def cut(rng, content):
    return content[: rng.randrange(len(content))]


def lose(rng, content):
    first, last = ends(rng, content)
    return content[:first] + content[last:]


def insert(rng, content):
    at, _ = ends(rng, content)
    return content[:at] + rng.randbytes(rng.choice([1, 2, 7, 64, 512, 5000])) + content[at:]


def repeat(rng, content):
    first, last = ends(rng, content)
    return content[:last] + content[first:last] * rng.choice([1, 2, 50]) + content[last:]


def zero(rng, content):
    first, last = ends(rng, content)
    return content[:first] + bytes(last - first) + content[last:]


def fill(rng, content):
    first, last = ends(rng, content)
    return content[:first] + b"\xff" * (last - first) + content[last:]


def number(rng, content):
    size, order = rng.choice([1, 2, 4, 8]), rng.choice(["little", "big"])
    at = rng.randrange(max(1, min(len(content) - size, rng.choice([64, 512, len(content)]))))
    return content[:at] + (rng.choice(NUMBERS) & (256**size - 1)).to_bytes(size, order) + content[at + size :]


def swap(rng, content):
    places = sorted(rng.randrange(len(content) + 1) for _ in range(3))
    a, b, c = places
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def grow(rng, content):
    return content + rng.choice([b"\0" * 1024, b"\n" * 3000, b"x" * 70000, rng.randbytes(600), content])


def other(rng, _content):
    return rng.choice(
        [
            b"", b"\0", b"\n", b"\0" * 4096, b"\xff" * 700, rng.randbytes(300), b"<!DOCTYPE html><title>404</title>",
            b"\x1f\x8b\x08\0" + rng.randbytes(50), b"PK\x03\x04" + rng.randbytes(80), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0",
            b"RIFF\xff\xff\xff\xffWEBP", b"\x93NUMPY\x01\0\xff\xff", b"{}", b"[]", b"null",
            b"[" * 100000,
            b'{"a":' * 60000,
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            b"\xef\xbb\xbf",
            "é\n".encode("utf-16"),
            b"\x80\x02}q\0.",
            b"PAR1" + bytes(40),
            b"a" * 100000,
        ]
    )


BYTES = [flip, flip, flip, cut, cut, lose, insert, repeat, zero, fill, number, number, swap, grow, other]


def of_bytes(rng, content):
    how = rng.choice(BYTES)
    return (how(rng, content) if content else other(rng, content)), how.__name__


def of_text(rng, content):
    """Text with another number, word or line; now and then damaged as bytes are."""
    if rng.random() < 0.3:
        return of_bytes(rng, content)
    text = content.decode(errors="surrogateescape")
    how = rng.choice(["number", "number", "word", "word", "line", "twice", "without", "value", "deep", "long", "bytes"])
    lines = text.split("\n")
    if how in ("number", "word"):
        found = list(re.finditer(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?" if how == "number" else r"[A-Za-z_./-]{2,}", text))
        if found:
            one = rng.choice(found)
            text = text[: one.start()] + rng.choice(WORDS) + text[one.end() :]
    elif how == "line":
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(WORDS))
        text = "\n".join(lines)
    elif how == "twice":
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
        text = "\n".join(lines)
    elif how == "without":
        del lines[rng.randrange(len(lines))]
        text = "\n".join(lines)
    elif how == "value":
        found = list(re.finditer(r"(?<=[:=])[^,:={}\n]+", text))
        if found:
            one = rng.choice(found)
            text = text[: one.start()] + " " + rng.choice(WORDS) + text[one.end() :]
    elif how == "deep":
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(["[", "{", "{a: ", '{"a":', "- "]) * rng.choice([10, 1000, 30000]) + text[at:]
    elif how == "long":
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice("x0 -\t") * 100000 + text[at:]
    else:
        at = rng.randrange(len(text) + 1)
        text = (
            text[:at]
            + rng.choice(["\0", "\x1b]0;title\x07", "\udcff\udcfe", "\u2028", "\ufeff", "\r", "\x7f", "\u202e"])
            + text[at:]
        )
    return text.encode(errors="surrogateescape" if "\ud800" not in text else "surrogatepass"), f"text {how}"


def of_json(rng, content):
    """A value of another type or size somewhere in the JSON, or damaged text."""
    if rng.random() < 0.4:
        return of_text(rng, content)
    value = json.loads(content)
    places = []

    def walk(node):
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in items:
            places.append((node, key))
            walk(child)

    walk(value)
    if not places:
        return other(rng, content), "json other"
    node, key = rng.choice(places)
    how = rng.choice(["value", "value", "value", "lose", "rename"])
    if how == "lose":
        del node[key]
    elif how == "rename" and isinstance(node, dict):
        node[rng.choice(["", "x" * 3000, "\u202e", "a\0b", str(key).upper(), f"{key}2"])] = node.pop(key)
    else:
        node[key] = rng.choice(
            [
                None, True, -1, 0, 1, 2**31, 2**63, 2**64, 10**300, 1.5, float("nan"), float("inf"), -0.0, 1e308, "", "x" * 5000,
                "\x1b[31m\u202e",
                "../../../etc/passwd", "/dev/zero", [], {}, [[]], [None], [0], [1, 2, 3], [-1], {"a": 1}, [[[[[[[[]]]]]]]],
                ["a"] * 3000, [0] * 3000, "0" * 64, "\ud800", "NaN", "random",
            ]
        )
    return json.dumps(value).encode(), f"json {how} of {str(key)[:40]}"


def of_file_itself(rng, path):
    """Replaces a file or folder by something that it should not be. Returns what it is now."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()
    how = rng.choice(
        ["missing", "folder", "full folder", "loop", "dangling", "pipe", "socket", "null", "zero", "denied", "empty", "itself"]
    )
    if how == "folder":
        path.mkdir()
    elif how == "full folder":
        path.mkdir()
        (path / "x.txt").write_text("x")
    elif how == "loop":
        path.symlink_to(path)
    elif how == "dangling":
        path.symlink_to(path.parent / "no such file")
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            here = os.getcwd()
            os.chdir(path.parent)
            one.bind(path.name)
            os.chdir(here)
    elif how == "null":
        path.symlink_to("/dev/null")
    elif how == "zero":
        path.symlink_to("/dev/zero")
    elif how == "denied":
        path.write_bytes(b"secret")
        path.chmod(0)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "itself":
        path.symlink_to(path.parent)
    return how
