"""Checkpoints, class lists and evaluation sets as other tools write them."""

import json
import tarfile

import numpy
import torch
from safetensors.torch import load_file, save_file

from bench import encoded, picture, samples, write_tar
from small_clip import CONFIG


def converted(bench, name, state, place, *more):
    """Writes a checkpoint, converts it; returns the outcome and the tensors that came out."""
    file = place / f"{name}.pt"
    torch.save(state, file)
    out = place / f"{name}.safetensors"
    outcome = bench.helip("convert", file, out, "--model", bench.shared["clip"].folder / "open_clip_config.json", *more)
    return outcome, load_file(out) if outcome.code == 0 else {}


def expect_same(bench, name, outcome, tensors):
    wanted = bench.shared["clip"].tensors()
    is_same = tensors.keys() == wanted.keys() and all(
        torch.equal(tensors[key].reshape(value.shape), value) for key, value in wanted.items()
    )
    bench.judge(name, is_same, "the same tensors", outcome)


def layouts(bench):
    place = bench.place("layouts")
    clip = bench.shared["clip"]
    (place / "arch.json").write_text(json.dumps(CONFIG))
    state = clip.tensors()

    def renamed(prefix):
        return {prefix + key: value for key, value in state.items()}

    expect_same(bench, "a bare state dict is converted", *converted(bench, "bare", state, place))
    expect_same(
        bench,
        "a training's checkpoint with module. in front is converted",
        *converted(
            bench,
            "module",
            {"epoch": 4, "name": "x", "state_dict": renamed("module."), "optimizer": {"state": {}}, "scaler": {"scale": 65536.0}},
            place,
        ),
    )
    expect_same(
        bench,
        "a compiled model's checkpoint is converted",
        *converted(bench, "compiled", {"epoch": 1, "state_dict": renamed("module._orig_mod.")}, place),
    )
    expect_same(
        bench,
        "a logit_scale of shape [1] is a logit_scale",
        *converted(bench, "scale", {**state, "logit_scale": state["logit_scale"].reshape(1)}, place),
    )
    file = place / "scale-in.safetensors"
    save_file({**state, "logit_scale": state["logit_scale"].reshape(1)}, file)
    outcome = bench.helip("convert", file, place / "scale-folder", "--model", place / "arch.json")
    bench.expect_equal("a logit_scale of shape [1] in safetensors is one too", 0, outcome.code, outcome)
    half = {key: value.half() for key, value in state.items()}
    outcome, tensors = converted(bench, "half", {"state_dict": half}, place, "--precision", "fp32")
    bench.judge(
        "a float16 checkpoint is converted to fp32",
        bool(tensors) and all(torch.equal(tensors[key].reshape(value.shape), value.float()) for key, value in half.items()),
        "the same numbers",
        outcome,
    )

    hugging_face = {
        "text_model.embeddings.token_embedding.weight": torch.zeros(4, 4),
        "logit_scale": torch.tensor(2.6),
        "text_projection.weight": torch.zeros(2, 2),
        **{f"vision_model.encoder.layers.{i}.self_attn.q_proj.weight": torch.zeros(4, 4) for i in range(3)},
    }
    foreign = [
        ("hugging-face", hugging_face, ["hugging face", ("text_model.", "vision_model.")]),
        ("lightning", {"state_dict": renamed("model."), "pytorch-lightning_version": "2.1"}, ["model."]),
        ("clip-prefix", renamed("clip_model."), ["clip_model."]),
        ("fsdp", renamed("_fsdp_wrapped_module."), ["fsdp"]),
        ("ema-names", renamed("ema_model."), ["ema"]),
        ("ema-dict", {"epoch": 3, "state_dict_ema": state}, ["state_dict_ema"]),
        ("nested", {"model": state, "optimizer": {}}, ["model"]),
        ("averaged", {"n_averaged": torch.tensor(3), **renamed("module.")}, ["averagedmodel", "n_averaged"]),
    ]
    for name, content, words in foreign:
        outcome, tensors = converted(bench, name, content, place)
        wanted = clip.tensors()
        if (
            tensors
            and tensors.keys() == wanted.keys()
            and all(torch.equal(tensors[k].reshape(v.shape), v) for k, v in wanted.items())
        ):
            bench.judge(f"a checkpoint of the layout {name} is converted or named", True, "", "")
        else:
            bench.expect_refusal(f"a checkpoint of the layout {name} is converted or named", outcome, words)
    outcome, tensors = converted(bench, "two-models", {"state_dict": state, "state_dict_ema": renamed("")}, place)
    bench.judge(
        "of two models in a file state_dict is read and the other one is named",
        bool(tensors) and "not read     state_dict_ema" in outcome.out,
        "a line that names state_dict_ema",
        outcome,
    )
    packed = place / "packed.pt"
    with tarfile.open(packed, "w") as tar:
        tar.add(bench.shared["clip"].folder / "open_clip_config.json", "open_clip_config.json")
    outcome = bench.helip("convert", packed, place / "packed-out.safetensors", "--model", place / "arch.json")
    bench.expect_refusal("a tar named .pt is named", outcome, ["a tar"])
    missing = {key: value for key, value in state.items() if key != "visual.proj"}
    outcome, _ = converted(bench, "missing", missing, place)
    bench.expect_refusal("a missing tensor is named", outcome, ["visual.proj"])
    outcome, _ = converted(bench, "misshapen", {**state, "visual.proj": torch.zeros(3, 5)}, place)
    bench.expect_refusal("a misshapen tensor is named with both shapes", outcome, ["visual.proj", "3"])
    broken = state["ln_final.weight"].clone()
    broken[3] = float("nan")
    outcome, _ = converted(bench, "nan", {**state, "ln_final.weight": broken}, place)
    bench.expect_refusal("a tensor that is not finite is named", outcome, ["ln_final.weight"])


def output_names(bench):
    place = bench.place("names")
    folder = bench.shared["clip"].folder
    for name in ("model.onnx", "model.ckpt", "model.PT", "model.bin", "model.safetensor", "model.npz"):
        outcome = bench.helip("convert", folder, place / name)
        is_file = (place / name).is_file()
        bench.judge(
            f"{name} as an output is a file or is refused",
            is_file and outcome.code == 0 or (outcome.code == 2 and len(outcome.errors) == 1 and not (place / name).exists()),
            "a file, or exit 2",
            outcome,
        )
    outcome = bench.helip("convert", folder, place / "out-v1.5")
    bench.judge(
        "an output whose name has a dot and a number is a folder or refused",
        (place / "out-v1.5/open_clip_config.json").is_file() or outcome.code == 2,
        "a model's folder",
        outcome,
    )
    outcome = bench.helip("convert", folder, f"{place}/with-slash/")
    bench.judge(
        "an output with a slash at its end is a folder",
        (place / "with-slash/open_clip_config.json").is_file(),
        "a folder",
        outcome,
    )
    outcome = bench.helip("convert", folder, place / "no/such/parent/out.pt")
    bench.judge(
        "an output below folders that are not there is written or refused by that name",
        outcome.code == 0 or (outcome.code in (1, 2) and "no/such" in outcome.text),
        "a file or its folder's name",
        outcome,
    )


def home_and_variables(bench):
    place = bench.place("home")
    clip = bench.shared["clip"]
    home = place / "home"
    (home / "data").mkdir(parents=True)

    write_tar(home / "data/0.tar", samples(3))
    variables = {"HOME": str(home), "CORPORA": str(home / "data"), "EMPTY": ""}
    for i, (source, what) in enumerate(
        (
            ("~/data/0.tar", "~"),
            ("$HOME/data/0.tar", "$HOME"),
            ("${CORPORA}/0.tar", "${CORPORA}"),
            ("$CORPORA/{0..0}.tar", "$CORPORA with braces"),
        )
    ):
        outcome = bench.helip("data", "import", source, f"--out={what and '~'}/made-{i}", "--json", variables=variables)
        bench.judge(
            f"{what} in a source and ~ in --out are expanded",
            outcome.code == 0 and (home / f"made-{i}/manifest.json").exists(),
            "a corpus below the home folder",
            outcome,
        )
    outcome = bench.helip("data", "import", "$NO_SUCH_VARIABLE/0.tar", "--out", place / "out", variables=variables)
    bench.expect_refusal("a variable that is not set is named", outcome, ["NO_SUCH_VARIABLE"])
    config = place / "job.yaml"
    config.write_text(
        "corpus: {path: ~/made-0}\nmodel: {architecture: $MODELS/open_clip_config.json, init: '${MODELS}'}\n"
        "train: {steps: 2, hard_pairs: none}\noutput: {work_dir: ~/work}\nlauncher: {workers: 1}\n"
    )
    outcome = bench.helip("run", "--config", config, "--dry-run", variables={**variables, "MODELS": str(clip.folder)})
    bench.expect_equal("~ and variables in a configuration are expanded", 0, outcome.code, outcome)
    literal = place / "a$b ~c"
    literal.mkdir()
    write_tar(literal / "0.tar", samples(2))
    outcome, made = bench.data_import(f"{literal}/0.tar".replace("$b", "$$b"), place / "dollar")
    other, made_other = bench.data_import(literal / "0.tar", place / "dollar-2")
    bench.judge(
        "a folder whose name has a dollar sign can be reached",
        len(made.pairs) == 2 or len(made_other.pairs) == 2 or "$" in outcome.text,
        "2 pairs, or a line with the name",
        f"{outcome}; {other}",
    )


class Classes:
    """A small evaluation set of four classes, three pictures each, and OpenCLIP's figures for it."""

    NAMES = ["red bus", "sea", "old house", "dog"]
    TEMPLATES = ["a photo of a {c}.", "{c}"]

    def __init__(self, clip, folder):
        self.clip, self.folder = clip, folder
        self.images = [picture(20 + i, (50, 40)) for i in range(12)]
        # What the model takes them for but for three, so that names that shift are seen in the figures.
        self.labels = [(int(best) + (i % 4 == 3)) % 4 for i, best in enumerate(self.scores().argmax(1))]
        self.write()

    def write(self, extension="png", captions=False, more=(), skip_label=(), skip_caption=()):
        split = self.folder / "test"
        split.mkdir(parents=True, exist_ok=True)
        (split / "nshards.txt").write_text("1\n")
        members = list(more)
        for i, (label, image) in enumerate(zip(self.labels, self.images)):
            members.append((f"s{i:02}.{extension}", encoded(image)))
            if i not in skip_label:
                members.append((f"s{i:02}.cls", str(label).encode()))
            if captions and i not in skip_caption:
                members.append((f"s{i:02}.txt", f"picture number {i}".encode()))
        write_tar(split / "0.tar", members)
        self.names("\n".join(self.NAMES) + "\n")
        (self.folder / "zeroshot_classification_templates.txt").write_text("\n".join(self.TEMPLATES) + "\n")

    def names(self, text):
        (self.folder / "classnames.txt").write_bytes(text.encode() if isinstance(text, str) else text)

    def scores(self, names=NAMES):
        prompts = [template.replace("{c}", name) for name in names for template in self.TEMPLATES]
        rows = self.clip.of_texts(prompts).reshape(len(names), len(self.TEMPLATES), -1).mean(1)
        rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
        return numpy.stack([self.clip.of_image(image) for image in self.images]) @ rows.T

    def accuracy(self, names=NAMES):
        return float((self.scores(names).argmax(1) == self.labels).mean())


def scored(bench, data, task="zero_shot", *more):
    outcome = bench.helip(
        "eval", "--model", bench.shared["clip"].folder, "--dataset", data.folder, "--task", task, "--threads", 1, "--json", "-",
        *more,
    )
    return outcome, json.loads(outcome.out)["metrics"] if outcome.code == 0 else {}


def class_lists(bench):
    data = Classes(bench.shared["clip"], bench.place("classes"))
    wanted = data.accuracy()
    names = data.NAMES

    def expect_accuracy(name):
        outcome, metrics = scored(bench, data)
        bench.expect_equal(name, wanted, metrics.get("acc1"), outcome)

    expect_accuracy("zero-shot accuracy is OpenCLIP's")
    data.names("\ufeff" + "\r\n".join(names) + "\r\n\r\n")
    expect_accuracy("a byte order mark, CRLF and blank last lines of classnames.txt change nothing")
    for what, lines in (
        ("in the middle", [*names[:2], "", *names[2:]]),
        ("at the beginning", ["", *names]),
        ("of spaces", [names[0], "   ", *names[1:]]),
    ):
        data.names("\n".join(lines))
        outcome, metrics = scored(bench, data)
        as_classes = data.accuracy([line.strip() for line in lines])
        is_told = "classnames.txt" in outcome.err
        bench.judge(
            f"a blank line {what} of classnames.txt is refused or a class, and is told of; it never shifts the names",
            is_told and (outcome.code in (1, 2) or metrics.get("acc1") == as_classes),
            f"a line about classnames.txt, and a refusal or accuracy {as_classes}",
            f"{metrics} {outcome}",
        )
    data.names("\n".join(names[:3]))
    outcome, _ = scored(bench, data)
    bench.expect_refusal("a label beyond the class names is refused", outcome, ["classnames.txt", "3"])
    data.names(b"r\xe9d bus\nsea\nold house\ndog\n")
    outcome, _ = scored(bench, data)
    bench.expect_refusal("class names that are no UTF-8 are refused by their file", outcome, ["classnames.txt", "utf-8"])


def evaluation_sets(bench):
    data = Classes(bench.shared["clip"], bench.place("sets"))
    wanted = data.accuracy()
    data.write(
        extension="PNG", more=[("._s00.png", b"\0\5\x16\7"), ("._s00.cls", b"\0"), ("notes", b"made by hand"), ("d/", (b"5", ""))]
    )
    outcome, metrics = scored(bench, data)
    bench.expect_equal("capitals and hidden members in an evaluation shard change nothing", wanted, metrics.get("acc1"), outcome)
    data.write(skip_label={5})
    outcome, _ = scored(bench, data)
    bench.expect_refusal("a sample without a label is refused by its key", outcome, ["s05"])
    data.write(captions=True, skip_caption={7})
    outcome, _ = scored(bench, data, "retrieval")
    bench.expect_refusal("retrieval refuses a sample without a caption by its key", outcome, ["s07"])
    data.write(captions=True, more=[("t.txt", b"a caption without an image")])
    for task in ("zero_shot", "retrieval"):
        outcome, _ = scored(bench, data, task)
        bench.expect_refusal(f"{task} refuses a sample without an image by its key", outcome, ["0.tar", "t"])
    data.write(more=[("u.png", (b"2", "s00.png")), ("u.cls", b"1")])
    outcome, _ = scored(bench, data)
    bench.expect_refusal("an evaluation image that is a link is refused by its key", outcome, ["u"])
    data.write()
    (data.folder / "zeroshot_classification_templates.txt").write_text('["a photo of a {c}.", "{c}"]\n')
    outcome, _ = scored(bench, data)
    bench.expect_refusal("templates that are a JSON list are refused", outcome, ["JSON", "a template a line"])
    data.write()
    data.names(json.dumps(data.NAMES) + "\n")
    outcome, _ = scored(bench, data)
    bench.expect_refusal("class names that are a JSON list are refused", outcome, ["JSON", "a class a line"])
    data.write()
    for template in ("a photo of a {}.", "a photo"):
        (data.folder / "zeroshot_classification_templates.txt").write_text(f"a {{c}}\n{template}\n")
        outcome, _ = scored(bench, data)
        bench.expect_refusal(f"a template without its class ({template}) is refused", outcome, ["{c}"])
    data.write(captions=True)
    outcome, metrics = scored(bench, data, "retrieval", "--recall-k", "1,5")
    bench.judge(
        "--recall-k 1,5 is taken, or the line says how lists are given",
        "image_retrieval_recall@5" in metrics or (outcome.code == 2 and "--recall-k 1 5" in outcome.text),
        "recall@5 or how",
        outcome,
    )
    outcome, _ = scored(bench, data, "retrieval", "--recall-k", "12")
    bench.judge(
        "a recall@K over K candidates or fewer is warned of",
        "recall@12 does not compare models" in outcome.err,
        "a warning",
        outcome,
    )
    outcome, _ = scored(bench, data, "retrieval", "--recall-k", "1.5")
    bench.expect_refusal("a K that is no whole number is refused by its option", outcome, ["--recall-k", "1.5"])
    outcome, metrics = scored(bench, data, "retrieval", "--recall-k", "1", "5", "--recall-k", "3")
    bench.judge(
        "--recall-k takes its numbers one by one",
        {f"image_retrieval_recall@{k}" for k in (1, 3, 5)} <= metrics.keys(),
        "recall@1, 3 and 5",
        outcome,
    )


GROUPS = [layouts, output_names, home_and_variables, class_lists, evaluation_sets]
