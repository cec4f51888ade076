#!/usr/bin/env python3
"""Other BERT tokenizers out of tokenizer.json (tokenizers 0.23.3): run it in this folder.

variants.json: for each variant what differs from tokenizer.json (JSON pointers), and the tokens of some of cases.json's
texts, in [position, tokens] pairs.
"""
import copy
import json

from tokenizers import Tokenizer


def changed(definition, changes):
    result = copy.deepcopy(definition)
    for pointer, value in changes.items():
        *path, last = pointer.strip("/").split("/")
        place = result
        for key in path:
            place = place[int(key) if isinstance(place, list) else key]
        place[int(last) if isinstance(place, list) else last] = value
    return result


def renamed(definition):
    """MPNet's way: <s> … </s>, padding 1, every id another, and RobertaProcessing."""
    names = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}
    vocabulary = definition["model"]["vocab"]
    size = len(vocabulary)
    moved = {names.get(token, token): (id * 7 + 1) % size for token, id in vocabulary.items()}
    added = copy.deepcopy(definition["added_tokens"])
    for token in added:
        token["content"] = names.get(token["content"], token["content"])
        token["id"] = moved[token["content"]]
        token["lstrip"] = token["content"] == "<mask>"
    return {
        "/model/vocab": moved, "/added_tokens": added,
        "/post_processor": {"type": "RobertaProcessing", "sep": ["</s>", moved["</s>"]], "cls": ["<s>", moved["<s>"]],
                            "trim_offsets": True, "add_prefix_space": False},
    }


def main():
    with open("tokenizer.json", encoding="utf-8") as file:
        definition = json.load(file)
    with open("cases.json", encoding="ascii") as file:
        texts = [case["text"] for case in json.load(file)]
    ids = definition["model"]["vocab"]
    variants = {
        "cased": {"/normalizer/lowercase": False, "/normalizer/strip_accents": None},
        "cased, accents stripped": {"/normalizer/lowercase": False, "/normalizer/strip_accents": True},
        "lower case with accents": {"/normalizer/strip_accents": False},
        "unclean": {"/normalizer/clean_text": False, "/normalizer/handle_chinese_chars": False},
        "BertProcessing": {"/post_processor": {"type": "BertProcessing", "sep": ["[SEP]", ids["[SEP]"]], "cls": ["[CLS]", ids["[CLS]"]]}},
        "two end tokens": {"/post_processor/single": [
            {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]},
        "other names and ids": renamed(definition),
    }
    result = []
    for name, changes in variants.items():
        tokenizer = Tokenizer.from_str(json.dumps(changed(definition, changes)))
        cases = [[i, tokenizer.encode(texts[i]).ids] for i in range(0, len(texts), 4)]
        result.append({"name": name, "changes": changes, "cases": cases})
        print(name, sum(case[1] != Tokenizer.from_str(json.dumps(definition)).encode(texts[case[0]]).ids for case in cases), "differ")
    with open("variants.json", "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(json.dumps(variant, separators=(",", ":")) for variant in result) + "\n]\n")


if __name__ == "__main__":
    main()
