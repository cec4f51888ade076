"""Draws small pictures on white."""

import io

import resvg_py
from PIL import Image

VERSIONS = f"resvg_py {resvg_py.__version__} Pillow {Image.__version__}"
# A picture with less ink is blank: what is made for dark panels is white on white here.
INK_SHARE = 0.005
INK = 40  # steps of grey below white


def render_svg(side, path=None, markup=None):
    """Returns a drawing of a file (SVG, also compressed) or of markup as RGBA, `side` pixels wide. Throws ValueError."""
    drawing = {"svg_path": str(path)} if path else {"svg_string": markup}
    # No fonts of the machine: a letter in a drawing is left out rather than drawn differently on each.
    return Image.open(io.BytesIO(resvg_py.svg_to_bytes(**drawing, width=side, skip_system_fonts=True))).convert("RGBA")


def on_white(image, side):
    """Returns the PNG of an RGBA picture, scaled into the middle of a white square, or None if nothing is seen of it."""
    scale = side / max(image.size)
    size = tuple(max(1, round(length * scale)) for length in image.size)
    if image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    picture = Image.new("RGB", (side, side), "white")
    picture.paste(image, ((side - size[0]) // 2, (side - size[1]) // 2), image.getchannel("A"))
    grey = picture.convert("L")
    if sum(grey.histogram()[: 256 - INK]) < INK_SHARE * side * side or grey.getextrema()[0] == grey.getextrema()[1]:
        return None
    png = io.BytesIO()
    (grey if grey.convert("RGB").tobytes() == picture.tobytes() else picture).save(png, "PNG")
    return png.getvalue()
