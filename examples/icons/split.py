"""Who is where: names are split by a seeded hash, and whole themes are held out.

Everything is a function of the icons, their pictures and the split's number.
"""

import collections
import dataclasses

import names
from common.seeded import fraction, shuffled

TEST_PERCENT = 13
VALIDATION_PERCENT = 9
RETRIEVAL_PAIRS = 2500
FAMILIES = 60
FAMILY_TRAIN = 80  # pictures of a family from which its probe learns
SIDES = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class Picture:
    key: str
    name: str     # without words of style
    caption: str
    png: bytes

    @property
    def family(self):
        return self.name.split()[0]


class Split:
    """The pictures of one split.

    read  [(source, icons, {key: PNG})], sources to train on first, those to test on last
    """

    def __init__(self, number, read):
        self._seed = f"icons-{number}"
        self.seen = {side: [] for side in SIDES}      # by themes that are trained, by the side of the name
        self.held_out = {side: [] for side in SIDES}  # by themes that are not
        found = set()
        for source, icons, drawn in read:
            for icon in icons:
                png = drawn.get(icon.key)
                # A picture that comes again, under whatever name, is left out: the first has it.
                if png is None or png in found:
                    continue
                found.add(png)
                picture = Picture(icon.key, names.plain_name(icon.name), names.caption(icon), png)
                if source.role == "train":
                    self.seen[self.side(picture.name)].append(picture)
                else:
                    self.held_out[source.role].append(picture)

    def side(self, name):
        percent = 100 * fraction(self._seed, "name:" + name)
        return "test" if percent < TEST_PERCENT else "validation" if percent < TEST_PERCENT + VALIDATION_PERCENT else "train"

    def training(self):
        return self._shuffled(self.seen["train"], "order")

    def retrieval(self, side):
        """Returns pictures of names that are not trained, each caption once and none that is trained or of a side before."""
        taken = {picture.caption for before in SIDES[: SIDES.index(side)] for picture in self.seen[before]}
        pictures = []
        for picture in self._shuffled(self.seen[side], "retrieval"):
            if picture.caption not in taken:
                taken.add(picture.caption)
                pictures.append(picture)
        return pictures[:RETRIEVAL_PAIRS]

    def names(self):
        """Returns ({split: pictures}, classes): trained names in themes that are not trained."""
        trained = {picture.name for picture in self.seen["train"]}
        pictures = {
            side: self._shuffled([picture for picture in self.held_out[side] if picture.name in trained], "names")
            for side in ("validation", "test")
        }
        return pictures, sorted({picture.name for members in pictures.values() for picture in members})

    def families(self):
        """Returns ({split: pictures}, classes): names that are not trained, by their first word; train is for the probe."""
        members = collections.Counter(picture.family for picture in self.seen["test"] if len(picture.family) > 2)
        others = {picture.family for picture in self.seen["train"]} & {picture.family for picture in self.seen["validation"]}
        common = [family for family, _ in sorted(members.items(), key=lambda item: (-item[1], item[0])) if family in others]
        classes = sorted(common[:FAMILIES])
        pictures = {
            side: self._shuffled([picture for picture in self.seen[side] if picture.family in classes], "family")
            for side in SIDES
        }
        count, kept = collections.Counter(), []
        for picture in pictures["train"]:
            count[picture.family] += 1
            if count[picture.family] <= FAMILY_TRAIN:
                kept.append(picture)
        return pictures | {"train": kept}, classes

    def _shuffled(self, pictures, what):
        return shuffled(pictures, f"{self._seed}:{what}", lambda picture: picture.key)
