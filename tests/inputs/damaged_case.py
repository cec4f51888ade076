"""One damaged input: what is run on it, and what it leaves. Damages files by what they are."""

import dataclasses

import damage
import damaged_formats


@dataclasses.dataclass
class Case:
    words: list
    how: str
    program: str = "helip"
    outs: list = dataclasses.field(default_factory=list)  # there after success, not there after a failure
    resumable: list = dataclasses.field(default_factory=list)  # may be there after a failure
    is_json: bool = False  # a line of output is read by programs
    engine: bool = False
    variables: dict = dataclasses.field(default_factory=dict)


def changed_file(rng, path, of):
    """Damages a file's content, or puts something else in its place."""
    if rng.random() < 0.12:
        return damage.of_file_itself(rng, path)
    content, how = of(rng, path.read_bytes())
    path.write_bytes(content)
    return how


def by_name(path):
    return {
        ".json": damage.of_json,
        ".npy": damaged_formats.of_npy,
        ".safetensors": damaged_formats.of_safetensors,
        ".pt": damaged_formats.of_zip,
        ".tar": damaged_formats.of_tar,
        ".png": damaged_formats.of_picture,
    }.get(path.suffix, damage.of_text if path.suffix in (".txt", ".yaml", ".jsonl", ".tsv", ".csv") else damage.of_bytes)


def any_file_of(rng, folder, weights=None):
    """Damages one file below the folder; returns which and how."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    file = rng.choice([one for one in files if one.name in weights] if weights and rng.random() < 0.7 else files)
    return f"{file.relative_to(folder)}: {changed_file(rng, file, by_name(file))}"


def as_word(text):
    """An argument of a command line holds any bytes but NUL."""
    return text.replace("\0", "").encode("utf-8", "surrogatepass")[:100000]
