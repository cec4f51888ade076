#!/usr/bin/env python3
"""Tiny random encoders of transformers, exported by examples/hf_text_tower (torch 2.14.1, transformers 5.23.0, tokenizers
0.23.3): run it in this folder.

bert/, roberta/     text_tower.ts, tokenizer.json, text_tower.json; the tokenizers are those of ../wordpiece and
                    ../byte_level_bpe
expected.json       captions, and for each encoder the features that transformers gives for them
"""
import json
import pathlib
import sys

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "examples" / "hf_text_tower"))
sys.path.insert(0, str(HERE.parent))
import export  # noqa: E402
from torchscript import sha256, without_debug  # noqa: E402

LENGTH = 20
CAPTIONS = ["a photo of a cat", "", "Two DOGS, and a café's sign!", "a " * 40, "red house 1990", "the mask <mask> of things", "кошка 猫 🐱"]
SHAPE = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12, "attn_implementation": "eager"}


def encode(tokenizer, pad_id):
    tokenizer.enable_truncation(LENGTH)
    tokenizer.enable_padding(length=LENGTH, pad_id=pad_id)
    batch = tokenizer.encode_batch(CAPTIONS)
    return torch.tensor([one.ids for one in batch]), torch.tensor([one.attention_mask for one in batch])


def main():
    torch.manual_seed(4)
    expected = {"captions": CAPTIONS}
    wordpiece = (HERE.parent / "wordpiece/tokenizer.json").read_text(encoding="utf-8")
    roberta = (HERE.parent / "byte_level_bpe/roberta.json").read_text(encoding="utf-8")
    makers = {
        "bert": (wordpiece, 0, "mean", lambda size: BertModel(BertConfig(vocab_size=size, **SHAPE), add_pooling_layer=False)),
        "roberta": (roberta, 1, "cls", lambda size: RobertaModel(
            RobertaConfig(vocab_size=size, max_position_embeddings=LENGTH + 2, type_vocab_size=1, pad_token_id=1, **SHAPE), add_pooling_layer=False)),
    }
    for name, (definition, pad_id, pooling, make) in makers.items():
        tokenizer = Tokenizer.from_str(definition)
        model = make(tokenizer.get_vocab_size()).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.2)
        folder = HERE / name
        export.export(model, definition, pad_id, pooling, LENGTH, folder)
        without_debug(folder / "text_tower.ts")
        description = json.loads((folder / "text_tower.json").read_text())
        description["sha256"] = sha256(folder / "text_tower.ts")
        (folder / "text_tower.json").write_text(json.dumps(description, indent=2) + "\n")
        tokens, mask = encode(tokenizer, pad_id)
        with torch.no_grad():
            hidden = model(input_ids=tokens, attention_mask=mask).last_hidden_state
        kept = mask.unsqueeze(-1).float()
        features = hidden[:, 0] if pooling == "cls" else (hidden * kept).sum(1) / kept.sum(1)
        expected[name] = features.tolist()
    (HERE / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
