#!/usr/bin/env python3
"""open_clip's tokens of the captions: make_golden.py CAPTIONS.json OUTPUT.json

Needs open_clip_torch 3.3.0 (with ftfy 6.3.1). HELIP leaves mojibake unrepaired: captions that ftfy repairs are listed apart,
with the tokens that open_clip gives when ftfy's repair of encodings is off.
"""
import functools
import json
import sys
import unicodedata

import ftfy
from open_clip import tokenizer as clip

REPAIR = ftfy.fix_text
NO_REPAIR = functools.partial(ftfy.fix_text, fix_encoding=False)


def case(tokenizer, text):
    cleaned = clip.whitespace_clean(clip.basic_clean(text))
    tokens = tokenizer(text)[0].tolist()
    while tokens[-1] == 0:
        tokens.pop()
    return {
        "text": text,
        "clean": cleaned,
        "tokens": tokens,
        "key": unicodedata.normalize("NFKC", cleaned).casefold(),
    }


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        captions = json.load(file)
    tokenizer = clip.SimpleTokenizer()
    equal, repaired = [], []
    for text in captions["plain"] + captions["random"] + captions["mojibake"]:
        clip.ftfy.fix_text = REPAIR
        full = case(tokenizer, text)
        clip.ftfy.fix_text = NO_REPAIR
        plain = case(tokenizer, text)
        if full == plain:
            equal.append(full)
        else:
            plain["open_clip"] = full["tokens"]
            repaired.append(plain)
    for group in (equal, repaired):
        for one in group:
            if one["key"] == one["clean"]:
                del one["key"]
            if one["clean"] == one["text"]:
                del one["clean"]
    print(len(equal), "equal,", len(repaired), "repaired by ftfy")
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.write('{"cases": [\n' + ",\n".join(json.dumps(c) for c in equal) + "\n],\n")
        file.write('"repaired_by_ftfy": [\n' + ",\n".join(json.dumps(c) for c in repaired) + "\n]}\n")


if __name__ == "__main__":
    main()
