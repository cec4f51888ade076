"""Golden files of SLIP's models (timm 1.0.31, torch 2.14.1): run `python make.py` in this folder.

SLIP (arXiv 2112.12750, facebookresearch/SLIP) is defined here anew from its published architecture: timm's vision
transformer (12 heads in ViT-S), OpenAI's text transformer, two projections and the MLP of the self-supervised loss.

model.json          description of a SLIP_VITS16 with two layers in each tower, a small vocabulary and a small MLP
expected.safetensors    for weights, images and tokens of ../architectures/formula.py: features of both towers before they
                    are normalised; the MLP's output for the image tower's features, in evaluation and in training mode, and
                    its buffers after the latter
names.json          of the published models the sha256 over the sorted lines "name [shape]" of their state_dict()
initial.json        standard deviation and kurtosis of initial weights of timm 0.5.4's vision transformer, of SLIP's time;
                    made with `python make.py FOLDER`, where FOLDER holds it (pip install --no-deps --target FOLDER)
../../../configs/models/{CLIP,SLIP}_VIT{S,B,L}16.json    descriptions of the published models
"""
import hashlib
import json
import pathlib
import sys

import safetensors.torch
import torch
from torch import nn

sys.path.insert(0, "../architectures")
import formula  # noqa: E402

MODELS = pathlib.Path("../../../configs/models")
SIZES = {"VITS16": (384, 12, 12), "VITB16": (768, 12, 12), "VITL16": (1024, 24, 16)}


class TextBlock(nn.Module):
    def __init__(self, width, heads, length):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Module()
        self.mlp.c_fc, self.mlp.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.mask = torch.full((length, length), float("-inf")).triu(1)

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=self.mask)[0]
        h = self.mlp.c_fc(self.ln_2(x))
        return x + self.mlp.c_proj(h * torch.sigmoid(1.702 * h))


class Slip(nn.Module):
    def __init__(self, model, visual):
        super().__init__()
        text, image = model["text_tower"], model["image_tower"]
        width = text["width"]
        self.visual = visual
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.Sequential(
            *[TextBlock(width, text["heads"], text["context_length"]) for _ in range(text["layers"])]
        )
        self.token_embedding = nn.Embedding(text["vocab_size"], width)
        self.positional_embedding = nn.Parameter(torch.empty(text["context_length"], width))
        self.ln_final = nn.LayerNorm(width)
        self.image_projection = nn.Parameter(torch.empty(image["width"], model["embed_dim"]))
        self.text_projection = nn.Parameter(torch.empty(width, model["embed_dim"]))
        self.logit_scale = nn.Parameter(torch.tensor(0.0))
        if "ssl_head" in model:
            hidden, out = model["ssl_head"]["hidden"], model["ssl_head"]["embed_dim"]
            self.image_mlp = nn.Sequential()
            for name, module in {
                "layer1": nn.Linear(image["width"], hidden), "bn1": nn.BatchNorm1d(hidden), "relu1": nn.ReLU(),
                "layer2": nn.Linear(hidden, hidden), "bn2": nn.BatchNorm1d(hidden), "relu2": nn.ReLU(),
                "layer3": nn.Linear(hidden, out),
            }.items():
                self.image_mlp.add_module(name, module)

    def encode_image(self, images):
        return self.visual(images) @ self.image_projection

    def encode_text(self, tokens):
        x = self.ln_final(self.transformer.resblocks(self.token_embedding(tokens) + self.positional_embedding))
        return x[torch.arange(len(x)), tokens.argmax(-1)] @ self.text_projection


def describe(width, layers, heads, ssl):
    model = {
        "format": "helip_model/1",
        "kind": "slip",
        "embed_dim": 512,
        "image_tower": {"image_size": 224, "patch_size": 16, "width": width, "layers": layers, "heads": heads},
        "text_tower": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12},
    }
    return model | ({"ssl_head": {"hidden": 4096, "embed_dim": 256}} if ssl else {})


def vision(image):
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=image["image_size"], patch_size=image["patch_size"], embed_dim=image["width"], depth=image["layers"],
        num_heads=image["heads"], num_classes=0,
    )


def state(model):
    with torch.device("meta"):
        slip = Slip(model, vision(model["image_tower"]))
    lines = sorted(f"{name} {list(value.shape)}\n" for name, value in slip.state_dict().items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_initial(folder):
    sys.path.insert(0, folder)
    torch.manual_seed(0)
    initial = {}
    for name, value in vision(describe(384, 1, 12, False)["image_tower"]).named_parameters():
        x = value.detach().double().flatten()
        if x.numel() >= 300 and x.std() > 0:
            initial["visual." + name] = {"std": x.std().item(), "kurtosis": (x**4).mean().item() / (x**2).mean().item() ** 2}
    pathlib.Path("initial.json").write_text(json.dumps(initial, indent=1) + "\n")


def main():
    if len(sys.argv) > 1:
        return write_initial(sys.argv[1])
    names = {}
    for size, shape in SIZES.items():
        for kind in ("CLIP", "SLIP"):
            model = describe(*shape, kind == "SLIP")
            (MODELS / f"{kind}_{size}.json").write_text(json.dumps(model, indent=4) + "\n")
            names[f"{kind}_{size}"] = state(model)
    pathlib.Path("names.json").write_text(json.dumps(names, indent=1) + "\n")
    model = describe(384, 2, 12, True)
    model["text_tower"] |= {"vocab_size": 1000, "layers": 2}
    model["ssl_head"] = {"hidden": 96, "embed_dim": 32}
    pathlib.Path("model.json").write_text(json.dumps(model, indent=2) + "\n")
    slip = formula.fill_model(Slip(model, vision(model["image_tower"]))).eval()
    images, tokens = formula.images(3, 224), formula.tokens(3, 77, 1000)
    features = torch.from_numpy(formula.variates("features", 6 * 384).astype("float32").reshape(6, 384))
    with torch.no_grad():
        expected = {
            "features": slip.visual(images), "image_features": slip.encode_image(images),
            "text_features": slip.encode_text(tokens), "ssl.evaluation": slip.image_mlp(features),
        }
    slip.train()
    ssl = slip.image_mlp(features)
    ssl.square().sum().backward()
    expected |= {"ssl.training": ssl.detach(), "gradient": slip.image_mlp.layer1.weight.grad[:8]}
    expected |= {"buffer." + name: value.clone() for name, value in slip.named_buffers()}
    safetensors.torch.save_file({name: value.contiguous() for name, value in expected.items()}, "expected.safetensors")


if __name__ == "__main__":
    main()
