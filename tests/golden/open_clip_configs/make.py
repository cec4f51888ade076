"""The model configurations of OpenCLIP (open_clip_torch 3.3.0): run `python make.py` in this folder.

configs.json        every configuration that the package holds, by name: its JSON; "refused", the fields that HELIP does
                    not support (empty: it is accepted); for the accepted ones "state", the sha256 over the lines
                    "name [shape]" of its state_dict()
../../../configs/models/NAME.json    a copy of every accepted configuration

It prints how many are accepted and, for each field, how many it refuses.
"""
import collections
import hashlib
import json
import pathlib

import open_clip
import torch

MODELS = pathlib.Path("../../../configs/models")
# Fields that must be absent or have this value.
ONLY = {
    "": {"multimodal_cfg": None, "nonscalar_logit_scale": False, "init_logit_bias": None},
    "vision_cfg": {
        "timm_model_name": None, "attentional_pool": False, "output_tokens": False, "act_kwargs": None, "norm_kwargs": None,
    },
    "text_cfg": {
        "hf_model_name": None, "hf_tokenizer_name": None, "tokenizer_kwargs": None, "embed_cls": False,
        "output_tokens": False, "act_kwargs": None, "norm_kwargs": None,
    },
}


def refused(config):
    fields = []
    for section, only in ONLY.items():
        values = config.get(section, {}) if section else config
        for key, value in only.items():
            if values.get(key) not in (None, value):
                fields.append(f"{section}.{key}" if section else key)
    return fields


def state(config):
    with torch.device("meta"):
        config = {key: value for key, value in config.items() if key != "custom_text"}
        model = open_clip.model.CLIP(**config)
    lines = [f"{name} {list(value.shape)}\n" for name, value in model.state_dict().items()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def main():
    folder = pathlib.Path(open_clip.__file__).parent / "model_configs"
    result = {}
    counts = collections.Counter()
    for file in sorted(folder.glob("*.json")):
        config = json.loads(file.read_text())
        result[file.stem] = {"config": config, "refused": refused(config)}
        counts.update(result[file.stem]["refused"])
        if not result[file.stem]["refused"]:
            result[file.stem]["state"] = state(config)
            (MODELS / file.name).write_text(json.dumps(config, indent=4) + "\n")
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in result.items()]
    pathlib.Path("configs.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    accepted = sum(not entry["refused"] for entry in result.values())
    print(f"{accepted} of {len(result)} accepted")
    for field, count in counts.most_common():
        print(f"  {field} refuses {count}")


if __name__ == "__main__":
    main()
