"""Good inputs of every command, and the kinds of damaged ones: each makes its input in a folder and says what is run on it."""

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy

import damage
from damage import WORDS

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
sys.path.insert(0, str(GOLDEN.parent / "support"))

ARCHITECTURE = {"embed_dim": 8, "vision_cfg": {"image_size": 16, "layers": 1, "width": 8, "head_width": 4, "patch_size": 8},
                "text_cfg": {"context_length": 8, "vocab_size": 50, "width": 8, "heads": 2, "layers": 1}}
CONFIG = """corpus: {{ path: {corpus}, max_quarantined: 0.5 }}
model: {{ architecture: helip-test-tiny, init: random, init_seed: 3 }}
encoder: {{ batch_size: 16, task_samples: 32 }}
mining: {{ method: exact, hard_pairs_per_target: 4, image_floor: 0.1, duplicate_ceiling: 0.98, task_targets: 24, task_seconds: 0 }}
train:
  hard_pairs: mined
  seeds_per_batch: 4
  hard_pairs_per_seed: 3
  steps: 40
  lr: 5.0e-4
  warmup: 4
  checkpoint_steps: 8
loss: {{ margin_weight: 25 }}
eval:
  recall_k: [1, 5]
  datasets: [{{ name: set, path: {dataset}, tasks: [zero_shot, retrieval] }}]
coordinator: {{ listen: "127.0.0.1:0", heartbeat_seconds: 0.3, lease_seconds: 3 }}
launcher: {{ kind: mpirun, workers: 2, threads_per_worker: 1, device: cpu, max_restarts: 1 }}
output: {{ work_dir: {work}, report: true }}
"""


@dataclasses.dataclass
class Case:
    words: list
    how: str
    program: str = "helip"
    outs: list = dataclasses.field(default_factory=list)  # there after success, not there after a failure
    resumable: list = dataclasses.field(default_factory=list)  # may be there after a failure
    is_json: bool = False  # a line of output is read by programs
    engine: bool = False
    variables: dict = dataclasses.field(default_factory=dict)


class Good:
    """What is damaged, made once."""

    def __init__(self, build, folder):
        from bench import encoded, picture, samples, write_tar  # noqa: PLC0415

        self.helip = pathlib.Path(build).absolute() / "bin" / "helip"
        self.folder = pathlib.Path(folder).absolute()
        self.images = {file.name: file.read_bytes() for file in sorted((GOLDEN / "decode").iterdir())
                       if file.suffix in (".png", ".jpg", ".webp")}
        self.checkpoints = {file.name: file.read_bytes() for file in sorted((GOLDEN / "checkpoints").glob("*.pt"))}
        self.folder.mkdir(parents=True)
        members = samples(12)
        members[5] = ("0002.json", json.dumps({"caption": "a caption of json", "width": 5, "tags": ["x"]}).encode())
        self.tar = write_tar(self.folder / "good.tar", members)
        for i in range(6):
            (self.folder / f"p{i}.png").write_bytes(encoded(picture(i)))
            (self.folder / f"p{i}.txt").write_text(f"picture {i}")
        (self.folder / "table.tsv").write_text("filepath\ttitle\n" + "".join(f'p{i}.png\t"caption, number {i}"\n' for i in range(6)))
        write_tar(self.folder / "forty.tar", samples(40))
        self.corpus = self.folder / "corpus"
        self.run("data", "import", self.folder / "forty.tar", "--out", self.corpus)
        generator = numpy.random.default_rng(5)
        self.rows = self.folder / "rows"
        for kind in ("img_emb", "text_emb"):
            (self.rows / kind).mkdir(parents=True)
            values = generator.standard_normal((40, 8)).astype(numpy.float32)
            values /= numpy.linalg.norm(values, axis=1, keepdims=True)
            numpy.save(self.rows / kind / f"{kind}_0.npy", values)
        self.table = self.folder / "hard_pairs"
        self.run("mine", "--image-embeddings", self.rows, "--text-embeddings", self.rows, "--groups", self.corpus, "--k", 4, "--out", self.table)
        self.make_dataset(write_tar, samples)
        self.make_weights()
        self.make_job()

    def run(self, *words):
        subprocess.run([self.helip, *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def make_dataset(self, write_tar, samples):
        self.dataset = self.folder / "dataset"
        (self.dataset / "test").mkdir(parents=True)
        members = samples(8)
        write_tar(self.dataset / "test/0.tar", [one for i in range(8) for one in (*members[2 * i:2 * i + 2], (f"{i:04}.cls", str(i % 3).encode()))])
        (self.dataset / "test/nshards.txt").write_text("1\n")
        (self.dataset / "classnames.txt").write_text("dog\nred bus\nsea\n")
        (self.dataset / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\n{c}\n")

    def make_weights(self):
        """A model folder of the small architecture, and a file of its weights."""
        width, text = 8, ARCHITECTURE["text_cfg"]
        shapes = {"positional_embedding": [text["context_length"], width], "text_projection": [width, 8], "logit_scale": [],
                  "token_embedding.weight": [text["vocab_size"], width], "ln_final.weight": [width], "ln_final.bias": [width],
                  "visual.class_embedding": [width], "visual.positional_embedding": [5, width], "visual.proj": [width, 8],
                  "visual.conv1.weight": [width, 3, 8, 8]}
        shapes |= {f"visual.{name}.{part}": [width] for name in ("ln_pre", "ln_post") for part in ("weight", "bias")}
        for tower in ("", "visual."):
            block = f"{tower}transformer.resblocks.0."
            shapes |= {f"{block}ln_{i}.{part}": [width] for i in (1, 2) for part in ("weight", "bias")}
            shapes |= {f"{block}attn.in_proj_weight": [24, 8], f"{block}attn.in_proj_bias": [24], f"{block}attn.out_proj.weight": [8, 8],
                       f"{block}attn.out_proj.bias": [8], f"{block}mlp.c_fc.weight": [32, 8], f"{block}mlp.c_fc.bias": [32],
                       f"{block}mlp.c_proj.weight": [8, 32], f"{block}mlp.c_proj.bias": [8]}
        header, data = {}, b""
        for name, shape in shapes.items():
            values = numpy.full(shape, 0.5, numpy.float32).tobytes()
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
            data += values
        text_header = json.dumps(header).encode()
        self.model = self.folder / "model"
        self.model.mkdir()
        (self.model / "open_clip_model.safetensors").write_bytes(len(text_header).to_bytes(8, "little") + text_header + data)
        (self.model / "open_clip_config.json").write_text(json.dumps({"model_cfg": ARCHITECTURE, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3}}))
        (self.folder / "architecture.json").write_text(json.dumps(ARCHITECTURE))
        self.run("convert", self.model, self.folder / "weights.pt")

    def make_job(self):
        """A configuration, and a work directory with what a report reads."""
        self.work = self.folder / "work"
        (self.work / "hard_pairs").mkdir(parents=True)
        config = CONFIG.format(corpus=self.corpus, dataset=self.dataset, work=self.folder / "new-work")
        (self.folder / "job.yaml").write_text(config)
        (self.work / "config.yaml").write_text(config)
        (self.work / "corpus").mkdir()
        (self.work / "corpus/location.txt").write_text(f"{self.corpus}\n")
        (self.work / "corpus/quarantine.jsonl").write_text('{"shard":"00000.tar","offset":0,"key":"000000000","reason":"the caption is empty"}\n')
        shutil.copytree(self.table, self.work / "hard_pairs/1")
        (self.work / "results.json").write_text(json.dumps([
            {"dataset": "set", "model": "tiny", "pretrained": name, "task": "zeroshot_retrieval", "language": "en",
             "metrics": {"image_retrieval_recall@1": 0.5, "text_retrieval_recall@1": 0.25}} for name in ("init", "seed-1", "seed-2")]))
        (self.work / "metrics.jsonl").write_text("".join(
            json.dumps({"seed": 1, "step": step, "loss": 1.0 / step, "contrastive_loss": 0.5, "margin_loss": 0.01, "lr": 1e-4, "logit_scale": 14.2,
                        "data_time": 0.1, "batch_time": 0.2}) + "\n" for step in range(1, 9)))
        (self.work / "logs").mkdir()


def changed_file(rng, path, of):
    """Damages a file's content, or puts something else in its place."""
    if rng.random() < 0.12:
        return damage.of_file_itself(rng, path)
    content, how = of(rng, path.read_bytes())
    path.write_bytes(content)
    return how


def by_name(path):
    return {".json": damage.of_json, ".npy": damage.of_npy, ".safetensors": damage.of_safetensors, ".pt": damage.of_zip, ".tar": damage.of_tar,
            ".png": damage.of_picture}.get(path.suffix, damage.of_text if path.suffix in (".txt", ".yaml", ".jsonl", ".tsv", ".csv") else damage.of_bytes)


def any_file_of(rng, folder, weights=None):
    """Damages one file below the folder; returns which and how."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    file = rng.choice([one for one in files if one.name in weights] if weights and rng.random() < 0.7 else files)
    return f"{file.relative_to(folder)}: {changed_file(rng, file, by_name(file))}"


def fitting_corpus(corpus):
    """Gives the manifest the digests that its files have now; what does not parse stays as it is."""
    try:
        manifest = json.loads((corpus / "manifest.json").read_bytes())
        for key, name in (("index_sha256", "index.npy"), ("image_group_sha256", "image_group.npy"), ("caption_group_sha256", "caption_group.npy")):
            manifest[key] = sha256((corpus / name).read_bytes())
        lines = b""
        for shard in manifest["shards"]:
            content = (corpus / shard["name"]).read_bytes()
            shard["sha256"], shard["bytes"] = sha256(content), len(content)
            name = shard["name"].encode()
            lines += b"%d %s %d %s\n" % (len(name), name, len(content), shard["sha256"].encode())
        manifest["fingerprint"] = sha256(lines)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    (corpus / "manifest.json").write_text(json.dumps(manifest))


def fitting_table(table):
    try:
        manifest = json.loads((table / "manifest.json").read_bytes())
        for name in ("indices", "scores", "suitable"):
            manifest[f"{name}_sha256"] = sha256((table / f"{name}.npy").read_bytes())
    except (OSError, ValueError, TypeError, AttributeError):
        return
    (table / "manifest.json").write_text(json.dumps(manifest))


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def import_case(rng, place, source, how, *more):
    words = ["data", "import", source, "--out", place / "out", "--threads", "2", *more]
    if rng.random() < 0.5:
        words += ["--max-left-out", "1"]
    if rng.random() < 0.2:
        words += ["--max-side", "8"]
    if rng.random() < 0.2:
        words += ["--background", "white"]
    if rng.random() < 0.2:
        words += ["--exif-transpose"]
    return Case(words, how, outs=[place / "out"], resumable=[place / "out.import"])


def tars(rng, good, place):
    file = place / "a.tar"
    shutil.copy(good.tar, file)
    how = changed_file(rng, file, damage.of_tar)
    if rng.random() < 0.3:
        return import_case(rng, place, f"{good.folder}/forty.tar::{file}", how)
    return import_case(rng, place, file, how)


def images(rng, good, place):
    """Eight damaged pictures and one good one in a tar."""
    from bench import write_tar  # noqa: PLC0415

    members, hows = [], []
    for i in range(8):
        name = rng.choice(list(good.images))
        content, how = damage.of_picture(rng, good.images[name])
        hows.append(f"{name} {how}")
        members += [(f"{i}.{name.split('.')[-1]}", content), (f"{i}.txt", b"a picture")]
    members += [("good.png", good.images["png_rgb.png"]), ("good.txt", b"a good one")]
    return import_case(rng, place, write_tar(place / "a.tar", members), "; ".join(hows), "--max-left-out", "1")


def captions(rng, good, place):
    """Eight damaged captions and a good one in a tar."""
    from bench import write_tar  # noqa: PLC0415

    members, hows = [], []
    for i in range(8):
        kind = rng.choice(["txt", "json", "json"])
        content, how = (damage.of_text(rng, "a caption with é and 🎉".encode()) if kind == "txt" else
                        damage.of_json(rng, b'{"caption": "words", "width": 640, "nested": {"a": [1, 2.5, null]}, "url": "http://x"}'))
        hows.append(f"{kind} {how}")
        members += [(f"{i}.png", good.images["png_rgb.png"]), (f"{i}.{kind}", content)]
    members += [("good.png", good.images["png_rgb.png"]), ("good.txt", b"a good one")]
    return import_case(rng, place, write_tar(place / "a.tar", members), "; ".join(hows), "--max-left-out", "1")


def tables(rng, good, place):
    for i in range(6):
        (place / f"p{i}.png").symlink_to(good.folder / f"p{i}.png")
    file = place / rng.choice(["table.tsv", "table.csv"])
    separator = rng.choice(["\t", ",", ";"])
    file.write_text((good.folder / "table.tsv").read_text().replace("\t", separator))
    how = changed_file(rng, file, damage.of_text)
    more = ["--csv-separator", rng.choice([separator, separator, "tab", ",", "\\t", "::", "", "x" * 2000])] if rng.random() < 0.5 else []
    return import_case(rng, place, file, how, *more)


def folders(rng, good, place):
    source = place / "in"
    (source / "sub").mkdir(parents=True)
    for i in range(6):
        for extension in ("png", "txt"):
            shutil.copy(good.folder / f"p{i}.{extension}", source / ("sub" if i > 3 else ".") / f"p{i}.{extension}")
    how = "; ".join(any_file_of(rng, source) for _ in range(rng.choice([1, 2])))
    if rng.random() < 0.3:
        how += f"; folder: {damage.of_file_itself(rng, source / 'sub')}"
    if rng.random() < 0.2:
        name = rng.choice([b"\xff\xfe.png", b"line\nend.png", b"\x1b[31m.txt", b"x" * 250 + b".png", "ü\u202e.png".encode()])
        with open(os.fsencode(source) + b"/" + name, "wb") as file:
            file.write(b"x")
        how += f"; name {name[:12]}"
    return import_case(rng, place, source, how)


def shard_lists(rng, good, place):
    spelled = str(good.tar)
    how = rng.choice(["word", "word", "inside", "list"])
    if how == "word":
        spelled = rng.choice(WORDS)
    elif how == "inside":
        at = rng.randrange(len(spelled))
        spelled = spelled[:at] + rng.choice(WORDS) + spelled[at:]
    else:
        spelled = "::".join(rng.choice([spelled, f"{good.folder}/*.tar", f"{good.folder}/{{0..9}}.tar", "", "::", rng.choice(WORDS)]) for _ in range(3))
    return import_case(rng, place, as_word(spelled), f"shards {how}")


def as_word(text):
    """An argument of a command line holds any bytes but NUL."""
    return text.replace("\0", "").encode("utf-8", "surrogatepass")[:100000]


def corpora(rng, good, place):
    corpus = place / "corpus"
    shutil.copytree(good.corpus, corpus)
    how = any_file_of(rng, corpus, ["manifest.json", "index.npy", "00000.tar"])
    if rng.random() < 0.5:
        how += ", digests fit"
        fitting_corpus(corpus)
    kind = rng.choice(["check", "check", "check-json", "show", "stats", "import", "groups"])
    if kind in ("check", "check-json"):
        return Case(["data", "check", corpus, "--threads", "2", *(["--json"] if kind == "check-json" else [])], how, is_json=kind == "check-json")
    if kind == "show":
        return Case(["pairs", "show", good.table, "--corpus", corpus, "--target", "7"], how)
    if kind == "stats":
        return Case(["pairs", "stats", good.table, "--corpus", corpus], how)
    if kind == "import":
        return import_case(rng, place, corpus, how)
    return Case(["mine", "--image-embeddings", good.rows, "--text-embeddings", good.rows, "--groups", corpus, "--k", "4", "--threads", "2", "--out",
                 place / "out"], how, outs=[place / "out"])


def embeddings(rng, good, place):
    rows = place / "rows"
    shutil.copytree(good.rows, rows)
    how = any_file_of(rng, rows)
    if rng.random() < 0.2:
        name = rng.choice(["img_emb_1.npy", "img_emb_00.npy", ".img_emb_1.npy", "img_emb_99999999999999999999.npy", "img_emb.npy", "x" * 240 + "_3.npy", "0.npy"])
        shutil.copy(good.rows / "img_emb/img_emb_0.npy", rows / "img_emb" / name)
        how += f"; {name[:30]}"
    if rng.random() < 0.3:
        return Case(["pairs", "stats", good.table, "--image-embeddings", rows, "--text-embeddings", rows], how)
    method = rng.choice(["exact", "fast", "index"])
    return Case(["mine", "--image-embeddings", rows, "--text-embeddings", rows, "--k", "4", "--threads", "2", "--method", method, "--pool-size", "20",
                 "--out", place / "out"], how, outs=[place / "out"])


def hard_pairs(rng, good, place):
    table = place / "table"
    shutil.copytree(good.table, table)
    how = any_file_of(rng, table, ["manifest.json"])
    if rng.random() < 0.5:
        how += ", digests fit"
        fitting_table(table)
    kind = rng.choice(["stats", "stats", "show", "compare", "csv", "jsonl", "npy"])
    if kind == "stats":
        return Case(["pairs", "stats", table], how)
    if kind == "show":
        return Case(["pairs", "show", table, "--corpus", good.corpus, "--target", rng.choice(["3", "39"])], how)
    if kind == "compare":
        return Case(["pairs", "compare", *rng.sample([table, good.table], 2)], how)
    return Case(["pairs", "export", table, "--format", kind, "--out", place / "out"], how, outs=[place / "out"])


def checkpoints(rng, good, place):
    kind = rng.choice(["golden", "golden", "weights.pt", "safetensors", "folder"])
    out = place / rng.choice(["out.pt", "out.safetensors", "out"])
    more = ["--model", good.folder / "architecture.json"]
    if rng.random() < 0.2:
        more += ["--precision", rng.choice(["fp16", "bf16", "fp32"])]
    if kind == "folder":
        shutil.copytree(good.model, place / "model")
        how = any_file_of(rng, place / "model")
        return Case(["convert", place / "model", out], how, outs=[out])
    if kind == "golden":
        name = rng.choice(list(good.checkpoints))
        content, file = good.checkpoints[name], place / "in.pt"
    elif kind == "weights.pt":
        content, file = (good.folder / "weights.pt").read_bytes(), place / "in.pt"
    else:
        content, file = (good.model / "open_clip_model.safetensors").read_bytes(), place / rng.choice(["in.safetensors", "in.bin"])
    file.write_bytes(content)
    how = changed_file(rng, file, damage.of_safetensors if kind == "safetensors" else damage.of_zip)
    return Case(["convert", file, out, *more], f"{kind} {how}", outs=[out])


def architectures(rng, good, place):
    if rng.random() < 0.5:
        file = place / "architecture.json"
        shutil.copy(good.folder / "architecture.json", file)
        how = changed_file(rng, file, damage.of_json)
        return Case(["convert", good.model / "open_clip_model.safetensors", place / "out", "--model", file], how, outs=[place / "out"])
    model = place / "model"
    model.mkdir()
    kind = rng.choice(["locked_towers", "towers", "features", "slip"])
    tower = {"file": "image.ts", "sha256": "0" * 64, "feature_dim": 8,
             "preprocess": {"size": 16, "resize_mode": "squash", "interpolation": "bicubic", "mean": [0.5] * 3, "std": [0.5] * 3}}
    text = {"file": "text.ts", "sha256": "0" * 64, "feature_dim": 8,
            "tokenizer": {"kind": "wordpiece", "file": "vocab.txt", "sha256": "0" * 64, "context_length": 8}}
    config = {"format": "helip_model/1", "kind": kind, "embed_dim": 8, "heads": {"hidden": 8, "dropout": 0.2}, "image_tower": tower, "text_tower": text}
    if kind == "towers":
        tower["train"] = "from:layer4"
    elif kind == "features":
        config |= {"corpus_fingerprint": "0" * 64, "image_tower": {"features": str(good.rows / "img_emb"), "sha256": "0" * 64, "feature_dim": 8},
                   "text_tower": {"features": str(good.rows / "text_emb"), "sha256": "0" * 64, "feature_dim": 8}}
    elif kind == "slip":
        config |= {"image_tower": {"image_size": 16, "patch_size": 8, "width": 8, "layers": 1, "heads": 2},
                   "text_tower": {"context_length": 8, "vocab_size": 50, "width": 8, "heads": 2, "layers": 1}, "ssl_head": {"hidden": 8, "embed_dim": 8}}
    (model / "helip_model.json").write_text(json.dumps(config))
    for name in ("image.ts", "text.ts", "vocab.txt"):
        (model / name).write_bytes(b"x")
    how = f"{kind} {any_file_of(rng, model, ['helip_model.json'])}"
    if rng.random() < 0.3:
        return Case(["convert", model, place / "out.pt"], how, outs=[place / "out.pt"])
    return dry_run(place, good.folder / "job.yaml", how, "--set", f"model.architecture={model}", "--set", "model.trust_torchscript=true",
                   "--set", "eval.datasets=[]")


def dry_run(place, config, how, *more):
    return Case(["run", "--config", config, "--dry-run", "--work-dir", place / "work", *more], how, resumable=[place / "work"])


def configurations(rng, good, place):
    file = place / "job.yaml"
    shutil.copy(good.folder / "job.yaml", file)
    how = changed_file(rng, file, damage.of_text)
    if file.is_file() and rng.random() < 0.15:
        how = "yaml aliases"
        file.write_text("a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)) + file.read_text(errors="replace"))
    if rng.random() < 0.3:
        return Case(["--config", file, "--work-dir", place / "work", "--listen", rng.choice([word for word in WORDS[:40] if word] + ["0.0.0.0:0", "127.0.0.1:99999", "nohost.invalid:1"])],
                    how, program="helip_coordinator", resumable=[place / "work"])
    return dry_run(place, file, how)


def settings(rng, good, place):
    """Words in the place of values of --set, and of the whole assignment."""
    keys = ["corpus.path", "corpus.max_quarantined", "corpus.max_pixels", "corpus.csv_separator", "model.architecture", "model.init", "model.init_seed",
            "model.tokenizer", "model.name", "encoder.source", "encoder.batch_size", "encoder.task_samples", "encoder.image_embeddings",
            "encoder.feature_cache", "mining.method", "mining.hard_pairs_per_target", "mining.pool_size", "mining.image_floor",
            "mining.duplicate_ceiling", "mining.absolute_margin", "mining.hub_cap", "mining.task_targets", "mining.task_seconds", "mining.scratch",
            "train.steps", "train.epochs", "train.lr", "train.seeds_per_batch", "train.hard_pairs_per_seed", "train.warmup", "train.precision",
            "train.seed", "train.repeats", "train.checkpoint_steps", "train.crop_scale", "train.range_min", "train.range_max", "train.accum_freq",
            "train.loader_threads", "train.collective_timeout_seconds", "remine.every_steps", "remine.workers", "early_stop.dataset",
            "early_stop.patience", "loss.margin_weight", "loss.margin_direction", "slip.ssl_weight", "eval.datasets", "eval.recall_k",
            "eval.batch_size", "coordinator.listen", "coordinator.lease_seconds", "coordinator.max_attempts", "launcher.kind", "launcher.workers",
            "launcher.hosts", "launcher.mpirun_args", "output.work_dir", "output.gallery_targets", "eval.datasets[0].path", "eval", "", "train."]
    more, hows = [], []
    for _ in range(rng.choice([1, 1, 2])):
        key, word = rng.choice(keys), rng.choice(WORDS)
        hows.append(f"{key}={word[:30]!r}")
        more += ["--set", as_word(rng.choice([f"{key}={word}", f"{key}={word}", f"{key}={word}", word, f"{key}{word}"]))]
    return dry_run(place, good.folder / "job.yaml", "; ".join(hows), *more)


OPTIONS = {
    "data import": (["{tar}", "--out", "{out}"], ["--max-side", "--background", "--samples-per-shard", "--threads", "--caption-key", "--csv-separator",
                                                 "--csv-img-key", "--max-left-out", "--max-pixels", "--max-image-bytes", "--max-decode-seconds", "--out"]),
    "data check": (["{corpus}"], ["--threads", "--max-pixels", "--max-image-bytes", "--max-decode-seconds"]),
    "mine": (["--image-embeddings", "{rows}", "--text-embeddings", "{rows}", "--out", "{out}", "--k", "4"],
             ["--method", "--k", "--pool-size", "--pool-refresh-targets", "--index", "--index-lists", "--index-probes", "--index-recall", "--image-floor",
              "--text-floor", "--duplicate-ceiling", "--metric", "--min-score", "--max-score", "--absolute-margin", "--relative-margin", "--hub-cap",
              "--groups", "--seed", "--threads", "--device", "--instruction-set", "--scratch", "--image-embeddings", "--out"]),
    "pairs stats": (["{table}"], ["--corpus", "--image-embeddings", "--text-embeddings"]),
    "pairs show": (["{table}", "--corpus", "{corpus}", "--target", "3"], ["--target", "-n", "--corpus"]),
    "pairs export": (["{table}", "--format", "csv", "--out", "{out}"], ["--format", "--out"]),
    "pairs compare": (["{table}", "{table}"], ["--json"]),
    "convert": (["{model}", "{out}"], ["--model", "--precision"]),
    "embed": (["--model", "{model}", "--corpus", "{corpus}", "--out", "{corpus}"],
              ["--model", "--corpus", "--caption-key", "--source", "--batch-size", "--feature-cache", "--device", "--threads", "--model-config"]),
    "eval": (["--model", "{corpus}", "--dataset", "{dataset}", "--task", "zero_shot"],
             ["--model", "--dataset", "--task", "--split", "--json", "--recall-k", "--probe-l2", "--batch-size", "--device", "--threads"]),
    "report": (["{place}"], ["--compare", "--out"]),
    "status": (["--work-dir", "{work}"], ["--work-dir", "--watch", "--coordinator"]),
    "run": (["--config", "{config}", "--dry-run", "--work-dir", "{place}/work"], ["--config", "--work-dir", "--workers", "--until", "--set"]),
    "doctor": ([], ["--json", "--what"]),
    "helip_worker": (["--orphan-timeout", "0.1", "--coordinator", "127.0.0.1:1"], ["--coordinator", "--work-dir", "--stages"]),
    "helip_coordinator": (["--config", "{config}", "--work-dir", "{place}/work", "--listen", "nonsense"],
                          ["--config", "--listen", "--launch", "--until", "--set", "--work-dir"]),
}


def options(rng, good, place):
    command = rng.choice(list(OPTIONS))
    words, names = OPTIONS[command]
    places = {"tar": good.tar, "out": place / "out", "corpus": good.corpus, "rows": good.rows, "table": good.table, "model": good.model,
              "dataset": good.dataset, "place": place, "work": good.work, "config": good.folder / "job.yaml"}
    words = [word.format(**places) for word in words]
    how = rng.choice(["option", "option", "option", "option", "positional", "twice", "unknown"])
    if command == "helip_worker":
        how = "option"  # it waits for a coordinator as long as it is told
    word = rng.choice(WORDS)
    if how == "positional" and words:
        at = rng.randrange(len(words))
        words[at] = word
    elif how == "twice" and words:
        words += rng.sample(words, rng.randrange(1, len(words) + 1))
    elif how == "unknown":
        words.insert(rng.randrange(len(words) + 1), rng.choice(["--", "-", "--no-such", "-x", "---", "--out", word]))
    else:
        name = rng.choice(names)
        if name in words and rng.random() < 0.7 and words.index(name) + 1 < len(words):
            words[words.index(name) + 1] = word
        elif rng.random() < 0.5:
            words += [name, word]
        else:
            words.append(f"{name}={word}")
    words = [as_word(one) for one in words]
    out = place / "out"
    is_program = command.startswith("helip_")
    return Case(words if is_program else [*command.split(), *words], f"{command} {how}: {word[:40]!r}", program=command if is_program else "helip",
                resumable=[out, place / "out.import", place / "work"], is_json=b"--json" in words or any(one.startswith(b"--json") for one in words))


def work_directories(rng, good, place):
    work = place / "work"
    shutil.copytree(good.work, work)
    (work / "status.json").write_text(json.dumps(
        {"schema_version": 1, "state": "failed", "stage": "train", "eta_seconds": None, "elapsed_seconds": 12.5, "quarantined": 1, "stages": [],
         "train": None, "workers": [], "failure": "task train/seed-1: a cause", "work_dir": str(work), "config_digest": "0" * 64, "saved_at": 1.5}))
    (work / "coordinator").mkdir()
    (work / "coordinator/address").write_text("127.0.0.1:1\n")
    how = any_file_of(rng, work, ["config.yaml", "results.json", "metrics.jsonl", "status.json"])
    fitting_table(work / "hard_pairs/1")
    kind = rng.choice(["report", "report", "compare", "status", "status-json", "dry-run"])
    if kind == "report":
        return Case(["report", work], how, resumable=[work / "report"])
    if kind == "compare":
        return Case(["report", *rng.sample([work, good.work], 1), "--compare", work, "--out", place / "page.html"], how, resumable=[work / "report", good.work / "report"])
    if kind == "dry-run":
        return Case(["run", "--config", good.folder / "job.yaml", "--dry-run", "--work-dir", work], how, resumable=[work])
    return Case(["status", "--work-dir", work, *(["--json"] if kind == "status-json" else [])], how, is_json=kind == "status-json")


def index_stages(rng, good, place):
    """The stage that reads the corpus, on a damaged corpus or in a damaged work directory."""
    tar = place / "a.tar"
    shutil.copy(good.tar, tar)
    how = changed_file(rng, tar, damage.of_tar)
    return Case(["run", "--config", good.folder / "job.yaml", "--until", "index", "--work-dir", place / "work", "--set", f"corpus.path={tar}"], how,
                resumable=[place / "work"], engine=True)


def resumed_stages(rng, good, place):
    """The same job again, in a work directory of which a file is damaged."""
    work = place / "work"
    good.run("run", "--config", good.folder / "job.yaml", "--until", "index", "--work-dir", work)
    how = any_file_of(rng, work, ["state.db", "config.yaml", "location.txt", "status.json"])
    return Case(["run", "--config", good.folder / "job.yaml", "--until", "index", "--work-dir", work], how, resumable=[work], engine=True)


def evaluation_sets(rng, good, place):
    """Checked by a dry run; the engine reads a few of them."""
    data = place / "set"
    shutil.copytree(good.dataset, data)
    how = any_file_of(rng, data, ["classnames.txt", "0.tar", "nshards.txt", "zeroshot_classification_templates.txt"])
    return dry_run(place, good.folder / "job.yaml", how, "--set", f"eval.datasets=[{{name: set, path: {data}, tasks: [zero_shot, retrieval]}}]")


def evaluations(rng, good, place):
    data = place / "set"
    shutil.copytree(good.dataset, data)
    how = any_file_of(rng, data, ["classnames.txt", "0.tar", "nshards.txt", "zeroshot_classification_templates.txt"])
    return Case(["eval", "--model", good.clip, "--dataset", data, "--task", rng.choice(["zero_shot", "retrieval"]), "--threads", "1", "--json", place / "out.json"],
                how, outs=[place / "out.json"], engine=True)


def embedded(rng, good, place):
    """A corpus of damaged pictures and captions, or a damaged model, in `helip embed`."""
    from bench import write_tar  # noqa: PLC0415

    kind = rng.choice(["samples", "samples", "tar", "model"])
    tar, model = place / "a.tar", good.clip
    members, hows = [], []
    for i in range(16):
        name = rng.choice(list(good.images))
        content, how = damage.of_picture(rng, good.images[name]) if kind == "samples" else (good.images[name], "")
        caption, _ = damage.of_text(rng, "a caption with é".encode()) if kind == "samples" else (b"words", "")
        hows.append(f"{name} {how}")
        members += [(f"{i}.{name.split('.')[-1]}", content), (f"{i}.txt", caption)]
    write_tar(tar, members + [("good.png", good.images["png_rgb.png"]), ("good.txt", b"a good one")])
    how = "; ".join(hows) if kind == "samples" else ""
    if kind == "tar":
        how = changed_file(rng, tar, damage.of_tar)
    elif kind == "model":
        model = place / "model"
        shutil.copytree(good.clip, model)
        how = any_file_of(rng, model)
    return Case(["embed", "--model", model, "--corpus", tar, "--out", place / "out", "--threads", "1"], f"{kind} {how}", outs=[place / "out"], engine=True)


# (kind, its share of the inputs, how many inputs one start holds)
KINDS = [(tars, 12, 1), (images, 5, 8), (captions, 3, 8), (tables, 8, 1), (folders, 5, 1), (shard_lists, 4, 1), (corpora, 10, 1), (embeddings, 10, 1),
         (hard_pairs, 8, 1), (checkpoints, 14, 1), (architectures, 7, 1), (configurations, 10, 1), (settings, 14, 1), (options, 16, 1),
         (work_directories, 8, 1), (evaluation_sets, 4, 1)]
ENGINE_KINDS = [(embedded, 3, 16), (evaluations, 2, 1), (index_stages, 1, 1), (resumed_stages, 1, 1)]
