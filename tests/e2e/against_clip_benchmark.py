#!/usr/bin/env python3
"""helip eval against clip_benchmark's own code and scikit-learn: the same small OpenCLIP model, the same data on disk.

    python against_clip_benchmark.py HELIP [--keep FOLDER]

Runs with the Python of scripts/setup.sh. The model has random weights; the images are coloured surfaces, made here. Expected:
  1. zero-shot accuracies, mean recall per class and recall@K are clip_benchmark's, to the last sample;
  2. the linear probe of its recipe is within half a point of its own, and L-BFGS of scikit-learn with the same sweep;
  3. images in folders of classes score as the same images in shards, and a suite as its data sets one by one;
  4. `clip_benchmark build` reads the files that helip writes;
  5. data sets of a suite that are missing are all named, or left out where that is asked.
clip_benchmark's retrieval has no equal captions, so helip's must be strict here.
"""
import argparse
import colorsys
import contextlib
import csv
import importlib
import inspect
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import types
import warnings

import numpy
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "inputs"))
from small_clip import SmallClip  # noqa: E402

CLASSES = [f"{shade} {colour}" for shade in ("bright", "dark") for colour in ("red", "yellow", "green", "cyan", "blue", "pink")]
TEMPLATES = ["a photo of {c}.", "{c}", "the {c} wall"]
SIZES = {"train": 1200, "val": 480, "test": 1500}
PAIRS = 400
RECALL_K = [1, 5, 10, 50]  # the model knows nothing: a large K finds something
STRICT = ("--equal-captions", "strict", "--recall-k", ",".join(map(str, RECALL_K)))
SHOTS, SEEDS = 16, 4
# What the probes may differ by: the recipes draw other samples and weights from a seed.
HALF_A_POINT = 0.005
SHOTS_APART = 0.015  # of the means over SEEDS; one seed's lies within about a point


def expect(condition, message):
    if not condition:
        sys.exit(f"against_clip_benchmark: {message}")


def read_clip_benchmark():
    """The modules of clip_benchmark. Its `build` imports what scores captions, which it does not use and we do not install; its
    accuracy() calls float() with an array of one element, which NumPy 2.4 refuses; its probe runs on GPUs alone."""
    for name in ("tokenizer.ptbtokenizer.PTBTokenizer", "bleu.bleu.Bleu", "meteor.meteor.Meteor", "rouge.rouge.Rouge",
                 "cider.cider.Cider", "spice.spice.Spice"):
        module = types.ModuleType("pycocoevalcap." + name.rsplit(".", 1)[0])
        setattr(module, name.rsplit(".", 1)[1], None)
        sys.modules[module.__name__] = module
    classification = importlib.import_module("clip_benchmark.metrics.zeroshot_classification")

    def accuracy(output, target, topk=(1,)):
        correct = output.topk(max(topk), 1, True, True)[1].t()
        correct = correct.eq(target.view(1, -1).expand_as(correct))
        return [correct[:k].sum().item() / len(target) for k in topk]

    classification.accuracy = accuracy
    source = inspect.getsource(importlib.import_module("clip_benchmark.metrics.linear_probe"))
    probe = types.ModuleType("clip_benchmark.metrics.linear_probe_on_cpu")
    probe.__package__ = "clip_benchmark.metrics"
    exec(source.replace("cuda", "cpu"), probe.__dict__)
    retrieval = importlib.import_module("clip_benchmark.metrics.zeroshot_retrieval")
    builder = importlib.import_module("clip_benchmark.datasets.builder")
    return types.SimpleNamespace(classification=classification, retrieval=retrieval, probe=probe, builder=builder,
                                 cli=importlib.import_module("clip_benchmark.cli"))


def picture(random, label):
    """A noisy surface of the class's colour; neighbouring hues overlap a little, so that no probe is right always."""
    hue = (label % 6) / 6 + random.normal(0, 0.035)
    colour = numpy.array(colorsys.hsv_to_rgb(hue % 1, 0.75, 1.0 if label < 6 else 0.55)) * 255
    pixels = numpy.clip(colour + random.normal(0, 40, size=(48, 48, 3)), 0, 255).astype(numpy.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write_shards(folder, samples, extension, shards=2):
    """samples: (image, text of the other member)."""
    folder.mkdir(parents=True)
    (folder / "nshards.txt").write_text(f"{shards}\n")
    for shard in range(shards):
        with tarfile.open(folder / f"{shard}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for number in range(shard * len(samples) // shards, (shard + 1) * len(samples) // shards):
                image, text = samples[number]
                for name, content in (("png", image), (extension, text.encode())):
                    member = tarfile.TarInfo(f"s{number:07}.{name}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))


def make_data(root):
    random = numpy.random.default_rng(1)
    for split, count in SIZES.items():
        # The classes are of unequal size, so that recall per class is not accuracy.
        share = numpy.arange(6, 6 + len(CLASSES))
        labels = random.choice(len(CLASSES), size=count, p=share / share.sum())
        images = [picture(random, label) for label in labels]
        write_shards(root / "colours" / split, [(image, str(label)) for image, label in zip(images, labels)], "cls")
        for number, (image, label) in enumerate(zip(images, labels)):
            folder = root / "folders" / split / f"{label:02} {CLASSES[label]}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number:07}.png").write_bytes(image)
        if split == "test":
            # One to three captions an image; the first is shared by all images of its class.
            texts = ["\n".join([CLASSES[label], f"wall {number}, {CLASSES[label]}", f"{number} times {CLASSES[label]}"][:1 + number % 3])
                     for number, label in enumerate(labels)]
            write_shards(root / "pairs" / split, list(zip(images, texts))[:PAIRS], "txt")
    (root / "pairs" / "dataset_type.txt").write_text("retrieval\n")
    for name in ("colours", "folders"):
        (root / name / "classnames.txt").write_text("\n".join(CLASSES) + "\n")
        (root / name / "zeroshot_classification_templates.txt").write_text("\n".join(TEMPLATES) + "\n")


class Batches(list):
    """The batches of a split, and what evaluate() reads of its data set."""

    def __init__(self, dataset):
        super().__init__(torch.utils.data.DataLoader(dataset.batched(64), batch_size=None, num_workers=0))
        self.dataset = dataset


class Theirs:
    def __init__(self, modules, clip, root):
        self.modules, self.clip, self.root = modules, clip, root

    def batches(self, name, split, task="zeroshot_classification"):
        return Batches(self.modules.builder.build_dataset(f"wds/{name}", root=str(self.root / name), split=split, task=task,
                                                          transform=self.clip.preprocess, download=False))

    @torch.no_grad()
    def zero_shot(self):
        batches = self.batches("colours", "test")
        return self.modules.classification.evaluate(self.clip.model, batches, self.clip.tokenizer, batches.dataset.classes,
                                                    batches.dataset.templates, "cpu", amp=False)

    @torch.no_grad()
    def retrieval(self):
        return self.modules.retrieval.evaluate(self.clip.model, self.batches("pairs", "test", "zeroshot_retrieval"), self.clip.tokenizer, "cpu",
                                               amp=False, recall_k_list=RECALL_K)

    def probe(self, folder, shots=-1, with_validation=True, seed=0):
        torch.manual_seed(seed)
        # Features are read from `folder` once they are there.
        known = (folder / "small").exists()
        train, val, test = ([] if known else self.batches("colours", split) for split in SIZES)
        with contextlib.redirect_stdout(io.StringIO()):
            return self.modules.probe.evaluate(self.clip.model, train, test, shots, 64, 0, 0.1, 10, "small", seed, str(folder), "cpu",
                                               val_dataloader=val if with_validation else None, amp=False)


def sweep_of_scikit_learn(features):
    """The CLIP paper's sweep with scikit-learn: 7 weights, then neighbours at half the distance down to 8 a decade."""
    x, y = {}, {}
    for split in SIZES:
        x[split] = features[split][0].astype(numpy.float64)
        y[split] = features[split][1]

    def fit(position, rows, labels):
        strength = 10 ** (-6 + position / 8)
        return LogisticRegression(C=1 / strength, tol=1e-6, max_iter=1000).fit(rows, labels)

    scores = {}

    def best(positions):
        for position in positions:
            if position not in scores:
                scores[position] = fit(position, x["train"], y["train"]).score(x["val"], y["val"])
        return max(positions, key=lambda position: (scores[position], position))

    peak = best(range(0, 97, 16))
    for step in (8, 4, 2, 1):
        peak = best([max(peak - step, 0), peak, min(peak + step, 96)])
    model = fit(peak, numpy.concatenate([x["train"], x["val"]]), numpy.concatenate([y["train"], y["val"]]))
    return model.score(x["test"], y["test"])


class Helip:
    def __init__(self, program, model, root, out):
        self.program, self.model, self.root, self.out = program, model, root, out

    def run(self, *words, code=0):
        done = subprocess.run([self.program, "eval", "--model", str(self.model), *map(str, words)], capture_output=True, text=True)
        expect(done.returncode == code, f"helip eval {' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr}")
        return done

    def metrics(self, name, task, *more):
        cache = self.out / "cache"
        done = self.run("--dataset", self.root / name, "--task", task, "--json", "-", "--threads", 1, "--feature-cache", cache, *more)
        return json.loads(done.stdout)["metrics"]


def check_equal(what, ours, theirs):
    print(f"{what}: {theirs}")
    for name, value in theirs.items():
        # Theirs are means in single precision; a sample more or less would be 6e-4.
        expect(abs(ours[name] - value) < 1e-6, f"{what}: {name} is {ours[name]}, theirs {value}")


def check_probe(what, ours, theirs, most):
    """ours, theirs: the metrics of each seed."""
    expect(set(ours[0]) == set(theirs[0]), f"{what}: keys {sorted(ours[0])}, theirs {sorted(theirs[0])}")
    for name in ("lp_acc1", "lp_acc5", "lp_mean_per_class_recall"):
        one, other = (sum(metrics[name] for metrics in each) / len(each) for each in (ours, theirs))
        print(f"{what}: {name} {one:.4f}, theirs {other:.4f}")
        expect(abs(one - other) <= most, f"{what}: {name} is {one}, theirs {other}")
    for name in ("epochs", "seed", "fewshot_k", "normalized"):
        expect(ours[0][name] == theirs[0][name], f"{what}: {name} is {ours[0][name]}, theirs {theirs[0][name]}")


def check_probes(helip, theirs, place):
    recipe, validation = ("--probe", "clip_benchmark"), ("--validation-split", "val")
    features = place / "probes"
    own = theirs.probe(features)
    check_probe("probe", [helip.metrics("colours", "linear_probe", *recipe, *validation)], [own], HALF_A_POINT)
    own = theirs.probe(features, with_validation=False)
    found = helip.metrics("colours", "linear_probe", *recipe)
    check_probe("probe without validation", [found], [own], HALF_A_POINT)
    expect(found["weight_decay"] == 0, "a weight decay was chosen without validation samples")
    check_probe(
        f"probe of {SHOTS} shots",
        [helip.metrics("colours", "linear_probe", *recipe, "--fewshot-k", SHOTS, "--probe-seed", seed) for seed in range(SEEDS)],
        [theirs.probe(features, shots=SHOTS, with_validation=False, seed=seed) for seed in range(SEEDS)], SHOTS_APART)

    files = {split: [torch.load(features / "small" / f"{part}_{split}.pt").numpy() for part in ("features", "targets")]
             for split in SIZES}
    logistic = sweep_of_scikit_learn(files)
    found = helip.metrics("colours", "linear_probe", *validation)
    print(f"probe of L-BFGS: {found['lp_acc1']:.4f}, scikit-learn {logistic:.4f}")
    expect(abs(found["lp_acc1"] - logistic) <= HALF_A_POINT, "the probe of L-BFGS is not scikit-learn's")


def check_build(modules, folder):
    """clip_benchmark build reads what helip wrote, and each value is the file's."""
    files = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    table = folder.parent / "benchmark.csv"
    sys.argv = ["clip_benchmark", "build", str(folder), "--output", str(table)]
    modules.cli.main()
    rows = {(row["dataset"], row["task"]): row for row in csv.DictReader(table.open())}
    expect(len(rows) == len(files) > 0, f"clip_benchmark build read {len(rows)} of {len(files)} files")
    for file in files:
        row = rows[file["dataset"], file["task"]]
        for name, value in file["metrics"].items():
            expect(row[name] == str(value), f"clip_benchmark build read {name} {row[name]}, not {value}")


def check_suite(helip, root, place):
    """Returns the folder of the results."""
    suite = place / "suite.yaml"
    suite.write_text("""eval:
  equal_captions: strict
  recall_k: [1, 5, 10, 50]
  probe: clip_benchmark
  datasets:
    - { name: colours, path: colours, tasks: [zero_shot, linear_probe], validation_split: val }
    - { name: absent, path: absent, tasks: [zero_shot], source: wds/absent }
    - { name: folders, path: folders, tasks: [zero_shot] }
    - { name: pairs, path: pairs, tasks: [retrieval] }
    - { name: gone, path: /no/such/folder, tasks: [retrieval] }
averages:
  - { name: both forms, datasets: [colours, folders] }
""")
    out, table = place / "scores", place / "table.json"
    words = ("--suite", suite, "--data-root", root, "--out", out, "--json", table)
    refused = helip.run(*words, "--workers", 2, code=2).stderr
    for part in ("2 of 5 data sets", str(suite), f"absent ({root / 'absent'}, from wds/absent)", "gone (/no/such/folder)", "--skip-missing"):
        expect(part in refused, f"'{part}' is not in: {refused}")
    expect(not out.exists() and not table.exists(), "something was written without the missing data sets")

    text = helip.run(*words, "--skip-missing", "--workers", 2).stdout
    expect("left out, not there: absent" in text and "left out, not there: gone" in text, text)
    found = json.loads(table.read_text())
    expect(found["left_out"] == ["absent", "gone"], found["left_out"])
    results = {(one["dataset"], one["task"]): one["metrics"] for one in found["results"]}
    expect(len(results) == 4, f"results of {list(results)}")
    validation = ("--validation-split", "val")
    for name, task, more in (("colours", "zero_shot", ()), ("folders", "zero_shot", ()),
                             ("pairs", "retrieval", STRICT),
                             ("colours", "linear_probe", ("--probe", "clip_benchmark", *validation))):
        long = {"zero_shot": "zeroshot_classification", "retrieval": "zeroshot_retrieval"}.get(task, task)
        expect(results[name, long] == helip.metrics(name, task, *more), f"{name} {task}: a suite gives other figures")
    means = {(mean["name"], mean["metric"]): mean for mean in found["averages"] if mean["task"] == "zeroshot_classification"}
    both = results["colours", "zeroshot_classification"]["acc1"]  # the same images in both
    expect(abs(means["both forms", "acc1"]["value"] - both) < 1e-12 and means["both forms", "acc1"]["datasets"] == 2, means)
    one = helip.run(*words, "--skip-missing", "--workers", 1).stdout
    expect(one == text, f"the number of workers changes the table: {one} {text}")
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("helip")
    parser.add_argument("--keep", type=pathlib.Path, help="a new folder that stays")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as temporary:
        place = arguments.keep or pathlib.Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        root = place / "data"
        make_data(root)
        modules = read_clip_benchmark()
        theirs = Theirs(modules, SmallClip(place / "model"), root)
        helip = Helip(arguments.helip, place / "model", root, place)

        zero_shot = theirs.zero_shot()
        expect(0.02 < zero_shot["acc1"] < 0.98, f"the zero-shot accuracy {zero_shot} tells nothing")
        check_equal("zero-shot", helip.metrics("colours", "zero_shot"), zero_shot)
        check_equal("zero-shot in folders of classes", helip.metrics("folders", "zero_shot"), zero_shot)
        check_equal("retrieval", helip.metrics("pairs", "retrieval", *STRICT), theirs.retrieval())
        check_probes(helip, theirs, place)
        check_build(modules, check_suite(helip, root, place))


if __name__ == "__main__":
    main()
