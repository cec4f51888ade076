#!/usr/bin/env python3
"""Exports a text encoder of Hugging Face's transformers (BERT, RoBERTa, MPNet, …) as a text tower for HELIP.

  OUT/text_tower.ts      tokens int64 [B, context length] to features float32 [B, width]
  OUT/tokenizer.json     the encoder's own tokenizer
  OUT/text_tower.json    what helip_model.json says of them, sha256 included

The attention mask is made inside, from the padding's id. The tower is traced in evaluation mode: it is for locked towers.
Needs torch and transformers.
"""

import argparse
import hashlib
import json
import pathlib
import sys
import warnings

import torch
from transformers import AutoModel, AutoTokenizer


class TextTower(torch.nn.Module):
    def __init__(self, model, pad_id, pooling):
        super().__init__()
        self.model = model
        self.pad_id = pad_id
        self.pooling = pooling

    def forward(self, tokens):
        mask = (tokens != self.pad_id).to(torch.int64)
        hidden = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
        if self.pooling == "cls":
            return hidden[:, 0]
        kept = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * kept).sum(1) / kept.sum(1).clamp_min(1.0)


def export(model, tokenizer_json, pad_id, pooling, context_length, out):
    """Writes the three files; `tokenizer_json` is the text of a tokenizer.json. Returns the tower."""
    out.mkdir(parents=True, exist_ok=True)
    definition = json.loads(tokenizer_json)
    definition["truncation"] = None  # HELIP cuts to the context length
    definition["padding"] = {"strategy": {"Fixed": context_length}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": pad_id,
                             "pad_type_id": 0, "pad_token": tokens_by_id(definition)[pad_id]}
    (out / "tokenizer.json").write_text(json.dumps(definition), encoding="utf-8")

    tower = TextTower(model, pad_id, pooling).float().eval()
    with torch.no_grad(), warnings.catch_warnings():
        # What transformers decides by the tokens' shape is the same for every batch.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(tower, example_tokens(4, context_length, pad_id, model), check_trace=False)
        for rows in (1, 7):
            tokens = example_tokens(rows, context_length, pad_id, model)
            difference = float((traced(tokens) - tower(tokens)).abs().max())
            if difference > 1e-4:
                sys.exit(f"export: the traced tower differs from transformers by {difference:.1e} for {rows} texts")
    traced.save(str(out / "text_tower.ts"))
    kind = {"WordPiece": "wordpiece", "BPE": "byte_level_bpe"}.get(definition["model"]["type"])
    if kind is None:
        sys.exit(f"export: no tokenizer of HELIP for a {definition['model']['type']} model")
    description = {
        "file": "text_tower.ts", "sha256": sha256(out / "text_tower.ts"), "feature_dim": model.config.hidden_size,
        "tokenizer": {"kind": kind, "file": "tokenizer.json", "sha256": sha256(out / "tokenizer.json"), "context_length": context_length},
    }
    (out / "text_tower.json").write_text(json.dumps(description, indent=2) + "\n")
    return tower


def tokens_by_id(definition):
    names = {id: token for token, id in definition["model"]["vocab"].items()}
    return names | {token["id"]: token["content"] for token in definition["added_tokens"]}


def example_tokens(rows, length, pad_id, model):
    """Texts of several lengths: with padding, without, and one of padding alone."""
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(5, model.config.vocab_size, (rows, length), generator=generator)
    for row in range(rows):
        tokens[row, length - row * length // max(1, rows - 1) :] = pad_id
    return tokens


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder or name of the encoder")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--pooling", choices=("mean", "cls"), default="mean", help="what the encoder was trained with")
    parser.add_argument("--context-length", type=int, default=64)
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    if not tokenizer.is_fast or tokenizer.pad_token_id is None:
        sys.exit("export: the encoder's tokenizer has no tokenizer.json, or no padding")
    # The plain attention: its operations can be traced.
    model = AutoModel.from_pretrained(arguments.model, attn_implementation="eager")
    export(model, tokenizer.backend_tokenizer.to_str(), tokenizer.pad_token_id, arguments.pooling, arguments.context_length, arguments.out)
    print((arguments.out / "text_tower.json").read_text(), end="")


if __name__ == "__main__":
    main()
