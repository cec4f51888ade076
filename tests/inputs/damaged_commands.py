"""Damaged configurations, settings, options and work directories."""

import json
import shutil

import damage
from damage import READ_WORDS, WORDS
from damaged_case import Case, any_file_of, as_word, changed_file
from good_inputs import fitting_table


def dry_run(place, config, how, *more):
    return Case(["run", "--config", config, "--dry-run", "--work-dir", place / "work", *more], how, resumable=[place / "work"])


def configurations(rng, good, place):
    file = place / "job.yaml"
    shutil.copy(good.folder / "job.yaml", file)
    how = changed_file(rng, file, damage.of_text)
    if file.is_file() and rng.random() < 0.15:
        how = "yaml aliases"
        file.write_text(
            "a0: &a0 [x, x]\n"
            + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
            + file.read_text(errors="replace")
        )
    if rng.random() < 0.3:
        return Case(
            [
                "--config",
                file,
                "--work-dir",
                place / "work",
                "--listen",
                rng.choice([word for word in WORDS[:40] if word] + ["0.0.0.0:0", "127.0.0.1:99999", "nohost.invalid:1"]),
            ],
            how,
            program="helip_coordinator",
            resumable=[place / "work"],
        )
    return dry_run(place, file, how)


def settings(rng, good, place):
    """Replaces values of --set, or the whole assignment, by other words."""
    keys = [
        "corpus.path", "corpus.max_quarantined", "corpus.max_pixels", "corpus.csv_separator", "model.architecture", "model.init",
        "model.init_seed", "model.tokenizer", "model.name", "encoder.source", "encoder.batch_size", "encoder.task_samples",
        "encoder.image_embeddings", "encoder.feature_cache", "mining.method", "mining.hard_pairs_per_target", "mining.pool_size",
        "mining.image_floor", "mining.duplicate_ceiling", "mining.absolute_margin", "mining.per_group", "mining.hub_cap",
        "mining.task_targets", "mining.task_seconds", "mining.scratch", "train.steps", "train.epochs", "train.lr",
        "train.seeds_per_batch", "train.hard_pairs_per_seed", "train.warmup", "train.precision", "train.seed", "train.repeats",
        "train.checkpoint_steps", "train.crop_scale", "train.range_min", "train.range_max", "train.accum_freq",
        "train.loader_threads", "train.collective_timeout_seconds", "remine.every_steps", "remine.workers", "scores.datasets",
        "scores.every_steps", "early_stop.metric", "early_stop.patience", "loss.margin_weight", "loss.margin_direction",
        "slip.ssl_weight", "eval.datasets", "eval.recall_k", "eval.batch_size",
        "coordinator.listen", "coordinator.lease_seconds", "coordinator.max_attempts", "launcher.kind", "launcher.workers",
        "launcher.hosts", "launcher.mpirun_args", "output.work_dir", "output.gallery_targets", "eval.datasets[0].path", "eval",
        "", "train.",
    ]
    more, hows = [], []
    for _ in range(rng.choice([1, 1, 2])):
        key = rng.choice(keys)
        word = rng.choice(READ_WORDS if key.startswith(("corpus.", "model.")) else WORDS)
        hows.append(f"{key}={word[:30]!r}")
        more += ["--set", as_word(rng.choice([f"{key}={word}", f"{key}={word}", f"{key}={word}", word, f"{key}{word}"]))]
    return dry_run(place, good.folder / "job.yaml", "; ".join(hows), *more)


OPTIONS = {
    "data import": (
        ["{tar}", "--out", "{out}"],
        [
            "--max-side", "--background", "--samples-per-shard", "--threads", "--caption-key", "--csv-separator",
            "--csv-img-key", "--max-left-out", "--max-pixels", "--max-image-bytes", "--max-decode-seconds", "--out",
        ],
    ),
    "data check": (["{corpus}"], ["--threads", "--max-pixels", "--max-image-bytes", "--max-decode-seconds"]),
    "mine": (
        ["--image-embeddings", "{rows}", "--text-embeddings", "{rows}", "--out", "{out}", "--k", "4"],
        [
            "--method", "--k", "--pool-size", "--pool-refresh-targets", "--index", "--index-lists", "--index-probes",
            "--index-recall", "--image-floor", "--text-floor", "--duplicate-ceiling", "--metric", "--min-score", "--max-score",
            "--absolute-margin", "--relative-margin", "--hub-cap", "--groups", "--seed", "--threads", "--device",
            "--instruction-set", "--scratch", "--image-embeddings", "--out",
        ],
    ),
    "pairs stats": (["{table}"], ["--corpus", "--image-embeddings", "--text-embeddings"]),
    "pairs show": (["{table}", "--corpus", "{corpus}", "--target", "3"], ["--target", "-n", "--corpus"]),
    "pairs export": (["{table}", "--format", "csv", "--out", "{out}"], ["--format", "--out"]),
    "pairs compare": (["{table}", "{table}"], ["--json"]),
    "convert": (["{model}", "{out}"], ["--model", "--precision"]),
    "embed": (
        ["--model", "{model}", "--corpus", "{corpus}", "--out", "{corpus}"],
        [
            "--model", "--corpus", "--caption-key", "--source", "--batch-size", "--feature-cache", "--device", "--threads",
            "--model-config",
        ],
    ),
    "eval": (
        ["--model", "{corpus}", "--dataset", "{dataset}", "--task", "zero_shot"],
        [
            "--model", "--dataset", "--task", "--split", "--validation-split", "--json", "--out", "--recall-k", "--equal-captions",
            "--probe", "--probe-l2", "--fewshot-k", "--probe-seed", "--batch-size", "--device", "--threads", "--suite", "--workers",
        ],
    ),
    "report": (["{place}"], ["--compare", "--out"]),
    "status": (["--work-dir", "{work}"], ["--work-dir", "--watch", "--coordinator"]),
    "run": (
        ["--config", "{config}", "--dry-run", "--work-dir", "{place}/work"],
        ["--config", "--work-dir", "--workers", "--until", "--set"],
    ),
    "doctor": ([], ["--json", "--what"]),
    "helip_worker": (["--orphan-timeout", "0.1", "--coordinator", "127.0.0.1:1"], ["--coordinator", "--work-dir", "--stages"]),
    "helip_coordinator": (
        ["--config", "{config}", "--work-dir", "{place}/work", "--listen", "nonsense"],
        ["--config", "--listen", "--launch", "--until", "--set", "--work-dir"],
    ),
}


def options(rng, good, place):
    command = rng.choice(list(OPTIONS))
    words, names = OPTIONS[command]
    places = {
        "tar": good.tar, "out": place / "out", "corpus": good.corpus, "rows": good.rows, "table": good.table,
        "model": good.model, "dataset": good.dataset, "place": place, "work": good.work, "config": good.folder / "job.yaml",
    }
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
    return Case(
        words if is_program else [*command.split(), *words],
        f"{command} {how}: {word[:40]!r}",
        program=command if is_program else "helip",
        resumable=[out, place / "out.import", place / "work"],
        is_json=b"--json" in words or any(one.startswith(b"--json") for one in words),
    )


def work_directories(rng, good, place):
    work = place / "work"
    shutil.copytree(good.work, work)
    (work / "status.json").write_text(
        json.dumps(
            {
                "schema_version": 1, "state": "failed", "stage": "train", "eta_seconds": None, "elapsed_seconds": 12.5,
                "quarantined": 1, "stages": [], "train": None, "workers": [], "failure": "task train/seed-1: a cause",
                "work_dir": str(work), "config_digest": "0" * 64, "saved_at": 1.5,
            }
        )
    )
    (work / "coordinator").mkdir()
    (work / "coordinator/address").write_text("127.0.0.1:1\n")
    how = any_file_of(rng, work, ["config.yaml", "results.json", "metrics.jsonl", "status.json"])
    fitting_table(work / "hard_pairs/1")
    kind = rng.choice(["report", "report", "compare", "status", "status-json", "dry-run"])
    if kind == "report":
        return Case(["report", work], how, resumable=[work / "report"])
    if kind == "compare":
        return Case(
            ["report", *rng.sample([work, good.work], 1), "--compare", work, "--out", place / "page.html"],
            how,
            resumable=[work / "report", good.work / "report"],
        )
    if kind == "dry-run":
        return Case(["run", "--config", good.folder / "job.yaml", "--dry-run", "--work-dir", work], how, resumable=[work])
    return Case(
        ["status", "--work-dir", work, *(["--json"] if kind == "status-json" else [])], how, is_json=kind == "status-json"
    )
