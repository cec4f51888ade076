"""Draws icons as pictures of 128 × 128 pixels on white."""

import pathlib

from PIL import Image

from common import drawing
from common.picture_cache import cached
from sources import digest_of

SIDE = 128


def _open(icon):
    if icon.symbol:
        return drawing.render_svg(SIDE, markup=icon.symbol)
    if icon.file.endswith((".svg", ".svgz")):
        return drawing.render_svg(SIDE, path=icon.file)
    with Image.open(icon.file) as image:
        return image.convert("RGBA")


def draw(icon):
    """Returns the PNG of an icon, or None if nothing is seen of it or its file holds no picture."""
    try:
        return drawing.on_white(_open(icon), SIDE)
    except (ValueError, OSError):
        return None


def drawn_from(icons):
    """Returns a digest of everything that a source's pictures depend on."""
    scripts = [pathlib.Path(__file__), pathlib.Path(drawing.__file__)]
    return " ".join([digest_of(icons), drawing.VERSIONS, *(script.read_text() for script in scripts)])


def draw_source(source, cache):
    """Returns ([icons], {key: PNG}) of a source; icons that show nothing have no picture."""
    icons = source.icons()

    def draw_all():
        return {icon.key: png for icon in icons if (png := draw(icon))}

    return icons, cached(cache / f"{source.name}.npz", drawn_from(icons), draw_all)
