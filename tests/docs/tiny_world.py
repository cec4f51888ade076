"""The folder that the documents' commands run in: a checkout's scripts beside a tiny corpus, a checkpoint and a data set."""

import io
import random
import shutil
import tarfile

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

COLOURS = {"red": (220, 40, 40), "green": (40, 180, 60), "blue": (50, 70, 220), "yellow": (230, 210, 40)}
THINGS = ("boat", "house", "kite", "lamp")


def drawing(draw):
    """PNG bytes of a small picture, and its caption."""
    colour, thing = draw.choice(list(COLOURS)), draw.choice(THINGS)
    picture = Image.frombytes("RGB", (4, 4), draw.randbytes(48)).resize((32, 32))
    left, top = draw.randrange(16), draw.randrange(16)
    picture.paste(COLOURS[colour], (left, top, left + 8 + draw.randrange(8), top + 8 + 2 * THINGS.index(thing)))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue(), f"a {colour} {thing} number {draw.randrange(1000)}"


def write_shard(path, samples):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (image, caption) in samples.items():
            # Evaluation wants the class, its place in classnames.txt, for zero-shot tasks.
            label = str(list(COLOURS).index(caption.split()[1]))
            for ending, content in (("png", image), ("txt", caption.encode()), ("cls", label.encode())):
                member = tarfile.TarInfo(f"{name}.{ending}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


def clip_tensors(embed, image, text):
    """Random weights of an OpenCLIP model; `image` and `text` are its configuration's sections."""
    draw = np.random.default_rng(0)

    def normal(*shape):
        return (0.2 * draw.standard_normal(shape)).astype(np.float32)

    def norm(name, width):
        return {f"{name}.weight": np.ones(width, np.float32), f"{name}.bias": np.zeros(width, np.float32)}

    def blocks(prefix, width, layers):
        tensors = {}
        for layer in range(layers):
            block = f"{prefix}transformer.resblocks.{layer}"
            tensors |= norm(f"{block}.ln_1", width) | norm(f"{block}.ln_2", width)
            tensors |= {f"{block}.attn.in_proj_weight": normal(3 * width, width), f"{block}.attn.in_proj_bias": normal(3 * width),
                        f"{block}.attn.out_proj.weight": normal(width, width), f"{block}.attn.out_proj.bias": normal(width),
                        f"{block}.mlp.c_fc.weight": normal(4 * width, width), f"{block}.mlp.c_fc.bias": normal(4 * width),
                        f"{block}.mlp.c_proj.weight": normal(width, 4 * width), f"{block}.mlp.c_proj.bias": normal(width)}
        return tensors

    wide, patch, words = image["width"], image["patch_size"], text["width"]
    tensors = {
        "positional_embedding": normal(text["context_length"], words), "text_projection": normal(words, embed),
        "logit_scale": np.array(2.6593, np.float32), "token_embedding.weight": normal(text["vocab_size"], words),
        "visual.class_embedding": normal(wide), "visual.proj": normal(wide, embed),
        "visual.positional_embedding": normal((image["image_size"] // patch) ** 2 + 1, wide),
        "visual.conv1.weight": normal(wide, 3, patch, patch)}
    tensors |= norm("visual.ln_pre", wide) | norm("visual.ln_post", wide) | norm("ln_final", words)
    return tensors | blocks("visual.", wide, image["layers"]) | blocks("", words, text["layers"])


def make(home, build, source, model):
    """Makes the folder anew. `model` is the configuration of an OpenCLIP model."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for name in ("bench", "deploy", "examples", "tests", "CMakePresets.json"):
        (home / name).symlink_to(source / name)
    # Scripts may write beside themselves.
    shutil.copytree(source / "scripts", home / "scripts")
    (home / "build").symlink_to(build)
    draw = random.Random(1)

    (home / "im").mkdir()
    rows = []
    for number in range(24):
        image, caption = drawing(draw)
        (home / "im" / f"{number}.png").write_bytes(image)
        rows.append(f"im/{number}.png,{caption}")
    (home / "captions.csv").write_text("filepath,title\n" + "\n".join(rows) + "\n")

    # As many shards as the documents name, a pair in each; in all folders that they name.
    shards = home / "data"
    shards.mkdir()
    for shard in range(332):
        write_shard(shards / f"{shard:05}.tar", {f"{shard:09}": drawing(draw)})
    (shards / "cc3m").symlink_to(shards)

    heldout = {f"{number:04}": drawing(draw) for number in range(16)}
    for split in ("test", "validation"):
        folder = home / "heldout" / split
        folder.mkdir(parents=True)
        write_shard(folder / "0.tar", heldout)
        (folder / "nshards.txt").write_text("1\n")
    (home / "heldout" / "classnames.txt").write_text("\n".join(COLOURS) + "\n")
    (home / "heldout" / "zeroshot_classification_templates.txt").write_text("a {c} thing\n")

    (home / "checkpoints").mkdir()
    save_file(clip_tensors(model["embed_dim"], model["vision_cfg"], model["text_cfg"]), home / "checkpoints" / "random.safetensors")
