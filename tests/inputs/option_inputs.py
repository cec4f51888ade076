"""Options, configurations and surroundings: each line is short, printable and says what to do; what a job needs is asked first."""

import json
import os
import shutil
import socket

from bench import samples, write_tar
from model_inputs import Classes


def is_plain(text):
    return all(len(line.encode()) <= 500 and line.isprintable() for line in text.splitlines())


def messages(bench):
    place = bench.place("messages")
    tar = write_tar(place / "a.tar", samples(3))
    long = "x" * 5000
    data = bench.shared["clip"].folder
    for name, words in (
        ("a path of 5,000 bytes", ["data", "import", f"/{long}.tar", "--out", place / "o"]),
        ("a name of 5,000 bytes", ["data", "import", tar, "--out", place / long]),
        (
            "a number of 300 digits",
            ["mine", "--image-embeddings", place, "--text-embeddings", place, "--out", place / "o", "--k", "9" * 300],
        ),
        ("escape codes in a value", ["data", "import", "\x1b[31mred\x1b[0m.tar", "--out", place / "o"]),
        ("a value that is no UTF-8", ["eval", "--model", data, "--dataset", os.fsdecode(b"\xff\xfe\x80"), "--task", "zero_shot"]),
        ("marks that change the direction of writing", ["convert", "\u202egnp.tp", place / "o"]),
        ("an empty value", ["data", "import", "", "--out", place / "o"]),
        ("an option that does not exist", ["embed", "--modle", data, "--corpus", tar, "--out", place / "o"]),
        ("a command that does not exist", ["data", "imprt", tar]),
        ("a missing option", ["data", "import", tar]),
        (
            "a number where a word should be",
            ["mine", "--image-embeddings", place, "--text-embeddings", place, "--out", place / "o", "--method", "3"],
        ),
        ("a word where a number should be", ["data", "import", tar, "--out", place / "o", "--threads", "many"]),
        ("a setting without its value", ["run", "--config", place / "none.yaml", "--set", "train.lr"]),
    ):
        outcome = bench.helip(*words)
        empty = any(f"{word} ;" in outcome.text or outcome.text.rstrip().endswith(word) for word in ("expected", "found"))
        bench.judge(
            f"{name}: one short printable line",
            outcome.code in (1, 2)
            and len(outcome.errors) == 1
            and is_plain(outcome.text)
            and not empty
            and "filesystem error" not in outcome.text,
            "one line of at most 500 bytes",
            outcome,
        )
    outcome = bench.helip("data", "import", place / "none.tar", "--out", place / "o")
    bench.expect_refusal("a shard that is not there is named", outcome, ["none.tar"])
    outcome = bench.helip("data", "import", tar, "--out", tar)
    bench.expect_refusal("an output that exists is named", outcome, ["a.tar", "exists"])
    outcome = bench.helip("data", "import", tar, "--out", tar / "below")
    bench.expect_refusal("an output below a file is refused without a raw error of the system", outcome, ["a.tar"])


def job(bench, place, **changes):
    """A configuration that a dry run accepts, with changes by key."""
    if "job_corpus" not in bench.shared:
        folder = bench.place("job-corpus")
        bench.data_import(write_tar(folder / "a.tar", samples(12)), folder / "corpus")
        bench.shared["job_corpus"] = folder / "corpus"
    clip = bench.shared["clip"].folder
    keys = {
        "corpus.path": bench.shared["job_corpus"], "model.architecture": clip, "model.init": clip, "train.steps": 2,
        "train.seeds_per_batch": 2, "train.hard_pairs_per_seed": 1, "mining.hard_pairs_per_target": 2, "launcher.workers": 1,
        "encoder.batch_size": 4, "encoder.task_samples": 4, "output.work_dir": place / "work", **changes,
    }
    file = place / "job.yaml"
    file.write_text(
        "eval: {datasets: []}\n"
        if "eval.datasets" not in keys
        else f"eval: {{datasets: {json.dumps(keys.pop('eval.datasets'))}}}\n"
    )
    return [word for key, value in keys.items() for word in ("--set", f"{key}={value}")], file


def dry_run(bench, place, variables=None, **changes):
    settings, file = job(bench, place, **changes)
    return bench.helip("run", "--config", file, "--dry-run", *settings, variables=variables)


def found_early(bench):
    place = bench.place("early")
    bench.expect_equal("a whole configuration passes the dry run", 0, (outcome := dry_run(bench, place)).code, outcome)
    data = Classes(bench.shared["clip"], place / "set")

    def evaluated(tasks=("zero_shot",), **more):
        return {"eval.datasets": [{"name": "set", "path": str(data.folder), "tasks": list(tasks), **more}]}

    outcome = dry_run(bench, place, **evaluated())
    bench.expect_equal("a whole evaluation set passes the dry run", 0, outcome.code, outcome)
    (data.folder / "zeroshot_classification_templates.txt").unlink()
    bench.expect_refusal(
        "missing templates are found by the dry run",
        dry_run(bench, place, **evaluated()),
        ["zeroshot_classification_templates.txt"],
    )
    data.write()
    (data.folder / "classnames.txt").unlink()
    bench.expect_refusal("missing class names are found by the dry run", dry_run(bench, place, **evaluated()), ["classnames.txt"])
    data.write()
    data.names("only one\n")
    bench.expect_refusal(
        "labels beyond the class names are found by the dry run", dry_run(bench, place, **evaluated()), ["classnames.txt"]
    )
    data.write(skip_label={2})
    bench.expect_refusal("a sample without a label is found by the dry run", dry_run(bench, place, **evaluated()), ["s02"])
    data.write(captions=True, skip_caption={4})
    bench.expect_refusal(
        "a sample without a caption is found by the dry run", dry_run(bench, place, **evaluated(["retrieval"])), ["s04"]
    )
    data.write()
    bench.expect_refusal(
        "a missing split is found by the dry run", dry_run(bench, place, **evaluated(split="validation")), ["validation"]
    )
    bench.expect_refusal(
        "a probe without its train split is found by the dry run", dry_run(bench, place, **evaluated(["linear_probe"])), ["train"]
    )
    (data.folder / "test/0.tar").unlink()
    bench.expect_refusal(
        "a missing shard of an evaluation set is found by the dry run", dry_run(bench, place, **evaluated()), ["0.tar"]
    )
    (place / "file").write_text("in the way")
    outcome = dry_run(bench, place, **{"output.work_dir": place / "file/work"})
    bench.expect_refusal("a work directory that cannot be made is found by the dry run", outcome, [str(place / "file")])
    outcome = dry_run(bench, place, **{"output.work_dir": "/proc/helip-work"})
    bench.expect_refusal("a work directory where nothing can be written is found by the dry run", outcome, ["/proc"])
    bench.judge("a dry run leaves nothing behind", not (place / "work").exists(), "no work directory", "one")


def surroundings(bench):
    place = bench.place("around")
    tools = place / "tools"
    tools.mkdir()
    for name in ("sh", "uname", "nproc", "hostname"):
        if shutil.which(name):
            (tools / name).symlink_to(shutil.which(name))
    outcome = dry_run(bench, place, variables={"PATH": str(tools)})
    bench.expect_refusal("a missing mpirun is found by the dry run", outcome, ["mpirun"])
    nested = {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "1", "PMIX_RANK": "1", "PMIX_NAMESPACE": "prterun-1"}
    outcome = bench.helip("doctor", variables=nested)
    bench.judge(
        "doctor names what an outer mpirun left behind",
        "OMPI_" in outcome.text or "PMIX_" in outcome.text,
        "OMPI_ or PMIX_",
        outcome.text,
    )
    elsewhere = {
        "SLURM_JOB_ID": "4242",
        "SLURM_JOB_NODELIST": "node[07-08]",
        "SLURM_NTASKS": "2",
        "SLURMD_NODENAME": "node07",
        "SLURM_NNODES": "2",
    }
    outcome = bench.helip("doctor", variables=elsewhere)
    bench.judge(
        f"doctor names variables of a Slurm job that does not hold this host ({socket.gethostname()})",
        "SLURM_" in outcome.text,
        "SLURM_…",
        outcome.text,
    )
    outcome = bench.helip("status", "--work-dir", place / "nowhere")
    bench.expect_refusal("status of a work directory that is not there ends with 3", outcome, ["nowhere"], codes=(3,))


GROUPS = [messages, found_early, surroundings]
