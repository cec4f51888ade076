"""What Python's torch gives for a TorchScript file: run_tower.py TOWER INPUT DTYPE SHAPE OUTPUT, with the input's and the
float32 output's numbers as raw bytes and a shape like 5,3,16,16."""
import pathlib
import sys
import warnings

import torch

tower, numbers, dtype, shape, output = sys.argv[1:]
warnings.filterwarnings("ignore", category=FutureWarning, module="torch.jit")
inputs = torch.frombuffer(bytearray(pathlib.Path(numbers).read_bytes()), dtype=getattr(torch, dtype))
with torch.inference_mode(), torch.jit.optimized_execution(False):
    features = torch.jit.load(tower)(inputs.view([int(extent) for extent in shape.split(",")]))
pathlib.Path(output).write_bytes(bytes(features.contiguous().flatten().view(torch.uint8).tolist()))
