"""Pixels and captions as they are met: helip's embeddings are those of OpenCLIP's own preprocessing and tokenizer."""

import io
import json
import pathlib
import struct
import sys

import numpy
from PIL import Image, ImageOps, PngImagePlugin

from bench import encoded, opened, picture, png, samples, write_tar
from caption_inputs import CAPTIONS, JSON_CAPTIONS
from small_clip import COSINE, cosine, rows_of

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import png_chunks  # noqa: E402
from png_chunks import chunk, chunks, joined, with_chunk  # noqa: E402


def png_without_end(png):
    return joined(part for part in chunks(png) if part[0] != b"IEND")


def png_wrong_checksum(png, name):
    return joined((kind, content, b"\1\2\3\4" if kind == name else checksum) for kind, content, checksum in chunks(png))


def transparent(size=(60, 40), hidden=(255, 255, 255)):
    """Half is a picture, half is transparent over a colour that nobody sees."""
    image = picture(3, size).convert("RGBA")
    image.paste((*hidden, 0), (0, 0, size[0] // 2, size[1]))
    return image


def sixteen_bit(size, channels):
    """A 16-bit PNG, which Pillow can only write in grey."""
    y, x = numpy.mgrid[: size[1], : size[0]]
    values = numpy.stack([(x * 977 + y * 331 * (c + 1)) % 65536 for c in range(channels)], -1).astype(">u2")
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return png_chunks.png(*size, 16, colour, [row.tobytes() for row in values])


def low_bit_grey(bits):
    size = (64, 50)
    per_byte = 8 // bits
    rows = [bytes((x * 7 + y * 11) % 256 for x in range(size[0] // per_byte)) for y in range(size[1])]
    return png_chunks.png(*size, bits, 0, rows)


def animated(form):
    frames = [picture(seed, (50, 40)) for seed in (4, 5, 6)]
    return encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=100, loop=0, lossless=True)


def with_exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def images():
    """(what it is, its bytes)."""
    big = picture(1, (230, 150))
    line = Image.radial_gradient("L").resize((120, 90)).point(lambda value: 255 if value > 90 else 0).convert("1")
    palette = picture(2, (90, 70)).quantize(13)
    see_through = transparent().quantize(20, method=Image.Quantize.FASTOCTREE)
    key = chunk(b"tRNS", struct.pack(">HHH", *picture(8, (50, 50)).getpixel((9, 9))))
    rgb_key = with_chunk(encoded(picture(8, (50, 50))), key)
    comment = PngImagePlugin.PngInfo()
    comment.add_text("parameters", "masterpiece, best quality\nSteps: 20", zip=True)
    jpeg = encoded(big, "JPEG", quality=80)
    return [
        ("a 1-bit PNG", encoded(line)),
        ("a grey PNG of 2 bits", low_bit_grey(2)),
        ("a grey PNG of 4 bits", low_bit_grey(4)),
        ("a palette PNG", encoded(palette)),
        ("a palette PNG of 1 bit", encoded(picture(2, (90, 70)).quantize(2), bits=1)),
        ("a palette PNG with one transparent entry", encoded(palette, transparency=3)),
        ("a palette PNG with an alpha for each entry", encoded(see_through)),
        ("an RGBA PNG with hidden white", encoded(transparent())),
        ("an RGBA PNG with hidden red", encoded(transparent((75, 61), (255, 0, 0)))),
        ("a grey PNG with alpha", encoded(transparent().convert("LA"))),
        ("an RGB PNG with a transparent colour", rgb_key),
        ("a grey PNG with a transparent shade", encoded(picture(3, (60, 60), "L"), transparency=120)),
        ("a grey PNG of 16 bits", sixteen_bit((70, 52), 1)),
        ("a grey PNG of 16 bits with alpha", sixteen_bit((70, 52), 2)),
        ("an RGB PNG of 16 bits", sixteen_bit((70, 52), 3)),
        ("an RGBA PNG of 16 bits", sixteen_bit((70, 52), 4)),
        (
            "a PNG with gamma and chromaticities",
            with_chunk(
                encoded(picture(4, (64, 64))),
                chunk(b"gAMA", struct.pack(">I", 100000))
                + chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
            ),
        ),
        ("a PNG with a compressed comment", encoded(picture(5, (64, 40)), pnginfo=comment)),
        ("a PNG without its end chunk", png_without_end(encoded(picture(6, (40, 64))))),
        ("a PNG with a wrong checksum of its pixels", png_wrong_checksum(encoded(picture(7, (40, 64))), b"IDAT")),
        ("an animated PNG", animated("PNG")),
        ("a PNG with words behind its end", encoded(picture(9, (33, 44))) + b"appended by a camera"),
        ("a PNG of one pixel", encoded(picture(3).resize((1, 1)))),
        ("a PNG 1 wide and 300 high", encoded(big.resize((1, 300)))),
        ("a PNG 400 wide and 3 high", encoded(big.resize((400, 3)))),
        ("a PNG that is to be enlarged", encoded(picture(8, (31, 17)))),
        ("a PNG with EXIF that turns it", encoded(picture(10, (50, 30)), exif=with_exif(6))),
        ("a grey JPEG", encoded(big.convert("L"), "JPEG")),
        ("a CMYK JPEG", encoded(picture(11, (66, 55)).convert("CMYK"), "JPEG", quality=90)),
        ("a progressive JPEG", encoded(big, "JPEG", progressive=True)),
        ("a JPEG without chroma subsampling", encoded(big, "JPEG", subsampling=0, quality=95)),
        ("a JPEG with 4:2:2 subsampling", encoded(big, "JPEG", subsampling=1)),
        ("a JPEG that keeps RGB", encoded(big, "JPEG", keep_rgb=True)),
        ("a JPEG with restart markers", encoded(big, "JPEG", restart_marker_blocks=3)),
        ("a JPEG with an orientation", encoded(picture(12, (80, 50)), "JPEG", exif=with_exif(8))),
        ("a JPEG with bytes before its end", jpeg[:-2] + bytes(40) + jpeg[-2:]),
        ("a JPEG with bytes behind its end", jpeg + b"<!-- -->" * 20),
        ("a JPEG of quality 5", encoded(big, "JPEG", quality=5)),
        ("a JPEG of odd sides", encoded(big.resize((131, 67)), "JPEG", subsampling=2)),
        ("a lossy WebP", encoded(big, "WEBP", quality=70)),
        ("a lossless WebP", encoded(picture(13, (64, 49)), "WEBP", lossless=True)),
        ("a WebP with alpha", encoded(transparent(), "WEBP", lossless=True, exact=True)),
        ("a lossy WebP with alpha", encoded(transparent((64, 64), (0, 255, 0)), "WEBP", quality=80)),
        ("an animated WebP", animated("WEBP")),
    ]


def embeddings(bench):
    """All pictures and captions pass in one start."""
    clip = bench.shared["clip"]
    place = bench.place("embed")
    pictures = images()
    texts = [(name, "txt", text.encode("utf-8"), expected) for name, text, expected in CAPTIONS]
    texts += [(name, "json", text.encode("utf-8", "surrogatepass"), expected) for name, text, expected in JSON_CAPTIONS]
    count = len(pictures) + len(texts)
    members = []
    for i, (_, content) in enumerate(pictures):
        extension = {0xFF: "jpg", 0x89: "png", 0x52: "webp"}[content[0]]
        members += [(f"{i:04}.{extension}", content), (f"{i:04}.txt", b"a picture")]
    for i, (_, kind, text, _) in enumerate(texts, len(pictures)):
        members += [(f"{i:04}.png", png()), (f"{i:04}.{kind}", text)]
    tar = write_tar(place / "a.tar", members)
    outcome = bench.helip("embed", "--model", clip.folder, "--corpus", tar, "--out", place / "out", "--threads", 1, "--json")
    if outcome.code != 0:
        bench.judge("a corpus of odd pictures and captions is embedded", False, "exit 0", outcome)
        return
    image_rows, text_rows = rows_of(place / "out", "img_emb"), rows_of(place / "out", "text_emb")
    bench.expect_equal("each pair of the odd corpus has a row", (count, count), (len(image_rows), len(text_rows)))
    reasons = {
        json.loads(line)["key"]: json.loads(line)["reason"] for line in (place / "out/quarantine.jsonl").read_text().splitlines()
    }

    wanted = []
    for i, (name, content) in enumerate(pictures):
        image = opened(content)
        wanted.append(None if image is None else clip.of_image(image))
        if image is None:
            bench.judge(f"{name}, which Pillow does not read, is left out", f"{i:04}" in reasons, "a reason", "none")
        else:
            found = cosine(image_rows[i], wanted[-1])
            bench.judge(
                f"{name} is embedded as OpenCLIP does",
                found >= COSINE,
                f"cosine {COSINE}",
                f"{found:.5f} {reasons.get(f'{i:04}', '')}",
            )
    rows = numpy.stack([row for row in wanted if row is not None])
    mean = (rows @ rows.T)[~numpy.eye(len(rows), dtype=bool)].mean()
    bench.judge("the pictures' embeddings tell them apart", mean < 0.97, "a mean cosine below 0.97", mean)
    others = [
        cosine(clip.of_image(opened(content).convert("RGB")), row)
        for (_, content), row in zip(pictures, wanted)
        if row is not None
    ]
    bench.judge(
        "the embeddings tell whether a picture was resized before it became RGB",
        sum(one < COSINE for one in others) >= 5,
        f"5 below {COSINE}",
        sorted(others)[:6],
    )
    expected_rows = clip.of_texts([expected for _, _, _, expected in texts])
    for i, (name, _, _, expected) in enumerate(texts, len(pictures)):
        found = cosine(text_rows[i], expected_rows[i - len(pictures)])
        bench.judge(
            f"{name} has OpenCLIP's tokens",
            found >= COSINE,
            f"cosine {COSINE} with {expected[:60]!r}",
            f"{found:.5f} {reasons.get(f'{i:04}', '')}",
        )
    tokens = {clip.tokenizer([expected])[0].numpy().tobytes(): row for (_, _, _, expected), row in zip(texts, expected_rows)}
    closest = closest_pair(list(tokens.values()))
    bench.judge("the captions' embeddings tell them apart", closest < COSINE, f"below {COSINE}", closest)


def closest_pair(rows):
    unit = numpy.stack(rows).astype(numpy.float64)
    unit /= numpy.linalg.norm(unit, axis=1, keepdims=True)
    cosines = unit @ unit.T
    return float(cosines[~numpy.eye(len(unit), dtype=bool)].max())


def turned_pictures():
    """(what it is, its bytes): pictures whose orientation stands in one of the places that Pillow looks at."""
    image = picture(14, (48, 32))
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{}"/></rdf:RDF></x:xmpmeta>'
    )
    exif = with_exif(5)
    raw = b"\nexif\n%8d\n" % len(exif) + b"\n".join(exif.hex().encode()[i : i + 72] for i in range(0, 2 * len(exif), 72)) + b"\n"
    profile = PngImagePlugin.PngInfo()
    profile.add_text("Raw profile type exif", raw.decode(), zip=True)
    plain_xmp = PngImagePlugin.PngInfo()
    plain_xmp.add_itxt("XML:com.adobe.xmp", xmp.format(8))
    big_endian = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 3, 0, 0)
    turned = [(f"a JPEG of orientation {k}", encoded(image, "JPEG", quality=95, exif=with_exif(k))) for k in range(1, 9)]
    return turned + [
        ("a JPEG with big-endian EXIF", encoded(image, "JPEG", quality=95, exif=big_endian)),
        ("a JPEG whose orientation stands in XMP", encoded(image, "JPEG", quality=95, xmp=xmp.format(6).encode())),
        ("a JPEG of orientation 9", encoded(image, "JPEG", quality=95, exif=with_exif(9))),
        ("a PNG with an EXIF chunk", encoded(image, exif=with_exif(3))),
        ("a PNG with EXIF in a text chunk", encoded(image, pnginfo=profile)),
        ("a PNG with XMP", encoded(image, pnginfo=plain_xmp)),
        ("a WebP with EXIF", encoded(image, "WEBP", lossless=True, exif=with_exif(7))),
        ("a WebP with XMP", encoded(image, "WEBP", lossless=True, xmp=xmp.format(4).encode())),
    ]


def orientations(bench):
    place = bench.place("turned")
    turned = turned_pictures()
    members = []
    for i, (_, content) in enumerate(turned):
        extension = {0xFF: "jpg", 0x89: "png", 0x52: "webp"}[content[0]]
        members += [(f"{i:04}.{extension}", content), (f"{i:04}.txt", b"a turned picture")]
    outcome, made = bench.data_import(write_tar(place / "a.tar", members), place / "out", "--exif-transpose")
    bench.expect_equal("turned pictures are all imported", (0, len(turned)), (outcome.code, len(made.pairs)), outcome)
    for (name, content), (_, _, written) in zip(turned, made.pairs):
        wanted = numpy.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"), dtype=float)
        upright = Image.open(io.BytesIO(written))
        again = numpy.asarray(ImageOps.exif_transpose(upright).convert("RGB"), dtype=float)
        found = numpy.asarray(upright.convert("RGB"), dtype=float)
        off = abs(wanted - found).mean() if wanted.shape == found.shape else 255.0
        is_stable = again.shape == found.shape and abs(again - found).mean() == 0
        bench.judge(
            f"{name} is turned as Pillow turns it",
            off < 6 and is_stable,
            "Pillow's pixels, and no orientation left",
            f"{off:.1f} of 255 apart, sides {found.shape[:2]} and {wanted.shape[:2]}, {'' if is_stable else 'still turned'}",
        )


def damaged_but_used(bench):
    place = bench.place("small-defects")
    members = samples(40)
    members[0] = (members[0][0], png_without_end(members[0][1]))
    tar = write_tar(place / "a.tar", members)
    outcome, made = bench.data_import(tar, place / "out")
    bench.expect_equal("a picture with a small defect stays in the corpus", (0, 40), (outcome.code, len(made.pairs)), outcome)
    outcome = bench.helip("data", "check", place / "out")
    bench.expect_equal("data check passes a corpus with a picture of a small defect", 0, outcome.code, outcome)


GROUPS = [embeddings, orientations, damaged_but_used]
