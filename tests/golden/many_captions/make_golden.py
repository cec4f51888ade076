#!/usr/bin/env python3
"""Real captions in many scripts with the digests of open_clip's tokens: make_golden.py SVG_FOLDER ANNOTATIONS_FOLDER

Writes captions.txt.gz (one a line) and expected.json beside this script: the sha256 of the tokens (int64, little-endian,
[100, 77]) of every 100 captions. SVG_FOLDER: /usr/share/openclipart/svg (Debian's openclipart-svg), whose titles and
descriptions are taken as they stand in the files, HTML entities included. ANNOTATIONS_FOLDER:
/usr/share/unicode/cldr/common/annotations (Debian's unicode-cldr-core): names of emoji with and without the emoji. Captions with
mojibake, which ftfy repairs, are counted.
needs: pip install open_clip_torch==3.3.0 ftfy==6.3.1
"""
import gzip
import hashlib
import html
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

import ftfy
from open_clip import tokenizer as clip

HERE = pathlib.Path(__file__).parent
PER_LANGUAGE = 1100
BLOCK = 100
LANGUAGES = {
    "am": "Ethiopic", "ar": "Arabic", "bn": "Bengali", "el": "Greek", "en": "Latin", "he": "Hebrew", "hi": "Devanagari",
    "hy": "Armenian", "ja": "Japanese", "ka": "Georgian", "km": "Khmer", "ko": "Hangul", "ru": "Cyrillic", "ta": "Tamil",
    "th": "Thai", "vi": "Latin with marks", "zh": "Han",
}


def titles(folder):
    found = set()
    for file in sorted(folder.rglob("*.svg")):
        text = file.read_bytes().decode("utf-8", "replace")
        for title in re.findall(r"<dc:(?:title|description)>([^<]+)</dc:", text):
            found.add(title)
    return sorted(found)


def annotations(folder, language):
    root = xml.etree.ElementTree.parse(folder / f"{language}.xml").getroot()
    captions = []
    for number, entry in enumerate(root.iter("annotation")):
        emoji, text = entry.get("cp"), entry.text or ""
        if entry.get("type") == "tts":
            captions.append(f"{emoji} {text}" if number % 4 < 2 else text)
        else:
            captions.append(text.replace(" | ", ", ") if number % 4 < 2 else html.escape(f"{text} <{emoji}>"))
    step = max(1, len(captions) // PER_LANGUAGE)
    return captions[::step][:PER_LANGUAGE]


def main():
    svg, cldr = map(pathlib.Path, sys.argv[1:])
    captions = titles(svg)
    of_titles = len(captions)
    for language in LANGUAGES:
        captions += annotations(cldr, language)
    captions = [" ".join(text.splitlines()) for text in captions]
    captions = captions[: len(captions) // BLOCK * BLOCK]
    repaired = sum(ftfy.fix_text(text) != ftfy.fix_text(text, fix_encoding=False) for text in captions)
    tokens = clip.SimpleTokenizer()(captions).numpy().astype("<i8")
    digests = [hashlib.sha256(tokens[i : i + BLOCK].tobytes()).hexdigest() for i in range(0, len(captions), BLOCK)]
    with gzip.GzipFile(HERE / "captions.txt.gz", "wb", compresslevel=9, mtime=0) as file:
        file.write("".join(text + "\n" for text in captions).encode())
    expected = {"captions": len(captions), "titles": of_titles, "scripts": sorted(LANGUAGES.values()), "repaired_by_ftfy": repaired,
                "sha256": digests}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")
    print(len(captions), "captions,", repaired, "with mojibake")


if __name__ == "__main__":
    main()
