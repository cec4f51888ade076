#!/usr/bin/env python3
"""Makes the characters: Han characters drawn by Debian's fonts, with their English glosses from Unihan.

  OUT/glyphs/                                   pictures by font, drawn once for all splits
  OUT/split-N/corpus/00000.tar …                training pairs, WebDataset: KEY.png (32 × 32, grey) and KEY.txt (the gloss)
  OUT/split-N/eval/retrieval_FONT/              3,000 characters whose gloss was trained, by a font that was not
  OUT/split-N/eval/unseen_glosses/{validation,test}/      characters whose gloss was not trained, by such fonts
  OUT/split-N/eval/rare/{train,validation,test}/          characters outside IICore; classes: their radicals
  OUT/split-N/eval/uncaptioned/{train,validation,test}/   the characters of the unseen glosses as classes of a probe
  OUT/split-N/corpus.json                       what was made, written last

N, from 1, chooses which glosses are held out and which characters are scored. The evaluation sets have clip_benchmark's
WebDataset layout. The result depends on the packages and this folder's scripts alone; a second run has nothing to do.
"""

import hashlib
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import glyphs  # noqa: E402
import unihan  # noqa: E402
from common import finished, split_command, webdataset  # noqa: E402
from split import Split  # noqa: E402

SHARD_SAMPLES = 5000
# In the words of the glosses; chosen on the validation split of split 1.
TEMPLATES = ["{c}", "type of {c}", "name of a {c}"]


def input_digest(number, fonts, codes):
    here = pathlib.Path(__file__).resolve().parent
    digest = hashlib.sha256(f"split {number}".encode())
    for script in [*sorted(here.glob("*.py")), *sorted(here.parent.glob("common/*.py"))]:
        if script.name not in ("make_towers.py", "towers.py", "minilm.py"):
            digest.update(script.read_bytes())
    for file in unihan.FILES:
        digest.update(file.read_bytes())
    for font in fonts:
        digest.update(glyphs.drawn_from(font, codes).encode())
    return digest.hexdigest()


def write_corpus(folder, pictures):
    samples = ((f"{p.character.name}_{p.font}", {"png": p.png, "txt": p.character.gloss.encode()}) for p in pictures)
    webdataset.write_shards(folder, samples, SHARD_SAMPLES)


def retrieval(pictures):
    return [("png", picture.png, picture.character.gloss) for picture in pictures]


def classified(splits, class_of, classes):
    index = {label: number for number, label in enumerate(classes)}
    return {
        split: [("png", picture.png, index[class_of(picture.character)]) for picture in pictures]
        for split, pictures in splits.items()
    }


def write_split(making, split, fonts):
    """Writes corpus and evaluation sets; returns what they count."""
    training = split.training()
    write_corpus(making / "corpus", training)
    counts = {
        "training pairs": len(training),
        "characters": len({picture.character for picture in training}),
        "glosses": len({unihan.gloss_key(picture.character.gloss) for picture in training}),
    }
    for font in fonts:
        if font.role != "train":
            pictures = split.retrieval(font.name)
            webdataset.write_retrieval(making / f"eval/retrieval_{font.name}", {font.role: retrieval(pictures)})
            counts[f"retrieval {font.name}"] = len(pictures)
    unseen = {role: split.unseen_glosses(role) for role in ("validation", "test")}
    webdataset.write_retrieval(making / "eval/unseen_glosses", {role: retrieval(members) for role, members in unseen.items()})
    counts["unseen glosses"] = len(unseen["test"])

    rare, radicals = split.rare_radicals()
    radical_names = unihan.read_radical_names()
    webdataset.write_classification(
        making / "eval/rare",
        classified(rare, lambda character: character.radical, radicals),
        [radical_names[radical] for radical in radicals],
        TEMPLATES,
    )
    counts |= {"rare": len(rare["test"]), "radicals": len(radicals)}

    uncaptioned, classes = split.uncaptioned()
    webdataset.write_classification(
        making / "eval/uncaptioned",
        classified(uncaptioned, lambda character: character, classes),
        [character.name for character in classes],
        ["{c}"],
    )
    counts |= {"uncaptioned": len(uncaptioned["test"]), "uncaptioned characters": len(classes)}
    return counts


def make(out, number, workers, fonts=glyphs.FONTS, choose=lambda characters: characters):
    """Makes one split. Tests take fewer fonts and choose fewer characters."""
    for file in [*unihan.FILES, *(pathlib.Path(font.file) for font in fonts)]:
        if not file.is_file():
            package = next((font.package for font in fonts if font.file == str(file)), "unicode-data")
            sys.exit(f"make_corpus: expected {file} of the Debian package {package}, found none: scripts/setup.sh demo installs it")
    started = time.monotonic()
    characters = choose(unihan.read_characters())
    codes = [character.code for character in characters]
    folder = out / f"split-{number}"
    digest = input_digest(number, fonts, codes)
    made = finished.read_summary(folder, "corpus.json", digest)
    if made:
        print(f"{folder}: nothing to do ({finished.counts_line(made)})")
        return
    folder.mkdir(parents=True, exist_ok=True)
    drawn = glyphs.render_all(fonts, codes, out / "glyphs", workers)
    making = finished.new_folder(folder)
    counts = write_split(making, Split(number, characters, fonts, drawn), fonts)
    made = finished.publish(making, folder, "corpus.json", counts, digest)
    print(f"{folder}: {finished.counts_line(made)} ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    split_command.main(__doc__, make)
