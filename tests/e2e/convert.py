"""helip convert as a program: PyTorch itself loads what it writes; what cannot be converted is refused in one line.

Runs with the Python that brings LibTorch along (torch, safetensors). usage: convert.py HELIP GOLDEN_FOLDER
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import safetensors.torch
import torch

helip = sys.argv[1]
golden = pathlib.Path(sys.argv[2])


def convert(*words, code=0):
    done = subprocess.run([helip, "convert", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == code, f"exit {done.returncode}, expected {code}: {done.stdout}{done.stderr}"
    return done.stdout if code == 0 else done.stderr


def refused(code, words, *command):
    line = convert(*command, code=code)
    assert line.startswith("error: ") and line.count("\n") == 1, line
    for word in words:
        assert word in line, f'"{word}" is not in: {line}'


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    weights = golden / "open_clip_model/weights.safetensors"
    model = ["--model", golden / "open_clip_model/config.json"]
    expected = safetensors.torch.load_file(weights)

    # OpenCLIP's training writes wrapped names and an optimizer.
    layer = torch.nn.Linear(2, 2)
    trained = {"epoch": 4, "name": "tiny", "state_dict": {f"module.{k}": v for k, v in expected.items()},
               "optimizer": torch.optim.AdamW(layer.parameters()).state_dict()}
    torch.save(trained, folder / "trained.pt")
    said = convert(folder / "trained.pt", folder / "folder", *model)
    assert "torch.save, names of OpenCLIP, epoch 4" in said and f"{len(expected)}, " in said and "fp32" in said, said
    convert(folder / "folder", folder / "plain.pt")
    convert(folder / "trained.pt", folder / "brain.pt", "--precision", "bf16", *model)
    for name, dtype in (("plain", torch.float32), ("brain", torch.bfloat16)):
        for mapped in (False, True):
            loaded = torch.load(folder / f"{name}.pt", weights_only=True, mmap=mapped)
            assert list(loaded) == ["epoch", "name", "state_dict"], list(loaded)
            assert loaded["state_dict"].keys() == expected.keys()
            for key, value in expected.items():
                other = loaded["state_dict"][key]
                assert other.dtype == dtype and torch.equal(other, value.to(dtype)), (name, key)
    assert torch.load(folder / "brain.pt", weights_only=True)["epoch"] == 4

    refused(2, ["architecture is not known", "--model"], folder / "trained.pt", folder / "new.pt")
    refused(2, ["exists already", "plain.pt"], folder / "folder", folder / "plain.pt")
    refused(2, ["another shape", "expected", "found"], folder / "trained.pt", folder / "new.pt", "--model", "ViT-B-32")
    refused(2, ["no such model", "IN"], folder / "nothing.pt", folder / "new.pt")
    (folder / "notes.md").write_text("not weights")
    for words in ([], model):
        refused(2, ["IN: no weights there", "expected a file (.safetensors, .pt, ", "notes.md"], folder / "notes.md",
                folder / "new.pt", *words)
    (folder / "notes.md").unlink()
    refused(2, ["--model: no such model", "ViT-B-0"], folder / "trained.pt", folder / "new.pt", "--model", "ViT-B-0")
    # What IN says of itself against --model.
    other = folder / "other.json"
    contradicting = json.loads((golden / "open_clip_model/config.json").read_text())
    contradicting["model_cfg"]["vision_cfg"]["layers"] += 1
    other.write_text(json.dumps(contradicting))
    line = convert(folder / "folder", folder / "new.pt", "--model", other, code=2)
    assert line.count("\n") == 1 and "layers" in line and "expected" in line and "found" in line, line
    assert "model.init" not in line and "model.architecture" not in line, line
    other.unlink()
    refused(2, ["--precision"], folder / "trained.pt", folder / "new.pt", "--precision", "int8")
    torch.save({"state_dict": expected, "hook": print}, folder / "code.pt")
    refused(1, ["nothing was executed", "print"], folder / "code.pt", folder / "new.pt", *model)
    content = bytearray((folder / "trained.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "flipped.pt").write_bytes(content)
    refused(1, ["CRC-32", "expected", "found"], folder / "flipped.pt", folder / "new.pt", *model)
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["brain.pt", "code.pt", "flipped.pt", "folder", "plain.pt", "trained.pt"], left
print("converted and refused as expected")
