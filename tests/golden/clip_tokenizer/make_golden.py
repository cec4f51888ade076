#!/usr/bin/env python3
"""open_clip's tokens of the captions: make_golden.py CAPTIONS.json OUTPUT.json

"cases" are the captions as they stand, "long" those of a `part` that is repeated `times` times.
needs: pip install open_clip_torch==3.3.0 ftfy==6.3.1
"""
import json
import sys
import unicodedata

from open_clip import tokenizer as clip


def tokens_of(tokenizer, text):
    tokens = tokenizer(text)[0].tolist()
    while tokens[-1] == 0:
        tokens.pop()
    return tokens


def case(tokenizer, text):
    cleaned = clip.whitespace_clean(clip.basic_clean(text))
    one = {"text": text, "clean": cleaned, "tokens": tokens_of(tokenizer, text), "key": unicodedata.normalize("NFKC", cleaned).casefold()}
    if one["key"] == one["clean"]:
        del one["key"]
    if one["clean"] == one["text"]:
        del one["clean"]
    return one


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        captions = json.load(file)
    tokenizer = clip.SimpleTokenizer()
    texts = dict.fromkeys(captions["plain"] + captions["random"] + captions["mojibake"] + captions["awkward"])
    cases = [case(tokenizer, text) for text in texts]
    long = [{"part": part, "times": times, "tokens": tokens_of(tokenizer, part * times)} for part, times in captions["long"]]
    print(len(cases), "captions,", len(long), "long ones")
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.write('{"cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n],\n")
        file.write('"long": [\n' + ",\n".join(json.dumps(c) for c in long) + "\n]}\n")


if __name__ == "__main__":
    main()
