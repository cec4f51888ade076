"""What Debian's package unicode-data (Unicode 15, Unihan) says of Han characters: English glosses, radicals, and which characters
are in IICore, the set that every East Asian system should have."""

import bz2
import collections
import dataclasses
import pathlib
import re

FOLDER = pathlib.Path("/usr/share/unicode")
READINGS = FOLDER / "Unihan_Readings.txt.bz2"
SOURCES = FOLDER / "Unihan_IRGSources.txt.bz2"
RADICALS = FOLDER / "CJKRadicals.txt"
NAMES = FOLDER / "UnicodeData.txt"
FILES = (READINGS, SOURCES, RADICALS, NAMES)

_REFERENCE = r"(?:U\+[0-9A-F]{4,6}|[\u2e80-\u2fdf\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
_SAME_AS = re.compile(
    r"(?:\b(?:same as|variant of|simplification of|simplified form of|ancient form of|used for|equivalent to)\s+)?"
    rf"{_REFERENCE}(?:\s*{_REFERENCE})*"
)
_BRACKETS = re.compile(rf"\([^()]*{_REFERENCE}[^()]*\)")


@dataclasses.dataclass(frozen=True)
class Character:
    code: int
    gloss: str      # never empty
    radical: int    # 1 to 214
    in_iicore: bool

    @property
    def name(self):
        return f"U+{self.code:04X}"


def clean_gloss(definition):
    """Returns the gloss without code points and Han letters, nor what says only to which other character it refers.

    Empty if nothing else is said.
    """
    gloss = _SAME_AS.sub(" ", _BRACKETS.sub(" ", definition))
    gloss = re.sub(r"\s+([,;.])", r"\1", " ".join(gloss.split()))
    gloss = re.sub(r"[,;](?:\s*[,;])+", ";", gloss)
    gloss = re.sub(r"^(\([^()]*\))[,;]", r"\1", gloss)
    return gloss.strip(" ,;.")


def gloss_key(gloss):
    """Returns the text by which glosses count as equal."""
    return " ".join(gloss.casefold().split())


def _values(file, fields):
    """Returns {field: {code: value}} of one Unihan file."""
    found = {field: {} for field in fields}
    with bz2.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("U+"):
                code, field, value = line.rstrip("\n").split("\t")
                if field in found:
                    found[field][int(code[2:], 16)] = value
    return found


def read_characters():
    """Returns all characters with a gloss, by code point."""
    definitions = _values(READINGS, ["kDefinition"])["kDefinition"]
    sources = _values(SOURCES, ["kRSUnicode", "kIICore"])
    characters = []
    for code, definition in sorted(definitions.items()):
        gloss = clean_gloss(definition)
        # A character may be filed under two radicals; the first is the usual one. 149' is 149's simplified form.
        radical = sources["kRSUnicode"].get(code, "").split(" ")[0].split(".")[0].rstrip("'")
        if gloss and radical:
            characters.append(Character(code, gloss, int(radical), code in sources["kIICore"]))
    return characters


def read_radical_names():
    """Returns {1: "one", …, 214: "flute"}, from the names of the Kangxi radicals."""
    names = {}
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        code, name = line.split(";")[:2]
        if name.startswith("KANGXI RADICAL "):
            names[code] = name.removeprefix("KANGXI RADICAL ").lower()
    radicals = {}
    for line in RADICALS.read_text(encoding="utf-8").splitlines():
        fields = line.split("#")[0].split(";")
        if len(fields) == 3 and "'" not in fields[0]:
            radicals[int(fields[0])] = names[fields[1].strip()]
    return radicals


def by_gloss(characters):
    """Returns {gloss key: [characters]}, both in the order of the characters."""
    groups = collections.defaultdict(list)
    for character in characters:
        groups[gloss_key(character.gloss)].append(character)
    return dict(groups)
