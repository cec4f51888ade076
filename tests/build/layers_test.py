#!/usr/bin/env python3
"""check_layers.py finds planted offences. usage: layers_test.py REPOSITORY"""
import pathlib
import subprocess
import sys
import tempfile

PLANTED = {
    "src/cli/a.cpp": ('#include "train/step/train_step.h"\n', "may include of the engine only its job headers"),
    "src/store/b.cpp": ("#include <torch/torch.h>\n", "may not include LibTorch's headers"),
    "src/store/c.cpp": ('#include "data/corpus/corpus.h"\n', "src/store may not include src/data"),
    "src/data/d.cpp": ("#include <spdlog/spdlog.h>\n", "may not include spdlog/spdlog.h"),
    "src/data/i.cpp": ("#include <nlohmann/json.hpp>\n", "may not include nlohmann/json.hpp"),
    "src/train/e.cpp": ("#include <mpi.h>\n", "may not include mpi.h"),
    "src/mining/g.h": ("#include <cuda_runtime.h>\n", "may not include cuda_runtime.h"),
    "src/mining/pairs/h.h": ('#include "mining/miners/recall.h"\n', "src/mining/pairs may not include src/mining/miners"),
    "src/mining/pairs/j.h": ('#include "mining/session.h"\n',
                             "may not include src/mining/table (mining/session.h → mining/options.h → mining/table/table.h)"),
    "src/cli/preflight/l.cpp": ('#include "cli/run_job.h"\n', "src/cli/preflight may not include cli/run_job.h, which is above it"),
    "src/data/corpus/rows/m.h": ("int x;\n", "a folder inside a room"),
    "src/store/i.h": ("#include <mutex>\n", "may not include mutex"),
    "src/store/arrays/k.h": ("int x;\n", "has no place in the list of rooms"),
    "src/new/f.cpp": ("int x;\n", "has no place in the layers"),
}

check = pathlib.Path(sys.argv[1]) / "scripts/check_layers.py"
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    (root / "tests").mkdir()
    headers = {"src/cli/run_job.h": "", "src/train/step/train_step.h": "", "src/data/corpus/corpus.h": "", "src/mining/table/table.h": "",
               "src/mining/session.h": '#include "mining/options.h"\n#include "mining/pairs/pairs.h"\n',
               "src/mining/options.h": '#include "mining/table/table.h"\n', "src/mining/pairs/pairs.h": ""}
    for name, text in {**headers, **{name: text for name, (text, _) in PLANTED.items()}}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    done = subprocess.run([sys.executable, check, root], capture_output=True, text=True)
    assert done.returncode == 1, done.stdout
    for name, (_, message) in PLANTED.items():
        assert any(line.startswith(name) and message in line for line in done.stdout.splitlines()), (name, done.stdout)
    for name in PLANTED:
        (root / name).unlink()
    done = subprocess.run([sys.executable, check, root], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
print(f"{len(PLANTED)} planted offences found")
