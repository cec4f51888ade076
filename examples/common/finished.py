"""What a maker of a corpus leaves behind when it is done: a file that says from what it was made, written last, so that a second
run has nothing to do and a cut one starts again."""

import hashlib
import json
import os
import pathlib
import shutil


def sha256_of(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def read_summary(out, name, digest):
    """Returns the summary OUT/NAME of a complete earlier run on the same input, else None."""
    try:
        made = json.loads((out / name).read_text())
    except (OSError, ValueError):
        return None
    if made.get("input_sha256") != digest:
        return None
    sizes_fit = all((out / file).is_file() and (out / file).stat().st_size == size for file, size in made["files"].items())
    return made if sizes_fit else None


def write_summary(path, summary):
    """Writes JSON under its final name only when it is whole."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(summary, indent=1) + "\n")
    os.replace(temporary, path)


def new_folder(out):
    """Returns an empty folder beside the results, in which they are made."""
    making = out / f".making.{os.getpid()}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    return making


def publish(making, out, summary_name, counts, digest):
    """Moves everything in `making` into `out`, in place of what is there, then writes the summary and returns it."""
    (out / summary_name).unlink(missing_ok=True)
    names = sorted(entry.name for entry in making.iterdir())
    for name in names:
        shutil.rmtree(out / name, ignore_errors=True)
        os.replace(making / name, out / name)
    making.rmdir()
    files = sorted(file for name in names for file in (out / name).rglob("*") if file.is_file())
    made = {
        "counts": counts,
        "input_sha256": digest,
        "files": {str(file.relative_to(out)): file.stat().st_size for file in files},
    }
    write_summary(out / summary_name, made)
    return made


def counts_line(made):
    return ", ".join(f"{name} {count}" for name, count in made["counts"].items())
