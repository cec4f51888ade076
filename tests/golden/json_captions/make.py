#!/usr/bin/env python3
"""JSON texts as found beside images, and what Python makes of their field "caption": make.py OUTPUT.json

Each case has the bytes (`json`, as Latin-1) and one of: `clean`, the caption as open_clip's tokenizer cleans it; `kind` of a value
that is no string; `missing`; `top`, the kind of a text that is no object; `refused`, json.loads takes it for no JSON.
needs: pip install open_clip_torch==3.3.0 ftfy==6.3.1
"""
import json
import random
import sys

from open_clip import tokenizer as clip

VALUES = [
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1E-999", "9" * 400, "-" + "9" * 400, "0." + "3" * 400, "0", "-0", "-0.0e0", "1E5", "1e+5", "1e-5", "1.5", "12",
    '"\\ud83d"', '"\\ude00"', '"\\ud83d\\ude00"', '"\\ud83d x"', '"\\uDC00\\uD800"', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"', '"é😀"', '""', '"\x7f"', "[]", "{}", "[ ]", "{ }",
    "[1, [2, {\"a\": [NaN]}], \"x\"]", '{"caption": "inner"}', '{"a": {"b": {"c": []}}}', "[" * 500 + "]" * 500, '{"a":' * 300 + "1" + "}" * 300, "true", "false", "null",
    "01", "-01", "1.", ".5", "+1", "-", "--1", "1e", "1e+", "1.e5", "0x10", "1_000", "nan", "-NaN", "+Infinity", "Infinit", "InfinityX", "Inf", "tru", "True", "None", "undefined",
    "'x'", '"\\x41"', '"\\u00e"', '"\\u+123"', '"\\u00g0"', '"\\', '"\t"', '"\n"', '"\x00"', '"open', "[1,]", "[,1]", "[1 2]", "[1}", "{]", '{"a"}', '{"a":}', '{"a":1,}', "{1:2}", "[", "{", "", "/*c*/1", "1//c", "\u00a01", "\ufeff1",
]
TEXTS = [
    "", " ", "\n", "{", "[]", "{}", " {} ", "\ufeff{}", "[1]", '"caption"', "12", "null", "true", "NaN", '[{"caption": "x"}]', '{"caption": "x"} ', '{"caption": "x"}\x0b', '{"caption": "x"}\x00', '{"caption": "x"} {}', '{"caption": "x"}\n{"caption": "y"}\n',
    '{"caption": "first", "caption": "last"}', '{"caption": "first", "caption": NaN}', '{"caption": [], "caption": "last"}', '{"Caption": "x", "caption ": "y", "": "z"}', '{"\\u0063aption": "escaped name"}', '{"a": {"caption": "inner"}}', '{"a": ["caption", "x"], "caption": "outer"}',
    "{'caption': 'x'}", '{caption: "x"}', '{"caption" : \t\r\n"white"\n}', '{"caption": "a", // c\n "b": 1}', '\ufeff\ufeff{"caption": "two marks"}', '{"caption": "\ufeffmark inside"}', '{"caption": "cafÃ©", "x": "\\ud83d"}', '{"caption": "cafÃ© \\ud83d"}', '{"caption": "a\\u0000b \\u2028 \\ufffe"}',
    '{"caption": "\\u00c3\\u00a9 &amp;amp; x"}', '{"caption": "\\ud83d\\ude00 \\ude00\\ud83d \\ud83d\\u0041"}', '{"caption": "x", "\\ud83d": 1}',
]
BYTES = [
    b'{"caption": "\xff"}', b'{"caption": "x", "b": "\xff"}', b'{"\xc3": 1}', b'{"caption": "\xed\xa0\xbd"}', b'{"caption": "\xed\xa0\xbd\xed\xb8\x80"}', b'{"caption": "\\ud83d\xed\xb8\x80"}', b'{"caption": "\xc0\x80"}', b'{"caption": "\xed\xa0"}', b'{"caption": "\xf4\x90\x80\x80"}', b'{"caption": "caf\xe9"}',
    b"\xff\xfe{", b"\xfe\xff{}", b"\x00", b"{\x00", b"\x00{", b"\x00\x00\x00{", b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00{\x00\x00", b"\x00\x00\x11\x00", b"\x1f\x8b\x08\x00",
]


def kind(value):
    if value is None:
        return "null"
    for names, text in ((bool, "a boolean"), ((int, float), "a number"), (str, "a string"), (list, "a list"), (dict, "an object")):
        if isinstance(value, names):
            return text


def case(content):
    one = {"json": content.decode("latin-1")}
    try:
        value = json.loads(content)
    except ValueError:
        return {**one, "refused": True}
    if not isinstance(value, dict):
        return {**one, "top": kind(value)}
    if "caption" not in value:
        return {**one, "missing": True}
    caption = value["caption"]
    if not isinstance(caption, str):
        return {**one, "kind": kind(caption)}
    return {**one, "clean": clip.whitespace_clean(clip.basic_clean(caption))}


def contents():
    for value in VALUES:
        yield ('{"caption": "a cat", "similarity": %s}' % value).encode()
        yield ('{"n": 1, "caption": %s}' % value).encode()
    for text in TEXTS:
        yield text.encode()
    yield from BYTES
    for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        for text in ('{"caption": "a cat 😀 é", "n": NaN}', '{"caption": "\ud83d"}', "[]", "{}", "1"):
            yield text.encode(name, "surrogatepass")
        yield '{"caption": "cut"}'.encode(name)[:-1]
    rng = random.Random(20240607)
    whole = '{"caption": "a \\u00e9 cat", "n": [1.5e3, NaN, {"a": null}], "t": true}'.encode()
    for _ in range(120):
        content = bytearray(whole)
        for _ in range(rng.randrange(1, 3)):
            at = rng.randrange(len(content))
            how = rng.randrange(3)
            if how == 0:
                del content[at]
            elif how == 1:
                content[at] = rng.choice(b'{}[]",:\\ue0N-.\x00\xc3 1')
            else:
                content.insert(at, rng.choice(b'{}[]",:\\ue0N-.\x00\xc3 1'))
        yield bytes(content)


def main():
    cases = [case(content) for content in dict.fromkeys(contents())]
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")
    print(len(cases), "texts,", sum("refused" in one for one in cases), "refused")


if __name__ == "__main__":
    main()
