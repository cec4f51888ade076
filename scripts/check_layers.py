#!/usr/bin/env python3
"""Checks the layers of docs/architecture.md: which folder of src/ includes which, which outside headers stay where, and how
many translation units pay for LibTorch's headers. Exit 1 with one line per offence.

usage: check_layers.py [REPOSITORY]
"""
import pathlib
import re
import sys

TORCH_UNITS = 65

# folder: the folders it may include besides itself
ALLOWED = {
    "common": set(),
    "config": {"common"},
    "store": {"common"},
    "weights": {"common", "store"},
    "data": {"common", "config", "store"},
    "jobs": {"common", "config", "store"},
    "rpc": {"common", "config", "jobs"},
    "comm": {"common"},
    "loss": {"common"},
    "model": {"common", "config", "store", "weights", "data"},
    "mining": {"common", "config", "store", "data", "comm", "model"},
    "train": {"common", "config", "store", "data", "comm", "model", "loss"},
    "eval": {"common", "config", "store", "data", "comm", "model"},
    "engine": {"common", "config", "comm", "mining", "train", "eval"},
    "report": {"common", "config", "store", "jobs", "data", "mining", "eval"},
    "experiment": {"common", "config", "jobs", "report"},
    "coordinator": {"common", "config", "store", "jobs", "rpc"},
    "worker": {"common", "config", "store", "jobs", "data", "rpc", "engine", "comm", "model", "mining", "train", "eval", "report"},
    "cli": {"common", "config", "store", "weights", "jobs", "data", "rpc", "engine", "comm", "model", "mining", "train", "eval", "report",
            "experiment", "coordinator", "worker"},
}
# The same of the rooms of a folder, also through the files beside the rooms, which may themselves include all of them.
ROOMS = {
    "common/threads": set(),
    "common/process": set(),
    "config/yaml": set(),
    "config/fields": set(),
    "config/checks": {"config/fields"},
    "mining/kernels": set(),
    "mining/pairs": {"mining/kernels"},
    "mining/screen": {"mining/kernels", "mining/pairs"},
    "mining/cuda": {"mining/kernels", "mining/pairs", "mining/screen"},
    "mining/miners": {"mining/kernels", "mining/pairs", "mining/screen"},
    "mining/table": {"mining/kernels", "mining/pairs"},
    "mining/encode": {"mining/kernels", "mining/pairs", "mining/table"},
    "data/image": set(),
    "data/text": set(),
    "data/tokens": {"data/text"},
    "data/corpus": {"data/image", "data/text", "data/tokens"},
    "data/import": {"data/image", "data/text", "data/tokens", "data/corpus"},
    "train/checkpoint": set(),
    "train/input": {"train/checkpoint"},
    "train/step": {"train/checkpoint", "train/input"},
    "train/log": {"train/checkpoint", "train/step"},
    "train/loop": {"train/checkpoint", "train/input", "train/step"},
    "model/files": set(),
    "model/layers": {"model/files"},
    "model/clip": {"model/files", "model/layers"},
    "model/slip": {"model/files", "model/layers", "model/clip"},
    "model/script": {"model/files", "model/layers"},
    "coordinator/ledger": set(),
    "coordinator/launch": set(),
    "coordinator/stages": {"coordinator/ledger"},
    "worker/stages": set(),
    "cli/preflight": set(),
    "cli/commands": {"cli/preflight"},
}
# The headers beside the rooms that a room may include; the other headers beside them are above it.
BESIDE = {
    "common/process": {"common/error.h"},
    "config/yaml": {"config/choices.h"},
    "config/checks": {"config/budget.h", "config/experiment_config.h", "config/experiment_fields.h", "config/fields.h", "config/eval_metrics.h", "config/run_config.h",
                      "config/validate.h"},
    "config/fields": {"config/run_config.h", "config/validate.h"},
    "mining/screen": {"mining/mining_job.h"},
    "mining/miners": {"mining/mining_job.h"},
    "mining/table": {"mining/mining_job.h"},
    "mining/encode": {"mining/mining_job.h"},
    "train/log": {"train/train_callbacks.h", "train/train_spec.h"},
    "train/loop": {"train/train_callbacks.h", "train/train_spec.h"},
    "model/layers": {"model/model.h"},
    "model/clip": {"model/model.h"},
    "model/slip": {"model/model.h"},
    "model/script": {"model/feature_extractor.h", "model/model.h", "model/open_tokenizer.h"},
    "coordinator/stages": {"coordinator/job_figures.h", "coordinator/mine_task_size.h"},
    "worker/stages": {"worker/rank.h", "worker/task_runner.h"},
    "cli/commands": {"cli/choice_option.h", "cli/job_text.h", "cli/model_argument.h", "cli/path_option.h", "cli/print.h",
                     "cli/progress_line.h", "cli/run_job.h"},
}
# Folders without LibTorch may include only these headers of the engine's folders: the seam of the two worlds. The miners
# and a model's descriptions have no LibTorch; of the encode job only its header is open.
SEAM = re.compile(r"^(comm/group|model/files/(convert_job|model_digest|model_files|two_tower_config|clip_architecture|slip_architecture|parameter_spec|weights_check)|train/train_job|eval/(class_recalls|dataset_stamp|eval_job|eval_dataset|eval_dataset_check|results|metrics|shard_samples|task_inputs)|engine/engine|mining/(\w+/)?(encode_job|(?!encode_)\w+))\.h$")
TORCH_FOLDERS = {"comm", "model", "loss", "mining", "train", "eval", "engine"}
TORCH_FREE_FILES = re.compile(r"src/(engine/engine(_loader)?\.(h|cpp)|eval/(class_recalls|dataset_stamp|dataset_text|image_folder|results|metrics|eval_dataset|eval_dataset_check|shard_samples|strict_json|task_inputs|webdataset_split)\.(h|cpp)|loss/batch_masks\.(h|cpp))$")
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
OUTSIDE = [  # (include pattern, files that may)
    (re.compile(r"^nlohmann/"), re.compile(r"(src/common/json_text\.cpp|tests/.*)$")),
    (re.compile(r"^spdlog/"), re.compile(r"src/common/log_\w+\.cpp$")),
    (re.compile(r"^yaml-cpp/"), re.compile(r"src/config/yaml/parse_tree\.cpp$")),
    (re.compile(r"^(nccl\.h|mpi\.h|torch/csrc/distributed/)"), re.compile(r"(src/comm/\w+\.cpp|src/comm/\w+_internal\.h|tests/comm/.*|tests/mpi/.*)$")),
    (re.compile(r"^cuda"), re.compile(r"src/mining/cuda/")),
    (re.compile(r"^sqlite3\.h$"), re.compile(r"(src|tests)/coordinator/.*")),
    (re.compile(r"^(grpcpp|grpc)/"), re.compile(r"(src|tests)/(rpc|coordinator|worker|cli)/.*")),
    (re.compile(r"\.pb\.h$"), re.compile(r"(src|tests)/(rpc|coordinator|worker|cli)/.*")),
    (re.compile(r"^CLI/"), re.compile(r"(src|tests)/cli/.*")),
    # std::mutex carries no annotations: common/threads/mutex.h does, and a member says what guards it.
    (re.compile(r"^(mutex|shared_mutex|condition_variable)$"), re.compile(r"(src/common/threads/mutex\.h|src/common/log_spdlog\.cpp|tests/.*)$")),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def headers_with_torch(root, includes):
    """Our headers that bring LibTorch in, directly or through others."""
    heavy = {name for name, found in includes.items() if name.endswith(".h") and any(TORCH.match(i) for i in found)}
    while True:
        more = {name for name, found in includes.items()
                if name.endswith(".h") and name not in heavy and any(f"src/{i}" in heavy for i in found)}
        if not more:
            return heavy
        heavy |= more


def room_offences(name, includes):
    """Yields the rooms that this file of a room reaches and may not, each with how. What it reaches through another room is
    that room's offence."""
    room = "/".join(name.split("/")[1:3])
    folder = room.split("/")[0]
    seen = set()
    paths = [[include] for include in includes[name]]
    while paths:
        path = paths.pop(0)
        header = path[-1]
        if header in seen or header.split("/")[0] != folder:
            continue
        seen.add(header)
        other = header.rpartition("/")[0]
        if other == folder:
            paths += [[*path, include] for include in includes.get(f"src/{header}", [])]
        elif other in ROOMS and other != room and other not in ROOMS[room]:
            yield other, " → ".join(path)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    files = [p for folder in ("src", "tests") for p in (root / folder).rglob("*") if p.suffix in {".h", ".cpp", ".cu"}]
    includes = {str(p.relative_to(root)): INCLUDE.findall(p.read_text(encoding="utf-8")) for p in files}
    heavy_headers = headers_with_torch(root, includes)
    problems = []
    torch_units = []
    for name, found in sorted(includes.items()):
        parts = name.split("/")
        heavy = any(TORCH.match(i) or f"src/{i}" in heavy_headers for i in found)
        if heavy and not name.endswith(".h"):
            torch_units.append(name)
        for include in found:
            for pattern, allowed in OUTSIDE:
                if pattern.search(include) and not allowed.search(name):
                    problems.append(f"{name}: may not include {include}")
        if parts[0] != "src":
            continue
        folder = parts[1]
        room = "/".join(parts[1:3])
        if len(parts) > 3 and room not in ROOMS:
            problems.append(f"{name}: room src/{room} has no place in the list of rooms")
        if len(parts) > 4:
            problems.append(f"{name}: a folder inside a room; expected rooms without folders")
        for include in found if room in ROOMS else []:
            if include.rpartition("/")[0] == folder and include not in BESIDE.get(room, set()):
                problems.append(f"{name}: src/{room} may not include {include}, which is above it")
        for other, path in room_offences(name, includes) if room in ROOMS else []:
            problems.append(f"{name}: src/{room} may not include src/{other} ({path})")
        if folder not in ALLOWED:
            problems.append(f"{name}: folder src/{folder} has no place in the layers")
            continue
        for include in found:
            if include.split("/")[0] in TORCH_FOLDERS - {folder} and folder not in TORCH_FOLDERS \
                    and not SEAM.match(include) and f"src/{include}" in includes:
                problems.append(f"{name}: may include of the engine only its job headers, not {include}")
        if heavy and (folder not in TORCH_FOLDERS or TORCH_FREE_FILES.search(name)):
            problems.append(f"{name}: may not include LibTorch's headers")
        for include in found:
            other = include.split("/")[0]
            if "/" not in include or other not in ALLOWED or other == folder:
                continue
            if other not in ALLOWED[folder]:
                problems.append(f"{name}: src/{folder} may not include src/{other} ({include})")
    if len(torch_units) > TORCH_UNITS:
        problems.append(f"{len(torch_units)} translation units include LibTorch's headers; expected at most {TORCH_UNITS}: "
                        + " ".join(torch_units))
    for problem in problems:
        print(problem)
    print(f"check_layers: {len(files)} files, {len(torch_units)} translation units with LibTorch's headers "
          f"(at most {TORCH_UNITS}), {len(problems)} offences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
