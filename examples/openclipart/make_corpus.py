#!/usr/bin/env python3
"""Makes the sample corpus from Debian's openclipart-png and openclipart-svg: real drawings with their authors' words.

  OUT/corpus/00000.tar …                       training pairs, WebDataset: KEY.{png,jpg} and KEY.txt
  OUT/eval/zeroshot_top22/{train,validation,test}/   classes: top folders  (train: for the linear probe)
  OUT/eval/zeroshot_fine/{validation,test}/          classes: folders with at least 8 drawings
  OUT/eval/retrieval/{validation,test}/              captions, each image and each caption once
  OUT/corpus.json                              what was made, written last

The evaluation sets have clip_benchmark's WebDataset layout. Transparent drawings are composited over white and scaled to
at most MAX_SIDE pixels. The result depends on the packages and this folder's scripts alone; a second run has nothing to do.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import io
import json
import os
import pathlib
import shutil
import sys
import tarfile
import time

from PIL import Image

import catalog

MAX_SIDE = 160
SHARD_SAMPLES = 1000
JPEG_QUALITY = 92
PROBE_TRAIN_PER_CLASS = 80
# Chosen on the validation split.
TEMPLATES = ["{c}", "{c} icon", "{c} sign"]


def encode_picture(path):
    """(extension, bytes) of one drawing: over white, at most MAX_SIDE, as PNG or JPEG, whichever is smaller."""
    with Image.open(os.path.join(catalog.PNG_ROOT, path + ".png")) as image:
        image = image.convert("RGBA")
        # reducing_gap scales most of the way by whole factors, which is several times faster for the large drawings.
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0)
        picture = Image.new("RGB", image.size, "white")
        picture.paste(image, mask=image.getchannel("A"))
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.save(png, "PNG", optimize=False, compress_level=6)
    picture.save(jpeg, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    if len(png.getvalue()) <= len(jpeg.getvalue()):
        return "png", png.getvalue()
    return "jpg", jpeg.getvalue()


def add_member(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))  # TarInfo's defaults: no time, no owner


def write_tar(path, samples):
    """samples: [(key, {extension: bytes})]"""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for key, members in samples:
            for extension, data in members.items():
                add_member(tar, f"{key}.{extension}", data)


def write_corpus(folder, drawings, pictures):
    folder.mkdir(parents=True)
    for shard, first in enumerate(range(0, len(drawings), SHARD_SAMPLES)):
        samples = []
        for row, drawing in enumerate(drawings[first : first + SHARD_SAMPLES]):
            extension, data = pictures[drawing.path]
            samples.append((f"{shard:05d}{row:04d}", {extension: data, "txt": drawing.caption.encode()}))
        write_tar(folder / f"{shard:05d}.tar", samples)


def write_split(folder, samples):
    folder.mkdir(parents=True)
    write_tar(folder / "0.tar", samples)
    (folder / "nshards.txt").write_text("1\n")


def write_classification(folder, labels, splits, pictures, classnames):
    for split, drawings in splits.items():
        samples = []
        for row, drawing in enumerate(drawings):
            extension, data = pictures[drawing.path]
            label = str(classnames.index(labels[drawing.path]))
            samples.append((f"s{row:07d}", {extension: data, "cls": label.encode()}))
        write_split(folder / split, samples)
    (folder / "classnames.txt").write_text("".join(name + "\n" for name in classnames))
    (folder / "zeroshot_classification_templates.txt").write_text("".join(line + "\n" for line in TEMPLATES))
    (folder / "dataset_type.txt").write_text("classification\n")


def write_retrieval(folder, splits, pictures):
    for split, drawings in splits.items():
        samples = []
        for row, drawing in enumerate(drawings):
            extension, data = pictures[drawing.path]
            samples.append((f"s{row:07d}", {extension: data, "txt": drawing.caption.encode()}))
        write_split(folder / split, samples)
    (folder / "dataset_type.txt").write_text("retrieval\n")


def of_one_class(drawings, labels):
    """Drawings with a label, each content once, without contents that lie in folders of several classes."""
    classes = collections.defaultdict(set)
    for drawing in drawings:
        if drawing.path in labels:
            classes[drawing.content].add(labels[drawing.path])
    seen, kept = set(), []
    for drawing in drawings:
        if len(classes[drawing.content]) == 1 and drawing.content not in seen:
            seen.add(drawing.content)
            kept.append(drawing)
    return [drawing for drawing in kept if drawing.path in labels]


def distinct_pairs(drawings):
    """Each image and each caption once, so that every query has exactly one right answer."""
    contents, captions, kept = set(), set(), []
    for drawing in drawings:
        if drawing.caption and drawing.content not in contents and drawing.caption not in captions:
            contents.add(drawing.content)
            captions.add(drawing.caption)
            kept.append(drawing)
    return kept


def at_most_per_class(drawings, labels, limit):
    count, kept = collections.Counter(), []
    for drawing in drawings:
        count[labels[drawing.path]] += 1
        if count[labels[drawing.path]] <= limit:
            kept.append(drawing)
    return kept


def input_digest():
    """Of everything that the result depends on: these scripts, Pillow and the packages' files."""
    digest = hashlib.sha256()
    for script in sorted(pathlib.Path(__file__).resolve().parent.glob("*.py")):
        if script.name in ("catalog.py", "make_corpus.py"):
            digest.update(script.read_bytes())
    digest.update(Image.__version__.encode())
    for path in catalog.png_paths():
        size = os.stat(os.path.join(catalog.PNG_ROOT, path + ".png")).st_size
        digest.update(f"{path} {size}\n".encode())
    return digest.hexdigest()


def already_made(out, digest):
    """The summary of a complete earlier run on the same input, else None."""
    try:
        made = json.loads((out / "corpus.json").read_text())
    except (OSError, ValueError):
        return None
    if made.get("input_sha256") != digest:
        return None
    sizes_fit = all((out / name).is_file() and (out / name).stat().st_size == size for name, size in made["files"].items())
    return made if sizes_fit else None


def summary_line(made):
    return ", ".join(f"{name} {count}" for name, count in made["counts"].items())


def build(out, workers):
    started = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        drawings = list(pool.map(catalog.read_drawing, catalog.png_paths(), chunksize=64))
        found = len(drawings)
        drawings = [drawing for drawing in drawings if drawing.pixels <= catalog.MAX_PIXELS]
        too_large = found - len(drawings)
        drawings = catalog.shuffled(catalog.apply_title_caps(drawings))
        print(
            f"{found} drawings; {too_large} with more than {catalog.MAX_PIXELS // 1_000_000} million pixels and "
            f"{found - too_large - len(drawings)} over their title's cap are left out; "
            f"scaling {len(drawings)} on {workers} cores",
            file=sys.stderr,
            flush=True,
        )
        first_of_content = {}
        for drawing in drawings:
            first_of_content.setdefault(drawing.content, drawing.path)
        encoded = dict(zip(first_of_content, pool.map(encode_picture, first_of_content.values(), chunksize=16)))
    pictures = {drawing.path: encoded[drawing.content] for drawing in drawings}
    splits = {name: [d for d in drawings if d.split == name] for name in ("train", "validation", "test")}

    making = out / f".making.{os.getpid()}"
    shutil.rmtree(making, ignore_errors=True)
    write_corpus(making / "corpus", splits["train"], pictures)

    top, fine = catalog.top_classes(drawings), catalog.fine_classes(drawings)
    top_splits = {name: of_one_class(members, top) for name, members in splits.items()}
    top_splits["train"] = at_most_per_class(top_splits["train"], top, PROBE_TRAIN_PER_CLASS)
    write_classification(making / "eval/zeroshot_top22", top, top_splits, pictures, sorted(set(top.values())))
    fine_splits = {name: of_one_class(splits[name], fine) for name in ("validation", "test")}
    write_classification(making / "eval/zeroshot_fine", fine, fine_splits, pictures, sorted(set(fine.values())))
    retrieval_splits = {name: distinct_pairs(splits[name]) for name in ("validation", "test")}
    write_retrieval(making / "eval/retrieval", retrieval_splits, pictures)

    for name in ("corpus", "eval"):
        shutil.rmtree(out / name, ignore_errors=True)
        os.replace(making / name, out / name)
    making.rmdir()
    files = sorted(file for name in ("corpus", "eval") for file in (out / name).rglob("*") if file.is_file())
    made = {
        "counts": {
            "training pairs": len(splits["train"]),
            "validation pairs": len(splits["validation"]),
            "test pairs": len(splits["test"]),
            "retrieval test pairs": len(retrieval_splits["test"]),
            "top classes": len(set(top.values())),
            "fine classes": len(set(fine.values())),
        },
        "input_sha256": input_digest(),
        "files": {str(file.relative_to(out)): file.stat().st_size for file in files},
    }
    temporary = out / "corpus.json.tmp"
    temporary.write_text(json.dumps(made, indent=1) + "\n")
    os.replace(temporary, out / "corpus.json")
    print(f"{out}: {summary_line(made)} ({time.monotonic() - started:.0f} s)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    for root in (catalog.PNG_ROOT, catalog.SVG_ROOT):
        if not os.path.isdir(root):
            sys.exit(f"make_corpus: no drawings: expected the folder {root} (packages openclipart-png, openclipart-svg)")
    made = already_made(arguments.out, input_digest())
    if made:
        print(f"{arguments.out}: nothing to do ({summary_line(made)})")
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    build(arguments.out, arguments.workers)


if __name__ == "__main__":
    main()
