"""A locked-towers model with tiny towers (torch 2.14.1): run `python make.py` in this folder.

image_tower.ts, text_tower.ts, vocab.txt, helip_model.json   the model folder
expected.safetensors    inputs (pixels, tokens), what the towers give (image_features, text_features), and for the
                        heads of heads.safetensors their embeddings without dropout and the gradients of
                        sum(image_embeddings * text_embeddings)
"""
import json
import math
import pathlib
import sys

import safetensors.torch
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from torchscript import save, sha256  # noqa: E402

SIZE = 16
IMAGE_DIM, TEXT_DIM, HIDDEN, EMBED = 10, 6, 12, 8
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "cat", "dog", "house", "##s", "on", "the", "hill"]


class ImageTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, IMAGE_DIM, 4, stride=4, bias=False)
        self.norm = nn.BatchNorm2d(IMAGE_DIM)

    def forward(self, pixels):
        return F.relu(self.norm(self.conv(pixels))).mean(dim=[2, 3])


class TextTower(nn.Module):
    """Mean over the tokens that are not padding."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), TEXT_DIM)

    def forward(self, tokens):
        mask = (tokens != 0).to(torch.float32).unsqueeze(-1)
        return (self.embedding(tokens) * mask).sum(1) / mask.sum(1).clamp_min(1.0)


def head(feature_dim):
    return nn.Sequential(nn.Linear(feature_dim, HIDDEN), nn.GELU(), nn.Dropout(0.25), nn.Linear(HIDDEN, EMBED))


def main():
    torch.manual_seed(2)
    image_tower, text_tower = ImageTower().eval(), TextTower().eval()
    with torch.no_grad():
        for value in (image_tower.norm.weight, image_tower.norm.bias, image_tower.norm.running_mean):
            value.copy_(torch.randn(IMAGE_DIM))
        image_tower.norm.running_var.copy_(torch.rand(IMAGE_DIM) + 0.5)
    save(torch.jit.script(image_tower), "image_tower.ts")
    save(torch.jit.script(text_tower), "text_tower.ts")
    with open("vocab.txt", "w") as file:
        file.write("".join(word + "\n" for word in WORDS))
    model = {
        "format": "helip_model/1",
        "kind": "locked_towers",
        "embed_dim": EMBED,
        "heads": {"hidden": HIDDEN, "dropout": 0.25},
        "image_tower": {
            "file": "image_tower.ts",
            "sha256": sha256("image_tower.ts"),
            "feature_dim": IMAGE_DIM,
            "preprocess": {
                "size": SIZE, "resize_mode": "squash", "interpolation": "bilinear",
                "mean": [0.5, 0.4, 0.3], "std": [0.25, 0.2, 0.1],
            },
        },
        "text_tower": {
            "file": "text_tower.ts",
            "sha256": sha256("text_tower.ts"),
            "feature_dim": TEXT_DIM,
            "tokenizer": {
                "kind": "wordpiece", "file": "vocab.txt", "sha256": sha256("vocab.txt"), "context_length": 9,
            },
        },
    }
    with open("helip_model.json", "w") as file:
        json.dump(model, file, indent=2)
        file.write("\n")

    pixels = torch.randn(4, 3, SIZE, SIZE)
    tokens = torch.tensor([[2, 5, 6, 7, 3, 0, 0, 0, 0], [2, 3, 0, 0, 0, 0, 0, 0, 0],
                           [2, 12, 8, 10, 11, 12, 13, 3, 0], [2, 1, 9, 10, 5, 6, 7, 8, 3]])
    with torch.no_grad():
        image_features, text_features = image_tower(pixels), text_tower(tokens)
    heads = nn.ModuleDict({"image_head": head(IMAGE_DIM), "text_head": head(TEXT_DIM)}).eval()
    image_embeddings = F.normalize(heads["image_head"](image_features), dim=-1)
    text_embeddings = F.normalize(heads["text_head"](text_features), dim=-1)
    (image_embeddings * text_embeddings).sum().backward()
    weights = {name: value.detach() for name, value in heads.named_parameters()}
    weights["logit_scale"] = torch.tensor(math.log(1 / 0.07))
    safetensors.torch.save_file(weights, "heads.safetensors", metadata={"format": "pt"})
    expected = {
        "pixels": pixels, "tokens": tokens, "image_features": image_features, "text_features": text_features,
        "image_embeddings": image_embeddings.detach(), "text_embeddings": text_embeddings.detach(),
    }
    expected |= {"gradient." + name: value.grad for name, value in heads.named_parameters()}
    safetensors.torch.save_file(expected, "expected.safetensors")


if __name__ == "__main__":
    main()
