"""Golden files of OpenCLIP's towers (open_clip_torch 3.3.0, torch 2.14.1): run `python make.py` in this folder.
`python make.py FOLDER NAME…` writes the same for named configurations at their full size, for the test tagged [full].

NAME.json           a model configuration: one of OpenCLIP's with fewer layers and a smaller vocabulary, or one that has
                    options no plain configuration has
NAME.safetensors    for weights, images and tokens of formula.py: features of 3 images and texts before they are normalised,
                    and the logits
training.json       of tiny_resnet in training mode: gradient norms of the CLIP loss on 4 pairs
training.safetensors    and some gradients, and the buffers after that step
"""
import copy
import json
import pathlib
import sys

import open_clip
import safetensors.torch
import torch
import torch.nn.functional as F

import formula

ROWS = 3
TINY_TEXT = {"context_length": 12, "vocab_size": 90, "width": 32, "heads": 2, "layers": 2}
TINY_VISION = {"image_size": 32, "patch_size": 8, "width": 48, "head_width": 24, "layers": 2}
OPTIONS = {
    "average_pool": {
        "embed_dim": 24,
        "vision_cfg": TINY_VISION | {"no_ln_pre": True, "pool_type": "avg", "final_ln_after_pool": True},
        "text_cfg": TINY_TEXT | {"pool_type": "last", "no_causal_mask": True},
    },
    "fixed_positions": {
        "embed_dim": 32,
        "quick_gelu": True,
        "vision_cfg": TINY_VISION
        | {"pos_embed_type": "sin_cos_2d", "pool_type": "avg", "ls_init_value": 0.1, "mlp_ratio": 2.5},
        "text_cfg": TINY_TEXT | {"pool_type": "eos", "eos_id": 89, "proj_type": "none", "ls_init_value": 0.1},
    },
    "projection_bias": {
        "embed_dim": 24,
        "vision_cfg": TINY_VISION | {"final_ln_after_pool": True, "image_size": 36},
        "text_cfg": TINY_TEXT | {"pool_type": "first", "no_causal_mask": True, "proj_bias": True},
    },
    "tiny_resnet": {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 64, "width": 8, "head_width": 32, "layers": [1, 2, 1, 1], "patch_size": None},
        "text_cfg": TINY_TEXT,
    },
}
SHORT = {"ViT-B-32": 2, "ViT-B-16-quickgelu": 2, "ViT-S-16": 2, "ViT-L-14": 2, "RN50": [2, 1, 1, 1]}
GRADIENTS = [
    "visual.conv1.weight", "visual.bn1.weight", "visual.layer1.0.downsample.0.weight", "visual.layer2.0.bn3.bias",
    "visual.layer2.1.conv2.weight", "visual.attnpool.q_proj.bias", "visual.attnpool.positional_embedding",
]


def model_of(config):
    return formula.fill_model(open_clip.model.CLIP(**copy.deepcopy(config)))


def inputs(config, rows):
    text = config["text_cfg"]
    return (
        formula.images(rows, config["vision_cfg"]["image_size"]),
        formula.tokens(rows, text["context_length"], text["vocab_size"]),
    )


def write(folder, name, config):
    images, tokens = inputs(config, ROWS)
    model = model_of(config).eval()
    with torch.no_grad():
        outputs = {
            "image_features": model.encode_image(images),
            "text_features": model.encode_text(tokens),
            "logits": model.get_logits(images, tokens)[0],
        }
    outputs = {key: value.contiguous() for key, value in outputs.items()}
    safetensors.torch.save_file(outputs, folder / f"{name}.safetensors")
    (folder / f"{name}.json").write_text(json.dumps(config, indent=2) + "\n")


def write_training():
    config = OPTIONS["tiny_resnet"]
    images, tokens = inputs(config, 4)
    model = model_of(config).train()
    logits, _ = model.get_logits(images, tokens)
    target = torch.arange(len(images))
    loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
    loss.backward()
    gradients = {name: value.grad for name, value in model.named_parameters()}
    tensors = {"gradient." + name: gradients[name].contiguous() for name in GRADIENTS}
    tensors |= {"buffer." + name: value.clone() for name, value in model.named_buffers() if name.startswith("visual.")}
    tensors["loss"] = loss.detach()
    safetensors.torch.save_file(tensors, "training.safetensors")
    norms = {name: value.double().norm().item() for name, value in gradients.items()}
    pathlib.Path("training.json").write_text(json.dumps(norms, indent=1) + "\n")


def main():
    if len(sys.argv) > 2:
        folder = pathlib.Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        for name in sys.argv[2:]:
            write(folder, name, open_clip.get_model_config(name))
        return
    here = pathlib.Path()
    for name, config in OPTIONS.items():
        write(here, name, config)
    for name, layers in SHORT.items():
        config = open_clip.get_model_config(name)
        config["vision_cfg"]["layers"] = layers
        config["text_cfg"] |= {"layers": 2, "vocab_size": 1000}
        write(here, name, config)
    write_training()


if __name__ == "__main__":
    main()
