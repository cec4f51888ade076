"""Models whose towers are trained (torch 2.14.1): run `python make.py` in this folder.

image_tower.ts, text_tower.ts, vocab.txt, helip_model.json   convolutions with batch norms, a small transformer
expected.safetensors    inputs (pixels, tokens); image_features, text_features in evaluation; for the sum of all features
                        times image_weight, text_weight: in training mode (no dropout in these towers) gradients
                        (image_gradient.NAME, text_gradient.NAME), features (image_trained, text_trained) and the
                        batch norms afterwards (image_buffer.NAME)
traced.ts, frozen.ts, half.ts, dropout.ts    image towers that are refused, and one with dropout
no_grad.ts, in_place.ts    image towers whose forward keeps no graph, whose backward pass fails
traced_layer.ts, traced_attention.ts, scripted_layer.ts    a transformer layer's fast path and an attention, traced in
                        evaluation; the layer as a script, which keeps the fast path in a branch
"""
import json
import pathlib
import sys

import safetensors.torch
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from torchscript import save, sha256  # noqa: E402

SIZE, LENGTH = 16, 9
IMAGE_DIM, TEXT_DIM, HIDDEN, EMBED = 10, 6, 12, 8
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "drawing", "number", "thing", "of"] + [str(i) for i in range(10)] \
    + [f"##{i}" for i in range(10)]


class ImageTower(nn.Module):
    def __init__(self, dropout=0.0):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(8, IMAGE_DIM, 3, padding=1), nn.BatchNorm2d(IMAGE_DIM), nn.Dropout(dropout))
        self.unused = nn.Linear(IMAGE_DIM, 2)

    def forward(self, pixels):
        x = F.relu(self.bn1(self.conv1(pixels)))
        return self.layer2(x + self.layer1(x)).mean(dim=[2, 3])


class NoGrad(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, IMAGE_DIM)

    def forward(self, pixels):
        with torch.no_grad():
            return self.linear(pixels.mean(dim=[2, 3]))


class InPlace(nn.Module):
    """Writes over what the backward pass of exp needs."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, IMAGE_DIM)

    def forward(self, pixels):
        x = torch.exp(self.linear(pixels.mean(dim=[2, 3])))
        x.add_(1.0)
        return x


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, IMAGE_DIM, 8, stride=8)
        self.layer = nn.TransformerEncoderLayer(IMAGE_DIM, 2, 12, dropout=0.1, batch_first=True)

    def forward(self, pixels):
        return self.layer(self.stem(pixels).flatten(2).transpose(1, 2)).mean(dim=1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, IMAGE_DIM, 8, stride=8)
        self.attention = nn.MultiheadAttention(IMAGE_DIM, 2, dropout=0.1, batch_first=True)

    def forward(self, pixels):
        x = self.stem(pixels).flatten(2).transpose(1, 2)
        return self.attention(x, x, x, need_weights=False)[0].mean(dim=1)


class TextTower(nn.Module):
    """Two blocks of attention and MLP; mean over the tokens that are not padding."""

    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.randn(LENGTH, TEXT_DIM))
        self.embedding = nn.Embedding(len(WORDS), TEXT_DIM)
        self.layers = nn.ModuleList([Block() for _ in range(2)])
        self.norm = nn.LayerNorm(TEXT_DIM)

    def forward(self, tokens):
        mask = tokens != 0
        x = self.embedding(tokens) + self.position
        for layer in self.layers:
            x = layer(x, mask)
        kept = mask.to(torch.float32).unsqueeze(-1)
        return (self.norm(x) * kept).sum(1) / kept.sum(1).clamp_min(1.0)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(TEXT_DIM)
        self.qkv = nn.Linear(TEXT_DIM, 3 * TEXT_DIM)
        self.out = nn.Linear(TEXT_DIM, TEXT_DIM)
        self.norm2 = nn.LayerNorm(TEXT_DIM)
        self.mlp = nn.Sequential(nn.Linear(TEXT_DIM, 12), nn.GELU(), nn.Linear(12, TEXT_DIM))

    def forward(self, x, mask):
        rows, length, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(rows, length, 3, 2, width // 2).permute(2, 0, 3, 1, 4).unbind(0)
        hidden = torch.zeros(mask.shape, device=x.device).masked_fill(~mask, -1e4)[:, None, None]
        weights = torch.softmax(q @ k.transpose(-2, -1) * (width // 2) ** -0.5 + hidden, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(rows, length, width))
        return x + self.mlp(self.norm2(x))


def description(image, text):
    return {
        "format": "helip_model/1", "kind": "towers", "embed_dim": EMBED, "heads": {"hidden": HIDDEN, "dropout": 0.1},
        "image_tower": {
            "file": "image_tower.ts", "sha256": sha256("image_tower.ts"), "feature_dim": IMAGE_DIM, "train": image,
            "preprocess": {"size": SIZE, "resize_mode": "squash", "interpolation": "bilinear", "mean": [0.5, 0.4, 0.3],
                           "std": [0.25, 0.2, 0.1]}},
        "text_tower": {
            "file": "text_tower.ts", "sha256": sha256("text_tower.ts"), "feature_dim": TEXT_DIM, "train": text,
            "tokenizer": {"kind": "wordpiece", "file": "vocab.txt", "sha256": sha256("vocab.txt"), "context_length": LENGTH}},
    }


def main():
    torch.manual_seed(3)
    image_tower, text_tower = ImageTower(), TextTower()
    with torch.no_grad():
        for module in image_tower.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(0.5, 1.5)
    save(torch.jit.script(image_tower.eval()), "image_tower.ts")
    save(torch.jit.script(text_tower.eval()), "text_tower.ts")
    with open("vocab.txt", "w") as file:
        file.write("".join(word + "\n" for word in WORDS))
    with open("helip_model.json", "w") as file:
        json.dump(description("all", "from:layers.1"), file, indent=2)
        file.write("\n")

    pixels = torch.randn(5, 3, SIZE, SIZE)
    tokens = torch.tensor([[2, 5, 6, 7, 3, 0, 0, 0, 0], [2, 3, 0, 0, 0, 0, 0, 0, 0], [2, 12, 8, 10, 11, 12, 13, 3, 0],
                           [2, 1, 9, 10, 5, 6, 7, 8, 3], [2, 5, 5, 3, 0, 0, 0, 0, 0]])
    expected = {"pixels": pixels, "tokens": tokens, "image_weight": torch.randn(5, IMAGE_DIM), "text_weight": torch.randn(5, TEXT_DIM)}
    for name, tower, inputs in (("image", image_tower, pixels), ("text", text_tower, tokens)):
        with torch.no_grad():
            expected[name + "_features"] = tower.eval()(inputs)
        features = tower.train()(inputs)
        (features * expected[name + "_weight"]).sum().backward()
        expected[name + "_trained"] = features.detach()
        for key, parameter in tower.named_parameters():
            expected[f"{name}_gradient.{key}"] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for key, buffer in tower.named_buffers():
            expected[f"{name}_buffer.{key}"] = buffer.clone()
    safetensors.torch.save_file({key: value.contiguous() for key, value in expected.items()}, "expected.safetensors")

    dropping = ImageTower(dropout=0.5).eval()
    save(torch.jit.script(dropping), "dropout.ts")
    save(torch.jit.trace(dropping, pixels), "traced.ts")
    save(torch.jit.freeze(torch.jit.script(dropping)), "frozen.ts")
    save(torch.jit.script(dropping.half()), "half.ts")

    save(torch.jit.script(NoGrad().eval()), "no_grad.ts")
    save(torch.jit.script(InPlace().eval()), "in_place.ts")
    layer = Layer().eval()
    save(torch.jit.script(layer), "scripted_layer.ts")
    with torch.no_grad():
        save(torch.jit.trace(layer, pixels), "traced_layer.ts")
    save(torch.jit.trace(Attention().eval(), pixels, check_trace=False), "traced_attention.ts")


if __name__ == "__main__":
    main()
