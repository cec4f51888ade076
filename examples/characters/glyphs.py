"""Draws Han characters as 32 × 32 grey pictures, black on white, and keeps them in a cache that all splits share."""

import concurrent.futures
import dataclasses
import functools
import hashlib
import io
import pathlib
import statistics
import sys

from fontTools.ttLib import TTFont, TTLibError
from PIL import Image, ImageFont, features

from common.picture_cache import cached

SIDE = 32
MEDIAN_INK_SIDE = 28  # of each font, so that sizes tell nothing of the font
SIZE_SAMPLES = 400    # characters whose median it is

TRUETYPE = "/usr/share/fonts/truetype"
OPENTYPE = "/usr/share/fonts/opentype"


@dataclasses.dataclass(frozen=True)
class Font:
    name: str
    role: str     # train | validation | test
    package: str  # Debian's
    file: str
    face: int = 0  # in a collection


# Drawings of one design must not lie on two sides: cwTeX's Kai, the Kai of Arphic's own packages (both as UKai) and Klee (as
# LXGW WenKai) are in no list for that reason.
FONTS = (
    Font("noto-sans", "train", "fonts-noto-cjk", f"{OPENTYPE}/noto/NotoSansCJK-Regular.ttc"),
    Font("noto-serif", "train", "fonts-noto-cjk", f"{OPENTYPE}/noto/NotoSerifCJK-Regular.ttc"),
    Font("wqy-zenhei", "train", "fonts-wqy-zenhei", f"{TRUETYPE}/wqy/wqy-zenhei.ttc"),
    Font("hanamin", "train", "fonts-hanazono", f"{TRUETYPE}/hanazono/HanaMinA.ttf"),
    Font("uming", "train", "fonts-arphic-uming", f"{TRUETYPE}/arphic/uming.ttc"),
    Font("cwtex-fangsong", "validation", "fonts-cwtex-fs", f"{TRUETYPE}/cwtex/cwfs.ttf"),
    Font("seto", "validation", "fonts-seto", f"{TRUETYPE}/seto/setofont.ttf"),
    Font("ukai", "test", "fonts-arphic-ukai", f"{TRUETYPE}/arphic/ukai.ttc"),
    Font("unifont", "test", "fonts-unifont", f"{OPENTYPE}/unifont/unifont.otf"),
    Font("lxgw-wenkai", "test", "fonts-lxgw-wenkai", f"{TRUETYPE}/lxgw-wenkai/LXGWWenKai-Regular.ttf"),
    Font("ipamj", "test", "fonts-ipamj-mincho", f"{TRUETYPE}/ipamj/ipamjm.ttf"),
    Font("tw-kai", "test", "fonts-cns11643-kai", f"{TRUETYPE}/cns11643/TW-Kai-98_1.ttf"),
)


def _ink(font, code):
    """Returns the drawn character, cut to its ink, as a grey picture (255 = ink), or None if there is no ink."""
    mask = font.getmask(chr(code), mode="L")
    if 0 in mask.size:
        return None
    picture = Image.frombytes("L", mask.size, bytes(mask))
    box = picture.getbbox()
    return picture.crop(box) if box else None


def _open(font, size):
    return ImageFont.truetype(font.file, size, index=font.face, layout_engine=ImageFont.Layout.BASIC)


def fitted_size(font, codes):
    """Returns the font size at which the larger side of the ink has the median MEDIAN_INK_SIDE."""
    probe_size = 4 * MEDIAN_INK_SIDE
    opened = _open(font, probe_size)
    drawn = [_ink(opened, code) for code in codes[:: max(1, len(codes) // SIZE_SAMPLES)]]
    return round(probe_size * MEDIAN_INK_SIDE / statistics.median(max(ink.size) for ink in drawn if ink), 2)


def draw(opened, code):
    """Returns the PNG of one character, its ink in the middle, or None if the font draws nothing."""
    ink = _ink(opened, code)
    if ink is None:
        return None
    if max(ink.size) > SIDE:
        ink.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    picture = Image.new("L", (SIDE, SIDE), 255)
    picture.paste(0, ((SIDE - ink.width) // 2, (SIDE - ink.height) // 2), ink)
    png = io.BytesIO()
    picture.save(png, "PNG")
    return png.getvalue()


def has(font, codes):
    """Returns those of the codes for which the font's cmap names a glyph."""
    try:
        with TTFont(font.file, fontNumber=font.face, lazy=True) as opened:
            known = opened.getBestCmap()
    except TTLibError as error:
        sys.exit(f"make_corpus: {font.file}: expected a font, found {error}")
    return [code for code in codes if code in known]


def drawn_from(font, codes):
    """Returns a digest of everything that a font's pictures depend on."""
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    digest.update(f"{Image.__version__} {features.version('freetype2')} {font}".encode())
    digest.update(pathlib.Path(font.file).read_bytes())
    digest.update(" ".join(map(str, codes)).encode())
    return digest.hexdigest()


def _draw_all(font, codes):
    known = has(font, codes)
    opened = _open(font, fitted_size(font, known)) if known else None
    return {code: png for code in known if (png := draw(opened, code))}


def render(font, codes, cache):
    """Returns {code: PNG} of one font, from its file in the cache or drawn and put there."""
    return cached(cache / f"{font.name}.npz", drawn_from(font, codes), lambda: _draw_all(font, codes))


def render_all(fonts, codes, cache, workers):
    """Returns {font name: {code: PNG}}, font by font on so many processes."""
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        return dict(zip((font.name for font in fonts), pool.map(functools.partial(render, codes=codes, cache=cache), fonts)))
