"""Words of icons' names."""

import re

# They say how a picture is drawn, not what it shows. Names that differ in them alone lie on one side of a split.
STYLE_WORDS = {
    "outline", "outlined", "filled", "fill", "duotone", "bold", "light", "thin", "regular", "symbolic", "variant", "rtl", "ltr", "alt",
}


def words(name):
    """Returns the words of a name, split at - _ . + and in camel case, in lower case."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^0-9a-z]+", name.lower()) if word]


def caption(icon):
    """Returns the words of the name, then the tags that say more; each word once."""
    found = []
    for part in (icon.name, *icon.tags):
        found += [word for word in words(part.replace("*", " ")) if word not in found]
    return " ".join(found)


def plain_name(name):
    """Returns the name without words of style, by which icons are split; all of its words if nothing else is left."""
    found = words(name)
    return " ".join([word for word in found if word not in STYLE_WORDS] or found)
