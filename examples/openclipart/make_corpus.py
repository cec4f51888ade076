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
import os
import pathlib
import sys
import time

from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import catalog  # noqa: E402
from common import finished, webdataset  # noqa: E402

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


def write_corpus(folder, drawings, pictures):
    samples = []
    for number, drawing in enumerate(drawings):
        extension, data = pictures[drawing.path]
        shard, row = divmod(number, SHARD_SAMPLES)
        samples.append((f"{shard:05d}{row:04d}", {extension: data, "txt": drawing.caption.encode()}))
    webdataset.write_shards(folder, samples, SHARD_SAMPLES)


def write_classification(folder, labels, splits, pictures, classnames):
    labelled = {
        split: [(*pictures[drawing.path], classnames.index(labels[drawing.path])) for drawing in drawings]
        for split, drawings in splits.items()
    }
    webdataset.write_classification(folder, labelled, classnames, TEMPLATES)


def write_retrieval(folder, splits, pictures):
    captioned = {
        split: [(*pictures[drawing.path], drawing.caption) for drawing in drawings] for split, drawings in splits.items()
    }
    webdataset.write_retrieval(folder, captioned)


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
    here = pathlib.Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for script in (here / "catalog.py", here / "make_corpus.py", here.parent / "common/webdataset.py"):
        digest.update(script.read_bytes())
    digest.update(Image.__version__.encode())
    for path in catalog.png_paths():
        size = os.stat(os.path.join(catalog.PNG_ROOT, path + ".png")).st_size
        digest.update(f"{path} {size}\n".encode())
    return digest.hexdigest()


def build(out, workers, digest):
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

    making = finished.new_folder(out)
    write_corpus(making / "corpus", splits["train"], pictures)

    top, fine = catalog.top_classes(drawings), catalog.fine_classes(drawings)
    top_splits = {name: of_one_class(members, top) for name, members in splits.items()}
    top_splits["train"] = at_most_per_class(top_splits["train"], top, PROBE_TRAIN_PER_CLASS)
    write_classification(making / "eval/zeroshot_top22", top, top_splits, pictures, sorted(set(top.values())))
    fine_splits = {name: of_one_class(splits[name], fine) for name in ("validation", "test")}
    write_classification(making / "eval/zeroshot_fine", fine, fine_splits, pictures, sorted(set(fine.values())))
    retrieval_splits = {name: distinct_pairs(splits[name]) for name in ("validation", "test")}
    write_retrieval(making / "eval/retrieval", retrieval_splits, pictures)

    counts = {
        "training pairs": len(splits["train"]),
        "validation pairs": len(splits["validation"]),
        "test pairs": len(splits["test"]),
        "retrieval test pairs": len(retrieval_splits["test"]),
        "top classes": len(set(top.values())),
        "fine classes": len(set(fine.values())),
    }
    made = finished.publish(making, out, "corpus.json", counts, digest)
    print(f"{out}: {finished.counts_line(made)} ({time.monotonic() - started:.0f} s)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    for root in (catalog.PNG_ROOT, catalog.SVG_ROOT):
        if not os.path.isdir(root):
            sys.exit(f"make_corpus: no drawings: expected the folder {root} (packages openclipart-png, openclipart-svg)")
    digest = input_digest()
    made = finished.read_summary(arguments.out, "corpus.json", digest)
    if made:
        print(f"{arguments.out}: nothing to do ({finished.counts_line(made)})")
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    build(arguments.out, arguments.workers, digest)


if __name__ == "__main__":
    main()
