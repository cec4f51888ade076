#!/usr/bin/env python3
"""Golden files for store: small arrays written by NumPy and safetensors themselves.

usage: make_arrays.py FOLDER      (needs numpy, safetensors)
"""
import pathlib
import sys

import numpy as np
from safetensors.numpy import save_file

folder = pathlib.Path(sys.argv[1])
values = np.arange(12, dtype=np.float32).reshape(3, 4) / 8 - 0.5
np.save(folder / "f32.npy", values)
np.save(folder / "f16.npy", values.astype(np.float16))
np.save(folder / "u32.npy", np.arange(5, dtype=np.uint32))
np.save(folder / "bool.npy", np.array([True, False, True]))
np.save(folder / "fortran.npy", np.asfortranarray(values))
np.save(folder / "big_endian.npy", values.astype(">f4"))
save_file({"weight": values, "ids": np.arange(5, dtype=np.int64), "empty": np.zeros((0, 3), np.float32)},
          folder / "small.safetensors", metadata={"made_by": "make_arrays.py"})
