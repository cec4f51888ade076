"""The kinds of damaged inputs: each makes its input in a folder and says what is run on it."""

import json
import os
import shutil

import damage
import damaged_formats
from bench import write_tar
from damage import WORDS
from damaged_case import Case, any_file_of, as_word, changed_file
from damaged_commands import configurations, dry_run, options, settings, work_directories
from good_inputs import fitting_corpus, fitting_table


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
    how = changed_file(rng, file, damaged_formats.of_tar)
    if rng.random() < 0.3:
        return import_case(rng, place, f"{good.folder}/forty.tar::{file}", how)
    return import_case(rng, place, file, how)


def images(rng, good, place):
    """Eight damaged pictures and one good one in a tar."""
    members, hows = [], []
    for i in range(8):
        name = rng.choice(list(good.images))
        content, how = damaged_formats.of_picture(rng, good.images[name])
        hows.append(f"{name} {how}")
        members += [(f"{i}.{name.split('.')[-1]}", content), (f"{i}.txt", b"a picture")]
    members += [("good.png", good.images["png_rgb.png"]), ("good.txt", b"a good one")]
    return import_case(rng, place, write_tar(place / "a.tar", members), "; ".join(hows), "--max-left-out", "1")


def captions(rng, good, place):
    """Eight damaged captions and a good one in a tar."""
    members, hows = [], []
    for i in range(8):
        kind = rng.choice(["txt", "json", "json"])
        content, how = (
            damage.of_text(rng, "a caption with é and 🎉".encode())
            if kind == "txt"
            else damage.of_json(rng, b'{"caption": "words", "width": 640, "nested": {"a": [1, 2.5, null]}, "url": "http://x"}')
        )
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
    more = (
        ["--csv-separator", rng.choice([separator, separator, "tab", ",", "\\t", "::", "", "x" * 2000])]
        if rng.random() < 0.5
        else []
    )
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
        spelled = "::".join(
            rng.choice([spelled, f"{good.folder}/*.tar", f"{good.folder}/{{0..9}}.tar", "", "::", rng.choice(WORDS)])
            for _ in range(3)
        )
    return import_case(rng, place, as_word(spelled), f"shards {how}")


def corpora(rng, good, place):
    corpus = place / "corpus"
    shutil.copytree(good.corpus, corpus)
    how = any_file_of(rng, corpus, ["manifest.json", "index.npy", "00000.tar"])
    if rng.random() < 0.5:
        how += ", digests fit"
        fitting_corpus(corpus)
    kind = rng.choice(["check", "check", "check-json", "show", "stats", "import", "groups"])
    if kind in ("check", "check-json"):
        return Case(
            ["data", "check", corpus, "--threads", "2", *(["--json"] if kind == "check-json" else [])],
            how,
            is_json=kind == "check-json",
        )
    if kind == "show":
        return Case(["pairs", "show", good.table, "--corpus", corpus, "--target", "7"], how)
    if kind == "stats":
        return Case(["pairs", "stats", good.table, "--corpus", corpus], how)
    if kind == "import":
        return import_case(rng, place, corpus, how)
    return Case(
        [
            "mine", "--image-embeddings", good.rows, "--text-embeddings", good.rows, "--groups", corpus, "--k", "4", "--threads",
            "2", "--out", place / "out",
        ],
        how,
        outs=[place / "out"],
    )


def embeddings(rng, good, place):
    rows = place / "rows"
    shutil.copytree(good.rows, rows)
    how = any_file_of(rng, rows)
    if rng.random() < 0.2:
        name = rng.choice(
            [
                "img_emb_1.npy", "img_emb_00.npy", ".img_emb_1.npy", "img_emb_99999999999999999999.npy", "img_emb.npy",
                "x" * 240 + "_3.npy", "0.npy",
            ]
        )
        shutil.copy(good.rows / "img_emb/img_emb_0.npy", rows / "img_emb" / name)
        how += f"; {name[:30]}"
    if rng.random() < 0.3:
        return Case(["pairs", "stats", good.table, "--image-embeddings", rows, "--text-embeddings", rows], how)
    method = rng.choice(["exact", "fast", "index"])
    return Case(
        [
            "mine", "--image-embeddings", rows, "--text-embeddings", rows, "--k", "4", "--threads", "2", "--method", method,
            "--pool-size", "20", "--out", place / "out",
        ],
        how,
        outs=[place / "out"],
    )


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
        content, file = (good.model / "open_clip_model.safetensors").read_bytes(), place / rng.choice(
            ["in.safetensors", "in.bin"]
        )
    file.write_bytes(content)
    how = changed_file(rng, file, damaged_formats.of_safetensors if kind == "safetensors" else damaged_formats.of_zip)
    return Case(["convert", file, out, *more], f"{kind} {how}", outs=[out])


def architectures(rng, good, place):
    if rng.random() < 0.5:
        file = place / "architecture.json"
        shutil.copy(good.folder / "architecture.json", file)
        how = changed_file(rng, file, damage.of_json)
        return Case(
            ["convert", good.model / "open_clip_model.safetensors", place / "out", "--model", file], how, outs=[place / "out"]
        )
    model = place / "model"
    model.mkdir()
    kind = rng.choice(["locked_towers", "towers", "features", "slip"])
    tower = {
        "file": "image.ts",
        "sha256": "0" * 64,
        "feature_dim": 8,
        "preprocess": {"size": 16, "resize_mode": "squash", "interpolation": "bicubic", "mean": [0.5] * 3, "std": [0.5] * 3},
    }
    text = {
        "file": "text.ts",
        "sha256": "0" * 64,
        "feature_dim": 8,
        "tokenizer": {"kind": "wordpiece", "file": "vocab.txt", "sha256": "0" * 64, "context_length": 8},
    }
    config = {
        "format": "helip_model/1",
        "kind": kind,
        "embed_dim": 8,
        "heads": {"hidden": 8, "dropout": 0.2},
        "image_tower": tower,
        "text_tower": text,
    }
    if kind == "towers":
        tower["train"] = "from:layer4"
    elif kind == "features":
        config |= {
            "corpus_fingerprint": "0" * 64,
            "image_tower": {"features": str(good.rows / "img_emb"), "sha256": "0" * 64, "feature_dim": 8},
            "text_tower": {"features": str(good.rows / "text_emb"), "sha256": "0" * 64, "feature_dim": 8},
        }
    elif kind == "slip":
        config |= {
            "image_tower": {"image_size": 16, "patch_size": 8, "width": 8, "layers": 1, "heads": 2},
            "text_tower": {"context_length": 8, "vocab_size": 50, "width": 8, "heads": 2, "layers": 1},
            "ssl_head": {"hidden": 8, "embed_dim": 8},
        }
    (model / "helip_model.json").write_text(json.dumps(config))
    for name in ("image.ts", "text.ts", "vocab.txt"):
        (model / name).write_bytes(b"x")
    how = f"{kind} {any_file_of(rng, model, ['helip_model.json'])}"
    if rng.random() < 0.3:
        return Case(["convert", model, place / "out.pt"], how, outs=[place / "out.pt"])
    return dry_run(
        place, good.folder / "job.yaml", how, "--set", f"model.architecture={model}", "--set", "model.trust_torchscript=true",
        "--set", "eval.datasets=[]",
    )


def index_stages(rng, good, place):
    """The stage that reads the corpus, on a damaged corpus or in a damaged work directory."""
    tar = place / "a.tar"
    shutil.copy(good.tar, tar)
    how = changed_file(rng, tar, damaged_formats.of_tar)
    return Case(
        [
            "run", "--config", good.folder / "job.yaml", "--until", "index", "--work-dir", place / "work", "--set",
            f"corpus.path={tar}",
        ],
        how,
        resumable=[place / "work"],
        engine=True,
    )


def resumed_stages(rng, good, place):
    """The same job again, in a work directory of which a file is damaged."""
    work = place / "work"
    good.run("run", "--config", good.folder / "job.yaml", "--until", "index", "--work-dir", work)
    how = any_file_of(rng, work, ["state.db", "config.yaml", "location.txt", "status.json"])
    return Case(
        ["run", "--config", good.folder / "job.yaml", "--until", "index", "--work-dir", work], how, resumable=[work], engine=True
    )


def evaluation_sets(rng, good, place):
    """Checked by a dry run; the engine reads a few of them."""
    data = place / "set"
    shutil.copytree(good.dataset, data)
    how = any_file_of(rng, data, ["classnames.txt", "0.tar", "nshards.txt", "zeroshot_classification_templates.txt"])
    return dry_run(
        place,
        good.folder / "job.yaml",
        how,
        "--set",
        f"eval.datasets=[{{name: set, path: {data}, tasks: [zero_shot, retrieval]}}]",
    )


def evaluations(rng, good, place):
    data = place / "set"
    shutil.copytree(good.dataset, data)
    how = any_file_of(rng, data, ["classnames.txt", "0.tar", "nshards.txt", "zeroshot_classification_templates.txt"])
    return Case(
        [
            "eval", "--model", good.clip, "--dataset", data, "--task", rng.choice(["zero_shot", "retrieval"]), "--threads", "1",
            "--json", place / "out.json",
        ],
        how,
        outs=[place / "out.json"],
        engine=True,
    )


def embedded(rng, good, place):
    """A corpus of damaged pictures and captions, or a damaged model, in `helip embed`."""
    kind = rng.choice(["samples", "samples", "tar", "model"])
    tar, model = place / "a.tar", good.clip
    members, hows = [], []
    for i in range(16):
        name = rng.choice(list(good.images))
        content, how = damaged_formats.of_picture(rng, good.images[name]) if kind == "samples" else (good.images[name], "")
        caption, _ = damage.of_text(rng, "a caption with é".encode()) if kind == "samples" else (b"words", "")
        hows.append(f"{name} {how}")
        members += [(f"{i}.{name.split('.')[-1]}", content), (f"{i}.txt", caption)]
    write_tar(tar, members + [("good.png", good.images["png_rgb.png"]), ("good.txt", b"a good one")])
    how = "; ".join(hows) if kind == "samples" else ""
    if kind == "tar":
        how = changed_file(rng, tar, damaged_formats.of_tar)
    elif kind == "model":
        model = place / "model"
        shutil.copytree(good.clip, model)
        how = any_file_of(rng, model)
    return Case(
        ["embed", "--model", model, "--corpus", tar, "--out", place / "out", "--threads", "1"],
        f"{kind} {how}",
        outs=[place / "out"],
        engine=True,
    )


# (kind, its share of the inputs, how many inputs one start holds)
KINDS = [
    (tars, 12, 1), (images, 5, 8), (captions, 3, 8), (tables, 8, 1), (folders, 5, 1), (shard_lists, 4, 1), (corpora, 10, 1),
    (embeddings, 10, 1), (hard_pairs, 8, 1), (checkpoints, 14, 1), (architectures, 7, 1), (configurations, 10, 1),
    (settings, 14, 1), (options, 16, 1), (work_directories, 8, 1), (evaluation_sets, 4, 1),
]
ENGINE_KINDS = [(embedded, 3, 16), (evaluations, 2, 1), (index_stages, 1, 1), (resumed_stages, 1, 1)]
