"""Checkpoints as other programs save them, and what they hold (torch 2.14.1, numpy, safetensors): run `python make.py` in
this folder.

NAME.pt               one file for each way of saving; see the functions' names
models_by_other_keys.pt, optimizer_alone.pt, list.pt   no checkpoint of one model
expected.safetensors  NAME/TENSOR: the tensors that a reader must find in NAME.pt, by their plain names
"""
import argparse
import collections
import warnings

import numpy
import safetensors.torch
import torch
from torch import nn

warnings.simplefilter("ignore")
generator = torch.Generator().manual_seed(1)


def draw(*shape):
    return torch.randn(*shape, generator=generator)


def tiny():
    return collections.OrderedDict(
        [("visual.conv1.weight", draw(4, 3, 2, 2)), ("visual.proj", draw(4, 3)), ("logit_scale", torch.tensor(2.5))])


def bare():
    state = tiny()
    return state, state


def open_clip():
    """As OpenCLIP's training writes it: wrapped names, an optimizer and a scaler that nobody asked for."""
    layer = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=1e-3)
    layer(draw(2, 3)).sum().backward()
    optimizer.step()
    state = tiny()
    return {"epoch": 32, "global_step": 1234, "name": "2026-ViT tiny", "samples_seen": 2**40,
            "state_dict": collections.OrderedDict((f"module.{k}", v) for k, v in state.items()),
            "optimizer": optimizer.state_dict(), "scaler": {"scale": 65536.0, "growth_factor": 2.0, "_growth_tracker": 3}}, state


def compiled():
    state = tiny()
    return {"epoch": 1, "state_dict": {f"_orig_mod.module.{k}": v for k, v in state.items()}}, state


def module_state_dict():
    """A real state_dict: its _metadata are attributes; a batch norm's counter is int64."""
    module = nn.Sequential(collections.OrderedDict(conv=nn.Conv2d(3, 2, 1), bn=nn.BatchNorm2d(2)))
    return module.state_dict(), module.state_dict()


def parameters():
    tagged = nn.Parameter(draw(2, 2))
    tagged.note = "an attribute"
    state = {"plain": nn.Parameter(draw(3)), "tagged": tagged}
    return state, {name: value.detach() for name, value in state.items()}


def dtypes():
    state = {"f32": draw(3), "f16": draw(5).half(), "bf16": draw(7).bfloat16(), "f64": draw(2).double(),
             "i64": torch.tensor([-(2**40), 3]), "i32": torch.tensor([-7, 8], dtype=torch.int32),
             "i16": torch.tensor([-300], dtype=torch.int16), "i8": torch.tensor([-3, 4], dtype=torch.int8),
             "u8": torch.tensor([200, 1, 2], dtype=torch.uint8), "bool": torch.tensor([True, False])}
    return state, state


def strides():
    base = draw(4, 6)
    state = {"transposed": base.t(), "rows": base[1:3], "column": base[:, 2], "permuted": draw(2, 3, 4).permute(2, 0, 1),
             "expanded": draw(3, 1).expand(3, 4), "tied": base, "empty": torch.zeros(0, 5), "scalar": base[3, 5],
             "every_other": base[::2, ::3], "one_row": base[2:3].t(), "half": draw(4, 4).half().t()}
    return state, {name: value.contiguous() for name, value in state.items()}


def custom_text():
    state = {"visual.conv1.weight": draw(4, 3, 2, 2), "logit_scale": torch.tensor(1.5)}
    text = {"token_embedding.weight": draw(5, 4), "positional_embedding": draw(2, 4), "text_projection": draw(4, 3),
            "transformer.resblocks.0.ln_1.weight": draw(4), "ln_final.bias": draw(4)}
    mask = {"text.attn_mask": draw(2, 2)}
    return {**state, **{f"text.{k}": v for k, v in text.items()}, **mask}, {**state, **text}


def slip():
    """As SLIP's main.py writes it, numpy's scalar and Namespace included."""
    state = collections.OrderedDict([("visual.cls_token", draw(1, 1, 384)), ("image_projection", draw(384, 4)),
                                     ("image_mlp.layer1.weight", draw(2, 4))])
    args = argparse.Namespace(model="SLIP_VITS16", ssl_mlp_dim=4096, ssl_emb_dim=256, ssl_scale=1.0, lr=3e-3, wd=0.1,
                              betas=(0.9, 0.98), resume="", gpu=None, distributed=True, dataset="yfcc15m")
    return {"epoch": 25, "state_dict": collections.OrderedDict((f"module.{k}", v) for k, v in state.items()),
            "optimizer": {"state": {}, "param_groups": [{"lr": 1e-3, "params": [0, 1]}]}, "scaler": {"scale": 1.0},
            "best_acc1": numpy.float64(38.3), "args": args}, state


def plain_data():
    """Everything else that may stand beside the tensors."""
    state = tiny()
    return {"state_dict": state, "a set": {1, 2}, "frozen": frozenset({"x"}), "bytes": b"\x00\xff", "shape": torch.Size([2, 3]),
            "dtype": torch.float16, "device": torch.device("cpu"), "big": 2**100, "negative": -(2**40), "none": None,
            "nested": [{"x": (1, 2.5, [True, False])}], "long text": "é" * 300, "array": numpy.float32(1.5)}, state


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj_weight = nn.Parameter(draw(3, 2))
        self.sizes = [1, 2]

    def forward(self, x):
        return x @ self.in_proj_weight


class Visual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 2, 2, bias=False)
        self.blocks = nn.Sequential(Attention(), Attention())

    def forward(self, x):
        return self.blocks(self.conv1(x).flatten(1))


class OpenAi(nn.Module):
    """Attributes as in OpenAI's archives: half weights, and numbers about the shape as buffers."""

    def __init__(self):
        super().__init__()
        self.visual = Visual().half()
        self.logit_scale = nn.Parameter(torch.tensor(4.6))
        for name, value in (("input_resolution", 224), ("context_length", 77), ("vocab_size", 49408)):
            self.register_buffer(name, torch.tensor(value))

    def forward(self, x):
        return self.visual(x) * self.logit_scale


def main():
    expected = {}

    def keep(name, state):
        for tensor, value in state.items():
            expected[f"{name}/{tensor}"] = value.detach().clone().contiguous()

    for make in (bare, open_clip, compiled, module_state_dict, parameters, dtypes, strides, custom_text, slip, plain_data):
        content, state = make()
        torch.save(content, f"{make.__name__}.pt")
        keep(make.__name__, state)
    for protocol in (3, 4, 5):
        content, state = plain_data()
        torch.save(content, f"protocol_{protocol}.pt", pickle_protocol=protocol)
        keep(f"protocol_{protocol}", state)
    model = OpenAi()
    torch.jit.save(torch.jit.script(model), "torch_script.pt")
    keep("torch_script", {k: v for k, v in model.state_dict().items() if v.dtype != torch.int64})
    torch.save(tiny(), "before_1_6.pt", _use_new_zipfile_serialization=False)
    # What holds no model, or not where it is looked for: none of it is read.
    torch.save({"epoch": 3, "model": tiny(), "model_ema": tiny()}, "models_by_other_keys.pt")
    torch.save(open_clip()[0]["optimizer"], "optimizer_alone.pt")
    torch.save([draw(2)], "list.pt")
    safetensors.torch.save_file(expected, "expected.safetensors")


if __name__ == "__main__":
    main()
