"""Weights, images and tokens that need no file: ../../model/golden_formula.h computes the same values, bit by bit.

Number e of a tensor is splitmix64 of (FNV-1a of its name) + e, as a uniform variate of unit variance.
"""
import math

import numpy as np
import torch

MASK = (1 << 64) - 1


def variates(name, count):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float64) / float(1 << 24)
    return (2 * u - 1) * math.sqrt(3.0)


def fill(name, shape):
    """A parameter or buffer: its scale follows from its name and shape."""
    count = int(np.prod(shape, dtype=np.int64))
    if name == "logit_scale":
        return torch.tensor(3.0)
    if name.endswith("num_batches_tracked"):
        return torch.tensor(7)
    v = variates(name, count)
    if name.endswith("running_var"):
        v = 1 + 0.25 * v
    elif name.endswith("running_mean"):
        v = 0.3 * v
    elif name.endswith("bias"):
        v = 0.2 * v
    elif name.endswith(".gamma"):
        v = 0.5 + 0.1 * v
    elif "embedding" in name or name.endswith("_token") or name.endswith("pos_embed"):
        v = 0.5 * v
    elif len(shape) == 1:
        v = 1 + 0.2 * v
    elif name in ("visual.proj", "text_projection", "image_projection"):
        v = v / math.sqrt(shape[0])
    else:
        v = v / math.sqrt(count // shape[0])
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


def fill_model(model):
    """All but fixed positions, which are what the constructor makes."""
    fixed = {name for name, value in model.named_parameters() if not value.requires_grad}
    state = {name: value if name in fixed else fill(name, tuple(value.shape)) for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    return model


def images(rows, side):
    return torch.from_numpy(variates("images", rows * 3 * side * side).astype(np.float32).reshape(rows, 3, side, side))


def tokens(rows, length, vocabulary):
    """Row r: start, 2 + 3r more, end (the highest number), padding."""
    u = (variates("tokens", rows * length) / math.sqrt(3.0) + 1) / 2
    result = torch.zeros(rows, length, dtype=torch.int64)
    for row in range(rows):
        words = min(2 + 3 * row, length - 2)
        drawn = u[row * length : row * length + words]
        result[row, 0] = vocabulary - 2
        result[row, 1 : 1 + words] = torch.from_numpy(1 + (drawn * (vocabulary - 3)).astype(np.int64))
        result[row, 1 + words] = vocabulary - 1
    return result
