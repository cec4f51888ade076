#!/usr/bin/env python3
"""Tokens of Hugging Face's `tokenizers`: make_golden.py CAPTIONS.json TOKENIZER.json OUTPUT_FOLDER

TOKENIZER.json is all-MiniLM-L6-v2's. Its vocabulary is cut down to single characters and what the captions need, and
renumbered; the expected tokens are those of the cut-down tokenizer.json, which is written beside them.
"""
import json
import os
import sys

from tokenizers import Tokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        captions = json.load(file)
    texts = captions["plain"] + captions["random"] + captions["mojibake"]
    with open(sys.argv[2], encoding="utf-8") as file:
        definition = json.load(file)
    definition["truncation"] = definition["padding"] = None
    full = Tokenizer.from_str(json.dumps(definition))

    needed = set()
    for text in texts:
        needed.update(full.encode(text).tokens)
    vocabulary = definition["model"]["vocab"]
    kept = [t for t in vocabulary if t in needed or len(t) == 1 or (len(t) == 3 and t.startswith("##"))]
    kept = SPECIAL + [t for t in kept if t not in SPECIAL]
    definition["model"]["vocab"] = {token: i for i, token in enumerate(kept)}
    for token in definition["added_tokens"]:
        token["id"] = kept.index(token["content"])
    for name, token in definition["post_processor"]["special_tokens"].items():
        token["ids"] = [kept.index(name)]
    small = Tokenizer.from_str(json.dumps(definition))

    cases = [{"text": text, "tokens": small.encode(text).ids} for text in texts]
    with open(os.path.join(sys.argv[3], "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(definition, file, ensure_ascii=False, separators=(",", ":"))
    with open(os.path.join(sys.argv[3], "cases.json"), "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    print(len(cases), "cases,", len(kept), "tokens")


if __name__ == "__main__":
    main()
