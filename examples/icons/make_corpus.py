#!/usr/bin/env python3
"""Makes the icons: pictures of PyPI's and Debian's icon packages, with the words of their names.

  OUT/pictures/                                   pictures by package, drawn once for all splits
  OUT/split-N/corpus/00000.tar …                  training pairs, WebDataset: KEY.png (128 × 128, on white) and KEY.txt
  OUT/split-N/eval/retrieval/{validation,test}/   names that are not trained, each caption once
  OUT/split-N/eval/names/{validation,test}/       classes: trained names, in themes that are not trained
  OUT/split-N/eval/family/{train,validation,test}/  classes: first words of names that are not trained (train: for the probe)
  OUT/split-N/corpus.json                         what was made, written last

N, from 1, chooses which names are trained. The evaluation sets have clip_benchmark's WebDataset layout. The result depends on the
packages and this folder's scripts alone; a second run has nothing to do.
"""

import concurrent.futures
import functools
import hashlib
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import drawing  # noqa: E402
from common import finished, split_command, webdataset  # noqa: E402
from sources import SOURCES  # noqa: E402
from split import Split  # noqa: E402

SHARD_SAMPLES = 2000
# Captions are bare names as well.
TEMPLATES = ["{c}"]


def input_digest(number, sources):
    here = pathlib.Path(__file__).resolve().parent
    digest = hashlib.sha256(f"split {number}".encode())
    for script in [*sorted(here.glob("*.py")), *sorted(here.parent.glob("common/*.py"))]:
        if script.name not in ("make_towers.py", "towers.py", "minilm.py"):
            digest.update(script.read_bytes())
    for source in sources:
        digest.update(f"{source.name} {source.role} {drawing.drawn_from(source.icons())}".encode())
    return digest.hexdigest()


def classified(splits, class_of, classes):
    index = {label: number for number, label in enumerate(classes)}
    return {split: [("png", picture.png, index[class_of(picture)]) for picture in pictures] for split, pictures in splits.items()}


def write_split(making, split):
    """Writes corpus and evaluation sets; returns what they count."""
    training = split.training()
    samples = ((picture.key.replace("/", "_").replace(".", "_"), picture) for picture in training)
    webdataset.write_shards(
        making / "corpus", ((key, {"png": picture.png, "txt": picture.caption.encode()}) for key, picture in samples), SHARD_SAMPLES
    )
    counts = {"training pairs": len(training), "captions": len({picture.caption for picture in training})}

    retrieval = {side: split.retrieval(side) for side in ("validation", "test")}
    webdataset.write_retrieval(
        making / "eval/retrieval",
        {side: [("png", picture.png, picture.caption) for picture in pictures] for side, pictures in retrieval.items()},
    )
    counts |= {f"retrieval {side}": len(pictures) for side, pictures in retrieval.items()}

    for name, (pictures, classes), class_of in (
        ("names", split.names(), lambda picture: picture.name),
        ("family", split.families(), lambda picture: picture.family),
    ):
        webdataset.write_classification(making / "eval" / name, classified(pictures, class_of, classes), classes, TEMPLATES)
        counts |= {f"{name} {side}": len(members) for side, members in pictures.items()} | {f"{name} classes": len(classes)}
    return counts


def make(out, number, workers, sources=SOURCES):
    """Makes one split. Tests take fewer sources."""
    for source in sources:
        if not source.root().is_dir():
            sys.exit(
                f"make_corpus: expected {source.root()} of the package {source.package}, found none: "
                f"scripts/setup.sh icons installs it"
            )
    started = time.monotonic()
    folder = out / f"split-{number}"
    digest = input_digest(number, sources)
    made = finished.read_summary(folder, "corpus.json", digest)
    if made:
        print(f"{folder}: nothing to do ({finished.counts_line(made)})")
        return
    folder.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        drawn = list(pool.map(functools.partial(drawing.draw_source, cache=out / "pictures"), sources))
    making = finished.new_folder(folder)
    counts = write_split(making, Split(number, [(source, *result) for source, result in zip(sources, drawn)]))
    counts = {"icons": sum(len(icons) for icons, _ in drawn), "pictures": sum(len(pngs) for _, pngs in drawn)} | counts
    made = finished.publish(making, folder, "corpus.json", counts, digest)
    print(f"{folder}: {finished.counts_line(made)} ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    split_command.main(__doc__, make)
