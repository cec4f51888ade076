"""Running the programs on made inputs and counting what comes out; used by the scripts beside it."""

import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import tarfile
import traceback
import typing
import warnings

from PIL import Image

SECONDS = 120


class Outcome(typing.NamedTuple):
    code: int
    out: str
    err: str
    words: tuple = ()  # what the program was called with

    @property
    def text(self):
        return self.out + self.err

    @property
    def errors(self):
        return [line for line in self.err.splitlines() if line.startswith("error: ")]

    @property
    def paths(self):
        """Paths of the call and the folders above them, the longest first."""
        given = [pathlib.Path(word.split("=", 1)[-1]) for word in self.words]
        paths = {path for one in given if one.is_absolute() for path in (one, *one.parents)}
        return sorted((str(path) for path in paths if path.name), key=len, reverse=True)

    def without_paths(self, text):
        """The text less the paths and file names of the call, whose words it must not be judged by."""
        names = [name for path in self.paths if "." in (name := pathlib.Path(path).name)]
        for path in (*self.paths, *names):
            text = text.replace(path, "")
        return text

    def __str__(self):
        return f"exit {self.code}: {' | '.join(self.errors) or self.text[-300:]!r}"


class Imported(typing.NamedTuple):
    pairs: list  # (key, caption, encoded image), in order
    left_out: list  # lines of import_report.jsonl

    @property
    def captions(self):
        return [caption for _, caption, _ in self.pairs]

    @property
    def lost(self):
        return sum(line.get("samples", 1) for line in self.left_out)


class Bench:
    """One build's programs, and a folder that each group of inputs gets a new part of."""

    def __init__(self, build, folder):
        self.build = pathlib.Path(build).absolute()
        self.folder = pathlib.Path(folder).absolute()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.right = 0
        self.wrong = []
        self.shared = {}  # what groups make for each other

    def place(self, name):
        place = self.folder / name
        place.mkdir(parents=True)
        return place

    def helip(self, *words, variables=None, folder=None, program="helip"):
        """Runs the program; a variable of None is taken out of the environment."""
        environment = {name: value for name, value in {**os.environ, **(variables or {})}.items() if value is not None}
        done = subprocess.run(
            [self.build / "bin" / program, *map(str, words)],
            capture_output=True,
            timeout=SECONDS,
            env=environment,
            cwd=folder or self.folder,
            stdin=subprocess.DEVNULL,
        )
        out, err = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        return Outcome(done.returncode, out, err, tuple(map(str, words)))

    def data_import(self, source, out, *more):
        """Returns what the import printed and what it wrote; what was left out also of one that failed."""
        sources = [source] if isinstance(source, (str, os.PathLike)) else source
        outcome = self.helip("data", "import", *sources, "--out", out, "--threads", 1, *more)
        report = next(
            (
                file
                for file in (out / "import_report.jsonl", pathlib.Path(f"{out}.import") / "import_report.jsonl")
                if file.exists()
            ),
            None,
        )
        left_out = [json.loads(line) for line in report.read_text().splitlines()] if report else []
        return outcome, Imported(pairs_of(out) if outcome.code == 0 else [], left_out)

    def judge(self, name, is_right, expected, found):
        """Counts one input; `name` is a sentence that says what should be."""
        if is_right:
            self.right += 1
            print(f"ok      {name}", flush=True)
        else:
            self.wrong.append(name)
            print(f"FAILED  {name}: expected {expected}, found {found}", flush=True)

    def expect_equal(self, name, expected, found, shown=None):
        self.judge(name, expected == found, expected, f"{found}{f' ({shown})' if shown else ''}")

    def expect_refusal(self, name, outcome, words, codes=(1, 2)):
        """One line of error that holds all the words; a tuple of words asks for any of them.

        The call's own paths in the line count only for a word that is a path or one's last part."""
        line = outcome.errors[-1] if outcome.errors else ""
        said = outcome.without_paths(line).lower()
        names = {pathlib.Path(path).name for path in outcome.paths}

        def is_told(word):
            return word.lower() in (line.lower() if word.startswith("/") or word in names else said)

        missing = [word for word in words if not any(map(is_told, word if isinstance(word, tuple) else (word,)))]
        self.judge(
            name,
            outcome.code in codes and len(outcome.errors) == 1 and not missing,
            f"an exit code of {codes} and one line with {words}",
            outcome,
        )

    def run(self, groups):
        """Runs functions that take the bench; one that ends with an exception counts as a wrong input."""
        for group in groups:
            try:
                group(self)
            except Exception:  # noqa: BLE001
                self.judge(f"{group.__name__} runs to its end", False, "no exception", traceback.format_exc())


def picture(seed=0, size=(24, 18), mode="RGB"):
    """A smooth picture that no other seed gives."""
    dots = random.Random(seed).randbytes(6 * 5 * 3)
    return Image.frombytes("RGB", (6, 5), dots).resize(size, Image.Resampling.BICUBIC).convert(mode)


def encoded(image, form="PNG", **more):
    content = io.BytesIO()
    image.save(content, form, **more)
    return content.getvalue()


def opened(content):
    """Pillow's image, or None if it cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content))
            image.load()
            return Image.open(io.BytesIO(content))
    except Exception:  # noqa: BLE001 - Pillow raises many kinds
        return None


def png(seed=0):
    return encoded(picture(seed))


def write_tar(path, members, form=tarfile.USTAR_FORMAT, end_mark=True):
    """`members`: (name, content); content may be a TarInfo's own type in place of bytes."""
    with tarfile.open(path, "w", format=form) as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            if isinstance(content, tuple):
                entry.type, entry.linkname = content
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        end = tar.offset
    if not end_mark:
        os.truncate(path, end)
    return path


def samples(count, first=0, name="{:04}"):
    """Returns the members of `count` good samples."""
    return [
        member
        for i in range(first, first + count)
        for member in ((f"{name.format(i)}.png", png(i)), (f"{name.format(i)}.txt", f"caption {i}".encode()))
    ]


def pairs_of(corpus):
    pairs = []
    for shard in sorted(corpus.glob("*.tar")):
        with tarfile.open(shard) as tar:
            parts = {}
            for member in tar:
                key, extension = member.name.split(".", 1)
                parts.setdefault(key, {})[extension] = tar.extractfile(member).read()
        for sample in parts.values():
            image = next(content for extension, content in sample.items() if extension not in ("txt", "json"))
            pairs.append((json.loads(sample["json"])["key"], sample["txt"].decode(), image))
    return pairs
