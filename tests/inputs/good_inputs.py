"""Good inputs of every command, small, for the damaged ones that are made of them."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

import numpy

from bench import encoded, picture, samples, write_tar

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
ARCHITECTURE = {
    "embed_dim": 8,
    "vision_cfg": {"image_size": 16, "layers": 1, "width": 8, "head_width": 4, "patch_size": 8},
    "text_cfg": {"context_length": 8, "vocab_size": 50, "width": 8, "heads": 2, "layers": 1},
}
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


class Good:
    """What is damaged, made once."""

    def __init__(self, build, folder):
        self.helip = pathlib.Path(build).absolute() / "bin" / "helip"
        self.folder = pathlib.Path(folder).absolute()
        self.images = {
            file.name: file.read_bytes()
            for file in sorted((GOLDEN / "decode").iterdir())
            if file.suffix in (".png", ".jpg", ".webp")
        }
        self.checkpoints = {file.name: file.read_bytes() for file in sorted((GOLDEN / "checkpoints").glob("*.pt"))}
        self.folder.mkdir(parents=True)
        members = samples(12)
        members[5] = ("0002.json", json.dumps({"caption": "a caption of json", "width": 5, "tags": ["x"]}).encode())
        self.tar = write_tar(self.folder / "good.tar", members)
        for i in range(6):
            (self.folder / f"p{i}.png").write_bytes(encoded(picture(i)))
            (self.folder / f"p{i}.txt").write_text(f"picture {i}")
        (self.folder / "table.tsv").write_text(
            "filepath\ttitle\n" + "".join(f'p{i}.png\t"caption, number {i}"\n' for i in range(6))
        )
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
        self.run(
            "mine", "--image-embeddings", self.rows, "--text-embeddings", self.rows, "--groups", self.corpus, "--k", 4, "--out",
            self.table,
        )
        self.make_dataset()
        self.make_weights()
        self.make_job()

    def run(self, *words):
        done = subprocess.run([self.helip, *map(str, words)], capture_output=True)
        if done.returncode != 0:
            sys.exit(f"damaged: a good input does not work: {words}: {done.stderr.decode(errors='replace')}")

    def make_dataset(self):
        self.dataset = self.folder / "dataset"
        (self.dataset / "test").mkdir(parents=True)
        members = samples(8)
        write_tar(
            self.dataset / "test/0.tar",
            [one for i in range(8) for one in (*members[2 * i : 2 * i + 2], (f"{i:04}.cls", str(i % 3).encode()))],
        )
        (self.dataset / "test/nshards.txt").write_text("1\n")
        (self.dataset / "classnames.txt").write_text("dog\nred bus\nsea\n")
        (self.dataset / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\n{c}\n")

    def make_weights(self):
        """A model folder of the small architecture, and a file of its weights."""
        width, text = 8, ARCHITECTURE["text_cfg"]
        shapes = {
            "positional_embedding": [text["context_length"], width], "text_projection": [width, 8], "logit_scale": [],
            "token_embedding.weight": [text["vocab_size"], width], "ln_final.weight": [width], "ln_final.bias": [width],
            "visual.class_embedding": [width], "visual.positional_embedding": [5, width], "visual.proj": [width, 8],
            "visual.conv1.weight": [width, 3, 8, 8],
        }
        shapes |= {f"visual.{name}.{part}": [width] for name in ("ln_pre", "ln_post") for part in ("weight", "bias")}
        for tower in ("", "visual."):
            block = f"{tower}transformer.resblocks.0."
            shapes |= {f"{block}ln_{i}.{part}": [width] for i in (1, 2) for part in ("weight", "bias")}
            shapes |= {
                f"{block}attn.in_proj_weight": [24, 8], f"{block}attn.in_proj_bias": [24],
                f"{block}attn.out_proj.weight": [8, 8], f"{block}attn.out_proj.bias": [8], f"{block}mlp.c_fc.weight": [32, 8],
                f"{block}mlp.c_fc.bias": [32], f"{block}mlp.c_proj.weight": [8, 32], f"{block}mlp.c_proj.bias": [8],
            }
        header, data = {}, b""
        for name, shape in shapes.items():
            values = numpy.full(shape, 0.5, numpy.float32).tobytes()
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
            data += values
        text_header = json.dumps(header).encode()
        self.model = self.folder / "model"
        self.model.mkdir()
        (self.model / "open_clip_model.safetensors").write_bytes(len(text_header).to_bytes(8, "little") + text_header + data)
        (self.model / "open_clip_config.json").write_text(
            json.dumps({"model_cfg": ARCHITECTURE, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3}})
        )
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
        (self.work / "corpus/quarantine.jsonl").write_text(
            '{"shard":"00000.tar","offset":0,"key":"000000000","reason":"the caption is empty"}\n'
        )
        shutil.copytree(self.table, self.work / "hard_pairs/1")
        (self.work / "results.json").write_text(
            json.dumps(
                [
                    {
                        "dataset": "set",
                        "model": "tiny",
                        "pretrained": name,
                        "task": "zeroshot_retrieval",
                        "language": "en",
                        "metrics": {"image_retrieval_recall@1": 0.5, "text_retrieval_recall@1": 0.25},
                    }
                    for name in ("init", "seed-1", "seed-2")
                ]
            )
        )
        (self.work / "metrics.jsonl").write_text(
            "".join(
                json.dumps(
                    {
                        "seed": 1, "step": step, "loss": 1.0 / step, "contrastive_loss": 0.5, "margin_loss": 0.01, "lr": 1e-4,
                        "logit_scale": 14.2, "data_time": 0.1, "batch_time": 0.2,
                    }
                )
                + "\n"
                for step in range(1, 9)
            )
        )
        (self.work / "logs").mkdir()

# What reading a damaged file raises here; it then stays as it is. Values that lie very deep in each other exhaust the stack.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


def content_of(path):
    """The bytes of a regular file; a pipe or a device in its place has no end."""
    if not path.is_file():
        raise OSError(f"{path}: no regular file")
    return path.read_bytes()


def fitting_corpus(corpus):
    """Gives the manifest the digests that its files have now; what does not parse stays as it is."""
    try:
        manifest = json.loads(content_of(corpus / "manifest.json"))
        for key, name in (
            ("index_sha256", "index.npy"),
            ("image_group_sha256", "image_group.npy"),
            ("caption_group_sha256", "caption_group.npy"),
        ):
            manifest[key] = sha256(content_of(corpus / name))
        lines = b""
        for shard in manifest["shards"]:
            content = content_of(corpus / shard["name"])
            shard["sha256"], shard["bytes"] = sha256(content), len(content)
            name = shard["name"].encode()
            lines += b"%d %s %d %s\n" % (len(name), name, len(content), shard["sha256"].encode())
        manifest["fingerprint"] = sha256(lines)
    except UNREADABLE:
        return
    (corpus / "manifest.json").write_text(json.dumps(manifest))


def fitting_table(table):
    try:
        manifest = json.loads(content_of(table / "manifest.json"))
        for name in ("indices", "scores", "suitable"):
            manifest[f"{name}_sha256"] = sha256(content_of(table / f"{name}.npy"))
    except UNREADABLE:
        return
    (table / "manifest.json").write_text(json.dumps(manifest))


def sha256(content):
    return hashlib.sha256(content).hexdigest()
