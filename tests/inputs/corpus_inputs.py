"""Tars, folders and lists of shards: nothing is lost without being counted, and no end mark, case or leftover loses a pair."""

import bz2
import gzip
import io
import json
import lzma
import shutil
import tarfile

import numpy

from bench import encoded, picture, png, samples, write_tar


# Both halves of a sample under one name of a folder.
def write_pair(folder, name, seed, image=".png", text=".txt"):
    folder.mkdir(parents=True, exist_ok=True)
    form = {".png": "PNG", ".webp": "WEBP"}.get(image.lower(), "JPEG")
    (folder / f"{name}{image}").write_bytes(encoded(picture(seed), form))
    (folder / f"{name}{text}").write_text(f"caption {seed}")


def account(bench, name, source, images, place, *more):
    """Each of `images` images becomes a pair or is counted. Returns what was imported."""
    outcome, made = bench.data_import(source, place / "out", "--max-left-out", 1, *more)
    bench.judge(
        name,
        outcome.code == 0 and len(made.pairs) + made.lost == images,
        f"{images} pairs or left out",
        f"{len(made.pairs)} pairs, {made.lost} left out, {outcome}",
    )
    return outcome, made


def expect_pairs(bench, name, source, count, place, *more):
    outcome, made = bench.data_import(source, place / "out", *more)
    bench.judge(
        name,
        (outcome.code, len(made.pairs), made.lost) == (0, count, 0),
        f"{count} pairs and nothing left out",
        f"{len(made.pairs)} pairs, {made.lost} left out, {outcome}",
    )
    return outcome, made


def keys_with_dots(bench):
    place = bench.place("dots")
    tar = write_tar(place / "some.tar", samples(6) + samples(4, 6, "photo.{}"))
    account(bench, "four images whose keys have dots and collapse into one are counted as four", tar, 10, place)
    place = bench.place("all-dots")
    tar = write_tar(place / "all.tar", samples(5, 0, "v1.5_{:03}"))
    outcome, _ = bench.data_import(tar, place / "out")
    bench.expect_refusal(
        "a tar of keys with dots alone is refused, and the line shows what stands behind the first dot",
        outcome,
        [(".5_000.png", "5_000", "dot")],
    )
    place = bench.place("dotted-folders")
    tar = write_tar(place / "a.tar", samples(4, 0, "release-1.2/shard.0/{:03}"))
    expect_pairs(bench, "dots in the folders of a tar's members are no part of the key's end", tar, 4, place)
    place = bench.place("dotted-stems")
    for i in range(4):
        write_pair(place / "in", f"img.v2.{i}", i, ".jpg")
    expect_pairs(bench, "a folder's images pair by their whole stem, dots in it or not", place / "in", 4, place)


def links(bench):
    place = bench.place("links")
    write_pair(place / "in", "own", 0)
    for i in range(3):
        write_pair(place / "elsewhere/deep", f"far{i}", i + 1)
    (place / "in/linked").symlink_to(place / "elsewhere")
    expect_pairs(bench, "a symbolic link to a folder is followed", place / "in", 4, place)

    place = bench.place("loop")
    for i in range(3):
        write_pair(place / "in/sub", f"p{i}", i)
    (place / "in/sub/again").symlink_to(place / "in")
    outcome, made = bench.data_import(place / "in", place / "out", "--max-left-out", 1)
    named = "again" in outcome.text + json.dumps(made.left_out)
    bench.judge(
        "a link that leads in a circle is followed no further and named",
        outcome.code == 0 and len(made.pairs) == 3 and named,
        "3 pairs and the link's name",
        f"{len(made.pairs)} pairs, left out {made.left_out}, {outcome}",
    )

    place = bench.place("broken-link")
    for i in range(3):
        write_pair(place / "in", f"p{i}", i)
    (place / "in/gone.jpg").symlink_to(place / "nowhere.jpg")
    (place / "in/gone.txt").write_text("its picture is gone")
    account(bench, "an image that is a broken link is counted", place / "in", 4, place)

    place = bench.place("tar-links")
    tar = write_tar(
        place / "a.tar",
        samples(4)
        + [
            ("9.png", (tarfile.SYMTYPE, "0000.png")),
            ("9.txt", b"a link"),
            ("8.png", (tarfile.LNKTYPE, "0001.png")),
            ("8.txt", b"a hard link"),
        ],
    )
    account(bench, "a tar's symbolic and hard links are counted", tar, 6, place)


def expect_used_or_named(bench, what, place, count, word):
    """A folder with `count` pairs, some of them in no tar: all become pairs, or the output names what is left out."""
    outcome, made = bench.data_import(place / "in", place / "out")
    everything = outcome.text + json.dumps(made.left_out)
    bench.judge(
        f"{what} is imported, counted or named",
        len(made.pairs) == count or word in everything,
        f"{count} pairs or {word}",
        f"{len(made.pairs)} pairs, {outcome}",
    )


def folders_beside_tars(bench):
    place = bench.place("beside")
    (place / "in").mkdir()
    write_tar(place / "in/a.tar", samples(3))
    for i in range(5):
        write_pair(place / "in/loose", f"p{i}", 10 + i)
    expect_used_or_named(bench, "a folder of images beside tars", place, 8, "loose")
    place = bench.place("loose-beside")
    (place / "in").mkdir()
    write_tar(place / "in/a.tar", samples(3))
    write_pair(place / "in", "stray", 10)
    expect_used_or_named(bench, "an image that lies beside tars", place, 4, "stray")


def upper_case(bench):
    place = bench.place("upper-tar")
    members = [(name.upper() if i % 4 < 2 else name, content) for i, (name, content) in enumerate(samples(4, 0, "Img{}"))]
    expect_pairs(bench, "a tar's extensions may be in capitals", write_tar(place / "a.tar", members), 4, place)
    place = bench.place("upper-folder")
    for i, (image, text) in enumerate([(".JPG", ".TXT"), (".PNG", ".txt"), (".jpeg", ".Txt"), (".WebP", ".TXT")]):
        write_pair(place / "in", f"IMG_{i}", i, image, text)
    expect_pairs(bench, "a folder's extensions may be in capitals, each half its own way", place / "in", 4, place)
    place = bench.place("upper-shard")
    (place / "in").mkdir()
    write_tar(place / "in/A.TAR", samples(3))
    write_tar(place / "in/b.tar", samples(2, 5))
    expect_pairs(bench, "a shard named .TAR is a shard", place / "in", 5, place)


def leftovers(bench):
    place = bench.place("left-folder")
    for i in range(4):
        write_pair(place / "in", f"p{i}", i)
    folder = place / "in"
    write_pair(folder / ".ipynb_checkpoints", "p0-checkpoint", 0)
    write_pair(folder / ".Trash", "gone", 9)
    for name in ("._p0.png", "._p0.txt", ".DS_Store", ".p1.txt.swp", ".hidden.jpg"):
        (folder / name).write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    expect_pairs(bench, "a folder's hidden files and folders are no samples", folder, 4, place)
    place = bench.place("left-tar")
    beside = [
        ("._0000.png", b"\0\5\x16\7"),
        ("._0000.txt", b"\0\5\x16\7"),
        (".DS_Store", b"Bud1"),
        ("__MACOSX/._0000.png", b"\0\5"),
        (".ipynb_checkpoints/0000-checkpoint.png", png(0)),
        (".ipynb_checkpoints/0000-checkpoint.txt", b"an old caption"),
    ]
    members = samples(4)
    tar = write_tar(place / "a.tar", beside[:3] + members[:2] + beside[3:] + members[2:])
    expect_pairs(bench, "a tar's hidden members are no samples", tar, 4, place)
    place = bench.place("left-shards")
    (place / "in").mkdir()
    write_tar(place / "in/0.tar", samples(4))
    (place / "in/._0.tar").write_bytes(b"\0\5\x16\7" + bytes(100))
    write_tar(place / "in/.0.tar.partial.tar", samples(2))
    expect_pairs(bench, "a hidden file beside shards is no shard", place / "in", 4, place)
    place = bench.place("left-backups")
    for i in range(4):
        write_pair(place / "in", f"p{i}", i)
    for name in ("p0.txt~", "#p1.txt#", "p2.txt.bak", "Thumbs.db", "desktop.ini", "notes.md"):
        (place / "in" / name).write_text("not a caption")
    expect_pairs(bench, "an editor's copies and a system's files beside samples change nothing", place / "in", 4, place)


def hidden_embedding_parts(bench):
    place = bench.place("parts")
    generator = numpy.random.default_rng(1)
    rows = generator.standard_normal((60, 8)).astype(numpy.float32)
    rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
    tables = []
    for name in ("clean", "cluttered"):
        for kind in ("img_emb", "text_emb"):
            (place / name / kind).mkdir(parents=True)
            for part in range(11):  # the parts' numbers are in order, their names are not
                numpy.save(place / name / kind / f"{kind}_{part}.npy", rows[part * 60 // 11 : (part + 1) * 60 // 11])
        if name == "cluttered":
            folder = place / name / "img_emb"
            (folder / "._img_emb_0.npy").write_bytes(b"\0\5\x16\7")
            (folder / ".img_emb_1.npy.swp").write_bytes(b"b0VIM")
            (folder / ".ipynb_checkpoints").mkdir()
            shutil.copy(folder / "img_emb_0.npy", folder / ".ipynb_checkpoints/img_emb_0-checkpoint.npy")
        outcome = bench.helip(
            "mine", "--image-embeddings", place / name, "--text-embeddings", place / name, "--k", 3, "--out",
            place / f"{name}-table", "--threads", 1, "--json",
        )
        tables.append(json.loads(outcome.out).get("indices_sha256") if outcome.code == 0 else str(outcome))
    bench.expect_equal("hidden files among the parts of embeddings change nothing", tables[0], tables[1])


def tar_variants(bench):
    place = bench.place("no-end")
    expect_pairs(
        bench, "a tar without its end mark loses nothing", write_tar(place / "a.tar", samples(5), end_mark=False), 5, place
    )
    place = bench.place("half-end")
    tar = write_tar(place / "a.tar", samples(5), end_mark=False)
    with open(tar, "ab") as file:
        file.write(bytes(512))
    expect_pairs(bench, "half an end mark is an end mark", tar, 5, place)
    place = bench.place("formats")
    for form, name in ((tarfile.PAX_FORMAT, "pax"), (tarfile.GNU_FORMAT, "gnu")):
        members = [("./", (tarfile.DIRTYPE, ""))] + samples(3, 0, "./" + "long-folder-name/" * 9 + "für {} ☃")
        write_tar(place / f"{name}.tar", members, form)
    _, made = expect_pairs(
        bench, "long and foreign names in PAX and GNU tars are read whole", f"{place}/pax.tar::{place}/gnu.tar", 6, place
    )
    bench.judge(
        "the import remembers the names that the tar had",
        all("für" in key and "☃" in key for key, _, _ in made.pairs),
        "für and ☃ in each key",
        [key[-12:] for key, _, _ in made.pairs],
    )
    place = bench.place("global")
    with tarfile.open(
        place / "a.tar", "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "made by a tool", "mtime": "1.5"}
    ) as tar:
        for name, content in samples(3):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.pax_headers = {"SCHILY.xattr.user.note": "é" * 300, "LIBARCHIVE.creationtime": "1.25"}
            tar.addfile(entry, io.BytesIO(content))
    expect_pairs(bench, "global and extended headers of other tools are passed over", place / "a.tar", 3, place)
    place = bench.place("joined")
    one, two = write_tar(place / "one.tar", samples(4)), write_tar(place / "two.tar", samples(4, 4))
    (place / "both.tar").write_bytes(one.read_bytes() + two.read_bytes())
    outcome, made = bench.data_import(place / "both.tar", place / "out", "--max-left-out", 1)
    bench.judge(
        "two tars in one file: the second is read or counted",
        outcome.code == 0 and len(made.pairs) + made.lost >= 8,
        "8 pairs or left out",
        f"{len(made.pairs)} pairs, {made.left_out}, {outcome}",
    )
    place = bench.place("unsorted")
    members = samples(6)
    tar = write_tar(place / "a.tar", members[::2] + members[1::2])
    outcome, _ = bench.data_import(tar, place / "out")
    bench.expect_refusal(
        "a tar with all images before all captions is refused as unsorted",
        outcome,
        [("sorted", "in order", "order", "follow each other", "apart")],
    )


def compressed_tars(bench):
    place = bench.place("compressed")
    plain = write_tar(place / "plain.tar", samples(3)).read_bytes()
    zstd = b"\x28\xb5\x2f\xfd" + plain[:400]  # its first bytes alone: the standard library cannot compress so
    for name, content, word, commands in (
        ("a.tar.gz", gzip.compress(plain), "gzip", ("gzip -d", "gunzip", "tar ")),
        ("b.tgz", gzip.compress(plain), "gzip", ("gzip -d", "gunzip", "tar ")),
        ("c.tar", gzip.compress(plain), "gzip", ("gzip -d", "gunzip", "tar ")),
        ("d.tar.bz2", bz2.compress(plain), "bzip2", ("bzip2 -d", "bunzip2", "tar ")),
        ("e.tar.xz", lzma.compress(plain), "xz", ("xz -d", "unxz", "tar ")),
        ("f.tar.zst", zstd, "zstd", ("zstd -d", "unzstd", "tar ")),
    ):
        (place / name).write_bytes(content)
        outcome, _ = bench.data_import(place / name, place / f"out-{name}")
        bench.expect_refusal(f"{name} is named as {word} with a command that unpacks it", outcome, [word, commands])


def lists_of_shards(bench):
    place = bench.place("lists")
    folder = place / "in"
    folder.mkdir()
    for i in range(3):
        write_tar(folder / f"{i:05}.tar", samples(2, 2 * i))
    found = []
    spellings = [
        f"{folder}/{{00000..00002}}.tar", f"{folder}/{{00000,00001,00002}}.tar", f"{folder}/*.tar", folder, f"{folder}/",
        "::".join(f"{folder}/{i:05}.tar" for i in range(3)), f"{folder}/0000[0-2].tar", "in/{00000..00002}.tar",
        f"{folder}/{{00000..00001}}.tar::{folder}/00002.tar",
    ]
    for i, spelling in enumerate(spellings):
        outcome = bench.helip("data", "import", spelling, "--out", place / f"out-{i}", "--json", folder=place)
        found.append(json.loads(outcome.out)["fingerprint"] if outcome.code == 0 else str(outcome))
    for spelling, one in zip(spellings[1:], found[1:]):
        bench.expect_equal(f"{str(spelling).replace(str(place), '…')} names the same three shards", found[0], one)
    odd = write_tar(place / "odd {name} [1].tar", samples(2))
    expect_pairs(bench, "a file whose name has braces and brackets is itself", odd, 2, place)
    outcome, _ = bench.data_import(f"{folder}/{{00000..00007}}.tar", place / "gap")
    bench.expect_refusal("a range with missing shards is refused by the first that is missing", outcome, ["00003.tar"])


GROUPS = [
    keys_with_dots, links, folders_beside_tars, upper_case, leftovers, hidden_embedding_parts, tar_variants, compressed_tars,
    lists_of_shards,
]
