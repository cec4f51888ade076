"""What Debian's openclipart packages hold: one Drawing per PNG, with caption, folder and split.

Everything here is a pure function of the installed packages and the constants below.
"""

import collections
import dataclasses
import hashlib
import html
import os
import re
import struct

PNG_ROOT = "/usr/share/openclipart/png"
SVG_ROOT = "/usr/share/openclipart/svg"

SPLIT_SEED = "openclipart-1"
TEST_PERCENT = 15
VALIDATION_PERCENT = 10
# One author's 1,375 stars share the title "gramastar"; uncapped they are a sixth of the corpus and their folder alone
# moves every figure.
TITLE_CAPS = {"gramastar": 150}
# The loader refuses larger pictures; 16 drawings have up to 623 million pixels.
MAX_PIXELS = 64_000_000
FINE_FOLDER_MEMBERS = 8

_METADATA = re.compile(rb"<(?:\w+:)?metadata.*?</(?:\w+:)?metadata>", re.DOTALL)
_TITLE = re.compile(rb"<dc:title[^>]*>([^<]*)</dc:title>")
_SUBJECT = re.compile(rb"<dc:subject[^>]*>(.*?)</dc:subject>", re.DOTALL)
_KEYWORD = re.compile(rb"<rdf:li[^>]*>([^<]*)</rdf:li>")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclasses.dataclass(frozen=True)
class Drawing:
    path: str      # relative to PNG_ROOT, without extension
    title: str
    caption: str   # empty if the authors gave no word at all
    folder: str    # the path's folder, "animals/mammals/bears"
    content: str   # sha256 of the PNG file
    split: str     # train | validation | test
    pixels: int


def _text(raw):
    return " ".join(html.unescape(raw.decode("utf-8", "replace")).split())


def read_metadata(svg_bytes):
    """Title and keywords of one SVG's RDF metadata; empty where the author gave none."""
    found = _METADATA.search(svg_bytes)
    metadata = found.group(0) if found else svg_bytes
    title = _TITLE.search(metadata)
    subject = _SUBJECT.search(metadata)
    keywords = _KEYWORD.findall(subject.group(1)) if subject else []
    return (_text(title.group(1)) if title else "", [word for word in map(_text, keywords) if word])


def make_caption(stem, title, keywords):
    """Words of the file name (trailing number dropped), title and keywords: each word once, order kept."""
    stem = re.sub(r"[_\-. ]*\d+$", "", stem) or stem
    words = []
    for part in [stem, title, *keywords]:
        for word in _WORD.findall(part.lower()):
            if word not in words:
                words.append(word)
    return " ".join(words)


def _fraction(text):
    """A number in [0, 1) that depends on the text and SPLIT_SEED alone."""
    return int(hashlib.sha256(f"{SPLIT_SEED}:{text}".encode()).hexdigest()[:13], 16) / 16**13


def split_of(content):
    """The split follows the content, so exact duplicates stay on one side."""
    percent = 100 * _fraction(content)
    if percent < TEST_PERCENT:
        return "test"
    return "validation" if percent < TEST_PERCENT + VALIDATION_PERCENT else "train"


def png_paths():
    paths = []
    for folder, _, files in os.walk(PNG_ROOT):
        relative = os.path.relpath(folder, PNG_ROOT)
        paths += [os.path.join(relative, name[:-4]) for name in files if name.endswith(".png")]
    return sorted(paths)


def read_drawing(path):
    with open(os.path.join(PNG_ROOT, path + ".png"), "rb") as file:
        png = file.read()
    content = hashlib.sha256(png).hexdigest()
    width, height = struct.unpack(">II", png[16:24])  # the IHDR chunk comes first in every PNG
    with open(os.path.join(SVG_ROOT, path + ".svg"), "rb") as file:
        title, keywords = read_metadata(file.read())
    folder, stem = os.path.split(path)
    return Drawing(path, title, make_caption(stem, title, keywords), folder, content, split_of(content), width * height)


def apply_title_caps(drawings):
    """Keeps a seeded choice of the drawings whose title is capped, and all others; order kept."""
    kept = set()
    for title, cap in TITLE_CAPS.items():
        paths = [drawing.path for drawing in drawings if drawing.title == title]
        kept.update(sorted(paths, key=_fraction)[:cap])
    return [drawing for drawing in drawings if drawing.title not in TITLE_CAPS or drawing.path in kept]


def shuffled(drawings):
    """A seeded order, so that neighbours in a shard are not neighbours in a folder."""
    return sorted(drawings, key=lambda drawing: (_fraction("order:" + drawing.path), drawing.path))


def readable(folder):
    return folder.replace("_", " ").replace("-", " ")


def top_classes(drawings):
    """{path: class name} by top folder."""
    return {drawing.path: readable(drawing.folder.split("/")[0]) for drawing in drawings}


def fine_classes(drawings):
    """{path: class name} by whole folder, where at least FINE_FOLDER_MEMBERS drawings lie in it.

    The name is the last two parts of the folder, the more special one first: "bears mammals".
    """
    members = collections.Counter(drawing.folder for drawing in drawings)
    return {
        drawing.path: " ".join(readable(part) for part in reversed(drawing.folder.split("/")[-2:]))
        for drawing in drawings
        if members[drawing.folder] >= FINE_FOLDER_MEMBERS
    }
