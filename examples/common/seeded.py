"""Choices that depend on a seed and a name alone: neither on the order of a list nor on what else is chosen."""

import hashlib


def fraction(seed, text):
    """Returns a number in [0, 1) that depends on the two texts alone."""
    return int(hashlib.sha256(f"{seed}:{text}".encode()).hexdigest()[:13], 16) / 16**13


def shuffled(items, seed, name=str):
    """Returns the items in a seeded order; `name` gives an item's own text."""
    return sorted(items, key=lambda item: (fraction(seed, name(item)), name(item)))
