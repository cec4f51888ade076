"""Golden files of OpenCLIP's CLIP (open_clip_torch 3.3.0, torch 2.14.1): run `python make.py` in this folder.

weights.safetensors     a tiny CLIP with every parameter random, layer norms and biases included
config.json             its open_clip_config.json, exact GELU
expected.safetensors    inputs (images, tokens) and, for both activations (gelu., quick_gelu.), image and text
                        features, logits and the CLIP loss; for gelu the gradients of some parameters
parameters.json         names and shapes in the order of named_parameters(), of this model and of ViT-B-32; standard
                        deviation and kurtosis of OpenCLIP's initial weights; gradient norms
"""
import json
import math

import open_clip
import safetensors.torch
import torch
import torch.nn.functional as F

MODEL = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 48, "head_width": 24, "patch_size": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 514, "width": 32, "heads": 2, "layers": 2},
}
PREPROCESS = {
    "size": 32,
    "mode": "RGB",
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
    "fill_color": 0,
}
GRADIENTS = [
    "logit_scale", "positional_embedding", "text_projection", "visual.class_embedding",
    "visual.positional_embedding", "visual.proj", "visual.conv1.weight", "visual.ln_pre.weight",
    "visual.transformer.resblocks.0.attn.in_proj_weight",
    "visual.transformer.resblocks.0.attn.in_proj_bias",
    "visual.transformer.resblocks.1.mlp.c_fc.bias", "transformer.resblocks.0.ln_1.weight",
    "transformer.resblocks.0.attn.in_proj_weight", "transformer.resblocks.1.attn.out_proj.weight",
    "ln_final.bias",
]


def clip(quick_gelu):
    torch.manual_seed(0)
    return open_clip.model.CLIP(**MODEL, quick_gelu=quick_gelu)


def parameters(model):
    return [[name, list(value.shape)] for name, value in model.named_parameters()]


def initial_statistics(model):
    """Returns statistics of each tensor that has enough elements to tell a distribution."""
    result = {}
    for name, value in model.named_parameters():
        if value.numel() >= 2000:
            x = value.detach().double()
            result[name] = {"std": x.std().item(), "kurtosis": (x**4).mean().item() / (x**2).mean().item() ** 2}
    return result


def main():
    torch.use_deterministic_algorithms(True)
    initial = initial_statistics(clip(False))
    weights = {}
    generator = torch.Generator().manual_seed(1)
    for name, value in clip(False).named_parameters():
        draw = torch.randn(value.shape, generator=generator)
        if name == "logit_scale":
            weights[name] = torch.tensor(math.log(20.0))
        elif name.endswith("bias"):
            weights[name] = 0.3 * draw
        elif ".ln_" in name or name.startswith("ln_"):
            weights[name] = 1 + 0.3 * draw
        elif "embedding" in name:
            weights[name] = 0.5 * draw
        else:
            weights[name] = draw * value[0].numel() ** -0.5
    images = torch.randn(5, 3, 32, 32, generator=generator)
    tokens = torch.zeros(5, 16, dtype=torch.int64)
    for row, length in enumerate([2, 5, 9, 16, 7]):
        tokens[row, 0] = 512
        tokens[row, 1 : length - 1] = torch.randint(1, 512, (length - 2,), generator=generator)
        tokens[row, length - 1] = 513

    expected = {"images": images, "tokens": tokens}
    norms = {}
    for activation, quick_gelu in (("gelu", False), ("quick_gelu", True)):
        model = clip(quick_gelu).eval()
        model.load_state_dict(weights)
        image_features = model.encode_image(images, normalize=True)
        text_features = model.encode_text(tokens, normalize=True)
        logits, _ = model.get_logits(images, tokens)
        target = torch.arange(len(images))
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        loss.backward()
        gradients = {name: value.grad for name, value in model.named_parameters()}
        norms[activation] = {name: value.double().norm().item() for name, value in gradients.items()}
        outputs = {"image_features": image_features, "text_features": text_features, "logits": logits, "loss": loss}
        if not quick_gelu:
            outputs |= {"gradient." + name: gradients[name] for name in GRADIENTS}
        expected |= {f"{activation}.{name}": value.detach().contiguous() for name, value in outputs.items()}

    safetensors.torch.save_file(weights, "weights.safetensors", metadata={"format": "pt"})
    safetensors.torch.save_file(expected, "expected.safetensors")
    with open("config.json", "w") as file:
        json.dump({"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}, file, indent=2)
        file.write("\n")
    with torch.device("meta"):
        large = open_clip.model.CLIP(**open_clip.get_model_config("ViT-B-32"))
    with open("parameters.json", "w") as file:
        json.dump(
            {"tiny": parameters(model), "ViT-B-32": parameters(large), "initial": initial, "gradient_norms": norms},
            file,
        )
        file.write("\n")


if __name__ == "__main__":
    main()
