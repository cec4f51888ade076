#!/usr/bin/env python3
"""OpenCLIP's or SLIP's checkpoint → helip convert → helip embed → the original's features; and back to a .pt that it loads.

    python open_clip_round_trip.py --build BUILD [--architecture NAME …] [--images FOLDER] [--keep FOLDER]

Runs with the Python of scripts/setup.sh (open_clip_torch, torch, torchvision, timm, pillow). The test suite runs three
small architectures. Images are real drawings (Debian's openclipart-png), captions their file names. For each architecture:
  1. a model with random weights, far from its initial ones (so that different inputs have different embeddings), is saved as
     its own training saves it; SLIP's is defined in ../golden/slip/make.py;
  2. helip makes a folder of it and embeds the corpus; every embedding must have a cosine of at least 0.9999 with the features
     that the original computes with its own preprocessing and OpenCLIP's tokenizer, and differ from their direction by at most
     1e-4 (a cosine tells GELU and QuickGELU hardly apart);
  3. OpenCLIP loads the folder by its name alone, with the same outputs and preprocessing;
  4. helip converts the folder back; torch.load and the original's loader must read it, with identical tensors and outputs, in
     a model made from the configuration that helip wrote.
"""
import argparse
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import numpy
import open_clip
import torch
from PIL import Image
from torchvision import transforms

COSINE = 0.9999
DIFFERENCE = 1e-4  # of unit vectors, relative to the largest element

SMALL_TEXT = {"width": 64, "heads": 2, "layers": 2}


def named(name, embed_dim=None, vision=None, text=None):
    """OpenCLIP's configuration of that name with other sizes; as it is without them."""
    config = open_clip.get_model_config(name)
    config["embed_dim"] = embed_dim or config["embed_dim"]
    config["vision_cfg"] |= vision or {}
    config["text_cfg"] |= text or {}
    return config


# One line for each architecture.
ARCHITECTURES = {
    "small": lambda: named("ViT-B-32", 48, {"width": 128, "layers": 2}, SMALL_TEXT),
    "small-quickgelu": lambda: named("ViT-B-32-quickgelu", 48, {"width": 128, "layers": 2}, SMALL_TEXT),
    "small-16": lambda: named("ViT-B-16", 32, {"width": 64, "layers": 3, "head_width": 32}, SMALL_TEXT),
    "small-resnet": lambda: named("RN50", 64, {"layers": [1, 1, 1, 1], "width": 32}, SMALL_TEXT),
    "small-ViT-L-14": lambda: named("ViT-L-14", vision={"layers": 2}, text=SMALL_TEXT),
    "ViT-S-16": lambda: named("ViT-S-16"),
    "ViT-B-16-quickgelu": lambda: named("ViT-B-16-quickgelu"),
    "ViT-B-32": lambda: named("ViT-B-32"),
    "RN50": lambda: named("RN50"),
}
DEFAULT = ["small", "small-quickgelu", "small-16", "small-resnet", "small-ViT-L-14"]
SLIP = "SLIP_VITS16"


def expect(condition, message):
    if not condition:
        sys.exit(f"open_clip_round_trip: {message}")


def random_weights(model, seed=1):
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.state_dict().items():
        if not value.is_floating_point() or name == "logit_scale":
            continue
        draw = torch.randn(value.shape, generator=generator)
        if name.endswith("running_var"):
            draw = draw.abs() + 0.5
        elif name.endswith("bias") or name.endswith("running_mean"):
            draw = 0.3 * draw
        elif value.ndim == 1:
            draw = 1 + 0.3 * draw if name.endswith("weight") else 0.5 * draw
        elif "embedding" in name:
            draw = 0.5 * draw
        else:
            draw = draw * value[0].numel() ** -0.5
        value.copy_(draw)


def settle_batch_norms(model, pixels):
    """Statistics of these images: with random ones a ModifiedResNet's embeddings would all be alike."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the mean over batches, of which there is one
    model.train()
    with torch.no_grad():
        model.encode_image(pixels)
    model.eval()


def make_corpus(images, count, folder):
    """A WebDataset shard; returns (image bytes, caption) in its order."""
    files = sorted(file for file in images.rglob("*.png") if file.stat().st_size < 60_000)
    expect(len(files) >= count, f"fewer than {count} images under {images}")
    pairs = []
    with tarfile.open(folder / "00000.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for number, file in enumerate(files[:: len(files) // count][:count]):
            caption = " ".join(file.stem.replace("_", " ").replace("-", " ").split()) or "a drawing"
            pairs.append((file.read_bytes(), caption))
            for extension, content in (("png", pairs[-1][0]), ("txt", caption.encode())):
                member = tarfile.TarInfo(f"{number:05d}.{extension}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return pairs


def check_cosines(what, found, features):
    found, features = found.astype(numpy.float64), features.double().numpy()
    norm = numpy.linalg.norm
    cosines = (found * features).sum(1) / norm(found, axis=1) / norm(features, axis=1)
    unit = features / norm(features, axis=1, keepdims=True)
    difference = numpy.abs(found / norm(found, axis=1, keepdims=True) - unit).max() / numpy.abs(unit).max()
    others = unit @ unit.T
    others = others[~numpy.eye(len(unit), dtype=bool)].mean()
    print(f"  {what}: lowest cosine {cosines.min():.7f} over {len(cosines)}, largest difference {difference:.1e}; "
          f"mean cosine of different ones {others:.3f}")
    expect(cosines.min() >= COSINE, f"{what} differ from the original's")
    expect(difference <= DIFFERENCE, f"{what} differ from the original's by {difference:.1e}")
    expect(others < 0.95, f"{what} of different inputs are alike: the comparison says nothing")


class OpenClip:
    """A model of OpenCLIP's, in its training's checkpoint."""

    def __init__(self, name, config):
        self.name, self.config = name, config
        torch.manual_seed(0)
        self.model = open_clip.model.CLIP(**config).eval()
        random_weights(self.model)
        self.preprocess = open_clip.transform.image_transform(self.model.visual.image_size, is_train=False)
        self.context_length = config["text_cfg"]["context_length"]

    def save(self, folder):
        """Returns what tells helip the architecture."""
        (folder / "model.json").write_text(json.dumps(self.config))
        state = {f"module.{key}": value for key, value in self.model.state_dict().items()}
        torch.save({"epoch": 3, "name": self.name, "state_dict": state, "optimizer": {"state": {}}}, folder / "trained.pt")
        return ["--model", folder / "model.json"]

    def check_folder(self, folder, pixels, tokens):
        loaded, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
        self.check_same_logits(loaded.eval(), pixels, tokens)
        image = Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 50).convert("RGB")
        expect(torch.equal(preprocess(image), self.preprocess(image)), f"the folder has another preprocessing: {preprocess}")

    def check_same_logits(self, other, pixels, tokens):
        with torch.no_grad():
            for one, again in zip(self.model.get_logits(pixels, tokens), other.get_logits(pixels, tokens)):
                expect(torch.equal(one, again), "the model that went around gives other logits")

    def check_back(self, file, folder, pixels, tokens):
        back = torch.load(file, weights_only=True)
        expect(list(back) == ["epoch", "name", "state_dict"], f"back.pt holds {list(back)}")
        for mapped in (False, True):
            check_same_state(torch.load(file, weights_only=True, mmap=mapped)["state_dict"], self.model)
        written = json.loads((folder / "open_clip_config.json").read_text())
        again = open_clip.model.CLIP(**written["model_cfg"]).eval()
        open_clip.load_checkpoint(again, str(file))
        self.check_same_logits(again, pixels, tokens)


class Slip:
    """SLIP_VITS16 in SLIP's checkpoint, which tells the architecture."""

    context_length = 77
    preprocess = staticmethod(transforms.Compose([
        transforms.Resize(224), transforms.CenterCrop(224), lambda image: image.convert("RGB"), transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]))

    def __init__(self):
        golden = pathlib.Path(__file__).resolve().parents[1] / "golden"
        sys.path[:0] = [str(golden / "slip"), str(golden / "architectures")]
        import formula
        import make

        shape = make.describe(*make.SIZES["VITS16"], ssl=True)
        self.make = lambda: make.Slip(shape, make.vision(shape["image_tower"])).eval()
        self.model = formula.fill_model(self.make())

    def save(self, folder):
        layer = torch.nn.Linear(2, 2)
        layer(torch.ones(1, 2)).sum().backward()
        optimizer = torch.optim.AdamW(layer.parameters())
        optimizer.step()
        args = argparse.Namespace(model="SLIP_VITS16", ssl_mlp_dim=4096, ssl_emb_dim=256, lr=3e-3, resume="", gpu=None)
        torch.save({
            "epoch": 25, "state_dict": {f"module.{key}": value for key, value in self.model.state_dict().items()},
            "optimizer": optimizer.state_dict(), "scaler": torch.amp.GradScaler(enabled=False).state_dict(),
            "best_acc1": 38.3, "args": args,
        }, folder / "trained.pt")
        return []

    def check_folder(self, folder, pixels, tokens):
        """SLIP has no loader of folders."""

    def check_back(self, file, folder, pixels, tokens):
        back = torch.load(file, weights_only=False)
        args = back["args"]
        expect((args.model, args.ssl_mlp_dim, args.ssl_emb_dim) == ("SLIP_VITS16", 4096, 256), f"back.pt has {args}")
        # As SLIP's eval_zeroshot.py loads it.
        state = {key.replace("module.", ""): value for key, value in back["state_dict"].items()}
        check_same_state(state, self.model)
        again = self.make()
        again.load_state_dict(state, strict=True)
        with torch.no_grad():
            expect(torch.equal(again.encode_image(pixels), self.model.encode_image(pixels)), "back.pt gives other features")
            expect(torch.equal(again.encode_text(tokens), self.model.encode_text(tokens)), "back.pt gives other features")


def check_same_state(state, model):
    expect(state.keys() == model.state_dict().keys(), "back.pt has other tensors")
    for key, value in model.state_dict().items():
        expect(state[key].dtype == value.dtype and torch.equal(state[key], value), f"back.pt: {key} has other values")


def round_trip(subject, helip, images, folder):
    def run(*command):
        done = subprocess.run([helip, *map(str, command)], capture_output=True, text=True)
        expect(done.returncode == 0, f"helip {' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")

    (folder / "corpus").mkdir(parents=True)
    pairs = make_corpus(images, 24, folder / "corpus")
    # In its own mode, as OpenCLIP's transform takes an image: RGB comes last.
    pixels = torch.stack([subject.preprocess(Image.open(io.BytesIO(image))) for image, _ in pairs])
    tokens = open_clip.SimpleTokenizer(context_length=subject.context_length)([caption for _, caption in pairs])
    settle_batch_norms(subject.model, pixels)
    architecture = subject.save(folder)
    run("convert", folder / "trained.pt", folder / "folder", *architecture)

    run("embed", "--model", folder / "folder", "--corpus", folder / "corpus/00000.tar", "--out", folder / "embeddings")
    with torch.no_grad():
        image_features, text_features = subject.model.encode_image(pixels), subject.model.encode_text(tokens)
    check_cosines("images", numpy.load(folder / "embeddings/img_emb/img_emb_0.npy"), image_features)
    check_cosines("captions", numpy.load(folder / "embeddings/text_emb/text_emb_0.npy"), text_features)

    subject.check_folder(folder / "folder", pixels, tokens)
    run("convert", folder / "folder", folder / "back.pt")
    subject.check_back(folder / "back.pt", folder / "folder", pixels, tokens)
    print(f"  {sum(value.numel() for value in subject.model.parameters())} parameters came back as they were")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="build folder")
    parser.add_argument("--architecture", action="append", choices=sorted([*ARCHITECTURES, SLIP]), help=f"default: {DEFAULT}")
    parser.add_argument("--images", type=pathlib.Path, default=pathlib.Path("/usr/share/openclipart/png"))
    parser.add_argument("--keep", type=pathlib.Path, help="new folder for what is made; default: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.keep or pathlib.Path(temporary)
        for name in arguments.architecture or DEFAULT:
            print(name)
            subject = Slip() if name == SLIP else OpenClip(name, ARCHITECTURES[name]())
            round_trip(subject, arguments.build / "bin/helip", arguments.images, root / name)
    print("open_clip_round_trip: all as expected")


if __name__ == "__main__":
    main()
