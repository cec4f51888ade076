"""Who is where: which glosses are never seen in training, and which characters each evaluation set holds.

Everything is a function of the characters, of the fonts that draw them and of the split's number.
"""

import collections
import dataclasses

import unihan
from common.seeded import fraction, shuffled

# Shares of the glosses that are held out. Their characters have no caption in training: they are the classes of the probe
# "uncaptioned", and their glosses are those of the retrieval set "unseen_glosses".
TEST_PERCENT = 10
VALIDATION_PERCENT = 3
RETRIEVAL_PAIRS = 3000  # of each font
RADICAL_MEMBERS = 50
RARE_TEST = 3000
RARE_VALIDATION = 1500


@dataclasses.dataclass(frozen=True)
class Picture:
    font: str
    character: unihan.Character
    png: bytes


class Split:
    """The pictures of one split.

    characters  all with a gloss
    fonts       those that are used, in their order (glyphs.Font)
    drawn       {font name: {code: PNG}}
    """

    def __init__(self, number, characters, fonts, drawn):
        self._seed = f"characters-{number}"
        self._drawn = drawn
        self._fonts = {role: [font.name for font in fonts if font.role == role] for role in ("train", "validation", "test")}
        self._unclear = _unclear(drawn)
        self._elsewhere = {
            "validation": _pngs(drawn, self._fonts["train"]),
            "test": _pngs(drawn, self._fonts["train"] + self._fonts["validation"]),
        }
        self.common = [character for character in characters if character.in_iicore]
        self.rare = [character for character in characters if not character.in_iicore]
        self.side = {}  # of each gloss of a common character
        for key, members in unihan.by_gloss(self.common).items():
            percent = 100 * fraction(self._seed, "gloss:" + key)
            side = "test" if percent < TEST_PERCENT else "validation" if percent < TEST_PERCENT + VALIDATION_PERCENT else "train"
            self.side.update((character.code, side) for character in members)

    def training(self):
        """Returns the training pictures, character by character; characters of one gloss follow each other."""
        groups = unihan.by_gloss([character for character in self.common if self.side[character.code] == "train"])
        return [
            picture
            for key in shuffled(groups, self._seed + ":order")
            for character in groups[key]
            for picture in self._pictures(character, self._fonts["train"])
        ]

    def retrieval(self, font):
        """Returns RETRIEVAL_PAIRS pictures by a font that is not trained, of characters whose gloss is: only the font is new."""
        role = next(role for role, names in self._fonts.items() if font in names)
        seen = {picture.character.code for picture in self.training()}
        characters = [character for character in self.common if character.code in seen]
        pictures = [picture for character in characters for picture in self._tested(character, role, [font])]
        return shuffled(pictures, f"{self._seed}:retrieval:{font}", lambda picture: picture.character.name)[:RETRIEVAL_PAIRS]

    def unseen_glosses(self, role):
        """Returns pictures of the characters whose gloss was never seen, each by one of the role's fonts."""
        characters = [character for character in self.common if self.side[character.code] == role]
        return self._by_one_font_each(shuffled(characters, self._seed + ":unseen", lambda character: character.name), role)

    def uncaptioned(self):
        """Returns ({split: pictures}, characters): the classes are the test side's characters, by all fonts of each role."""
        pictures = {
            role: [
                picture
                for character in self.common
                if self.side[character.code] == "test" and character.code not in self._unclear
                for picture in self._tested(character, role, self._fonts[role])
            ]
            for role in ("train", "validation", "test")
        }
        trained = {picture.character for picture in pictures["train"]}
        pictures = {role: [picture for picture in members if picture.character in trained] for role, members in pictures.items()}
        return pictures, sorted(trained, key=lambda character: character.code)

    def rare_radicals(self):
        """Returns ({split: pictures}, radicals): characters outside IICore, each by one font, by their radicals."""
        characters = [c for c in self.rare if c.code not in self._unclear and self._tested(c, "test", self._fonts["test"])]
        members = collections.Counter(character.radical for character in characters)
        radicals = sorted(radical for radical, count in members.items() if count >= RADICAL_MEMBERS)
        characters = [character for character in characters if character.radical in radicals]
        characters = shuffled(characters, self._seed + ":rare", lambda character: character.name)
        test = self._by_one_font_each(characters, "test")[:RARE_TEST]
        left = _without(characters, test)
        validation = self._by_one_font_each(left, "validation")[:RARE_VALIDATION]
        train = self._by_one_font_each(_without(left, validation), "train")
        return {"train": train, "validation": validation, "test": test}, radicals

    def _pictures(self, character, fonts):
        return [
            Picture(font, character, self._drawn[font][character.code]) for font in fonts if character.code in self._drawn[font]
        ]

    def _tested(self, character, role, fonts):
        """Returns the pictures that no font of a side before draws to the byte."""
        return [p for p in self._pictures(character, fonts) if p.png not in self._elsewhere.get(role, ())]

    def _by_one_font_each(self, characters, role):
        pictures = []
        for character in characters:
            found = self._tested(character, role, self._fonts[role])
            if found:
                pictures.append(found[int(len(found) * fraction(self._seed, "font:" + character.name))])
        return pictures


def _without(characters, pictures):
    taken = {picture.character for picture in pictures}
    return [character for character in characters if character not in taken]


def _pngs(drawn, fonts):
    return {png for font in fonts for png in drawn[font].values()}


def _unclear(drawn):
    """Returns the codes of characters that some font draws as another character, to the byte."""
    unclear = set()
    for pngs in drawn.values():
        codes = collections.defaultdict(list)
        for code, png in pngs.items():
            codes[png].append(code)
        unclear.update(code for same in codes.values() if len(same) > 1 for code in same)
    return unclear
