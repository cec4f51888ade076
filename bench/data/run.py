#!/usr/bin/env python3
"""Times the steps of HELIP's loader against the usual Python ones and prints a table of images per second of one core's time:
processor time, which other processes disturb less than the clock on the wall; the shards are in the page cache.

Both read the same JPEG shards and do the same work: read, decode, RandomResizedCrop(0.9-1.0) with bicubic to --size, scale,
normalise, tokenize. Ours is build/bench/helip_time_loader, one thread; the peer is webdataset, PIL, torchvision and
open_clip's tokenizer, composed as OpenCLIP does, one process without workers, one thread. They take turns; the table has the
medians. The shards are made once in WORK from --images (every image whose short side has enough pixels, its middle cut to a
square, JPEG quality 90), at 224 and at 512 px.

usage: run.py BUILD_FOLDER WORK --images FOLDER [--count 1000] [--repeats 5] [--size 224] [--cut-out]
--cut-out takes squares of 512 px from the whole of large photographs instead of their middle; squares of 224 px are those,
shrunk.
needs: pip install torch torchvision webdataset open_clip_torch pillow
"""
import argparse
import datetime
import io
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import cpu  # noqa: E402

PEER = "--peer"


def add(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def squares(images, count, cut_out):
    """Pictures of 512 px a side with their captions."""
    from PIL import Image
    Image.MAX_IMAGE_PIXELS = None
    files = sorted(f for f in images.rglob("*") if f.suffix.lower() in (".jpg", ".jpeg", ".png"))
    random.Random(0).shuffle(files)
    made = 0
    while made < count:
        before = made
        for file in files:
            with Image.open(file) as opened:
                if min(opened.size) < 512:
                    continue
                picture = opened.convert("RGBA")
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture).convert("RGB")
            caption = " ".join(file.relative_to(images).with_suffix("").parts).replace("_", " ")
            if cut_out:
                places = [(x, y) for y in range(0, picture.height - 511, 512) for x in range(0, picture.width - 511, 512)]
                crops = [picture.crop((x, y, x + 512, y + 512)) for x, y in places]
            else:
                scale = 512 / min(picture.size)
                picture = picture.resize((max(512, round(picture.width * scale)), max(512, round(picture.height * scale))))
                left, top = (picture.width - 512) // 2, (picture.height - 512) // 2
                crops = [picture.crop((left, top, left + 512, top + 512))]
            for crop in crops:
                if made == count:
                    return
                yield crop, caption
                made += 1
        if made == before:
            sys.exit(f"{images}: no image of 512 px a side")


def make_shards(args):
    folders = {side: args.work / f"jpeg{side}" for side in (224, 512)}
    if all((folder / "00000.tar").exists() for folder in folders.values()):
        return folders
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    tars = {side: tarfile.open(folder / "part.tar", "w", format=tarfile.USTAR_FORMAT) for side, folder in folders.items()}
    for number, (picture, caption) in enumerate(squares(args.images, args.count, args.cut_out)):
        for side, tar in tars.items():
            encoded = io.BytesIO()
            (picture if side == 512 else picture.resize((side, side))).save(encoded, "JPEG", quality=90)
            add(tar, f"{number:09}.jpg", encoded.getvalue())
            add(tar, f"{number:09}.txt", caption.encode())
    for side, tar in tars.items():
        tar.close()
        (folders[side] / "part.tar").rename(folders[side] / "00000.tar")
    return folders


def peer(shard, size):
    """Runs in a process of its own: the seconds of one pass."""
    import open_clip
    import torch
    import webdataset as wds
    from torchvision import transforms
    torch.set_num_threads(1)
    transform = transforms.Compose([
        transforms.RandomResizedCrop(size, scale=(0.9, 1.0), interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.ToTensor(),
        transforms.Normalize(open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD),
    ])
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    dataset = (wds.WebDataset(shard, shardshuffle=False).decode("pilrgb").rename(image="jpg", text="txt")
               .map_dict(image=transform, text=lambda text: tokenizer(text)[0]).to_tuple("image", "text"))
    for _ in zip(range(20), dataset):
        pass
    began = time.process_time()
    images = sum(1 for _ in dataset)
    print(json.dumps({"images": images, "seconds": time.process_time() - began}))


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    if len(sys.argv) == 4 and sys.argv[1] == PEER:
        return peer(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--cut-out", action="store_true")
    args = parser.parse_args()
    loader = args.build / "bench" / "helip_time_loader"
    folders = make_shards(args)

    print(f"{datetime.date.today()}, {cpu()}; {args.count} images, {args.size} px, medians of {args.repeats}\n")
    used = set()
    print("| source | loader | images/s | × Python | read | decode | crop, resize, normalise | tokenize |")
    print("|---|---|---|---|---|---|---|---|")
    for side, folder in folders.items():
        ways = {"Python": [sys.executable, __file__, PEER, folder / "00000.tar", args.size]}
        for scaled in ("off", "on"):
            ways[f"HELIP, decode_scaled {scaled}"] = [loader, folder / "00000.tar", args.work / f"index{side}", args.size, 1, scaled]
        results = {way: [] for way in ways}
        for _ in range(args.repeats):
            for way, command in ways.items():
                results[way].append(run(command))
        rates = {way: statistics.median(r["images"] / r["seconds"] for r in found) for way, found in results.items()}
        used |= {r["instruction_set"] for found in results.values() for r in found if "instruction_set" in r}
        for way, found in results.items():
            shares = ["", "", "", ""]
            if "read" in found[0]:
                shares = [f"{100 * statistics.median(r[step] / r['seconds'] for r in found):.0f} %"
                          for step in ("read", "decode", "preprocess", "tokenize")]
            print(f"| {side} px | {way} | {rates[way]:.0f} | {rates[way] / rates['Python']:.2f} | {' | '.join(shares)} |")
    print(f"\nHELIP resized with {', '.join(sorted(used))}.")


if __name__ == "__main__":
    main()
