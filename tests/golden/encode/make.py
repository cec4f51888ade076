"""Pictures and captions through the towers and heads of ../locked_towers, with Pillow and torch 2.14.1:
run `python make.py` in this folder.

0.png … 4.png, broken.png    pictures; the broken one is cut off
expected.json                captions, and features and embeddings of both modalities, a row per picture
"""
import json

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from PIL import Image

CAPTIONS = ["a red cat", "the dog on the hill", "house", "a red red house on a hill and so on and on", "Cats!"]
SIZES = [(16, 16), (40, 24), (9, 31), (64, 64), (17, 16)]


def draw(index, size):
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    channels = [
        127 + 127 * np.sin((index + 1) * x / width * 3 + channel) * np.cos(y / height * (4 - channel) + index)
        for channel in range(3)
    ]
    return Image.fromarray(np.stack(channels, -1).astype(np.uint8))


def pixels_of(name, preprocess):
    image = Image.open(name).convert("RGB").resize((preprocess["size"],) * 2, Image.BILINEAR)
    values = torch.as_tensor(np.array(image)).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(preprocess[key])[:, None, None] for key in ("mean", "std"))
    return (values - mean) / std


def tokens_of(caption, vocabulary, length):
    """WordPiece of lower-cased words, punctuation apart."""
    words = caption.lower().replace("!", " !").split()
    tokens = [vocabulary["[CLS]"]]
    for word in words:
        pieces, rest, prefix = [], word, ""
        while rest:
            end = next((end for end in range(len(rest), 0, -1) if prefix + rest[:end] in vocabulary), None)
            if end is None:
                pieces = [vocabulary["[UNK]"]]
                break
            pieces.append(vocabulary[prefix + rest[:end]])
            rest, prefix = rest[end:], "##"
        tokens += pieces
    tokens = tokens[: length - 1] + [vocabulary["[SEP]"]]
    return torch.tensor(tokens + [0] * (length - len(tokens)))


def head(features, weights, name):
    hidden = F.gelu(F.linear(features, weights[f"{name}.0.weight"], weights[f"{name}.0.bias"]))
    return F.normalize(F.linear(hidden, weights[f"{name}.3.weight"], weights[f"{name}.3.bias"]), dim=-1)


@torch.no_grad()
def main():
    with open("../locked_towers/helip_model.json") as file:
        model = json.load(file)
    with open("../locked_towers/vocab.txt") as file:
        vocabulary = {word: index for index, word in enumerate(file.read().split())}
    names = [f"{index}.png" for index in range(len(SIZES))]
    for index, name in enumerate(names):
        draw(index, SIZES[index]).save(name)
    with open("3.png", "rb") as file:
        content = file.read()
    with open("broken.png", "wb") as file:
        file.write(content[: len(content) // 2])
    pixels = torch.stack([pixels_of(name, model["image_tower"]["preprocess"]) for name in names])
    length = model["text_tower"]["tokenizer"]["context_length"]
    tokens = torch.stack([tokens_of(caption, vocabulary, length) for caption in CAPTIONS])
    image_features = torch.jit.load("../locked_towers/image_tower.ts")(pixels)
    text_features = torch.jit.load("../locked_towers/text_tower.ts")(tokens)
    weights = safetensors.torch.load_file("../locked_towers/heads.safetensors")
    expected = {
        "image_features": image_features,
        "text_features": text_features,
        "image_embeddings": head(image_features, weights, "image_head"),
        "text_embeddings": head(text_features, weights, "text_head"),
    }
    with open("expected.json", "w") as file:
        json.dump({"captions": CAPTIONS} | {name: value.tolist() for name, value in expected.items()}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
