"""A finished training takes another `eval` section: evaluation and report are done again, nothing else is; a kill in between
loses nothing; what would change the trained model is refused, also by --dry-run."""

import io
import json
import pathlib
import shutil
import tarfile

from job_control import digest, expect, kill_all, main, wait_until

SHORT = ["--set", "train.steps=4", "--set", "train.checkpoint_steps=4"]


def recalls(work):
    """The K of all recall@K in results.json."""
    results = json.loads((work / "results.json").read_text())
    return {int(metric.split("@")[1]) for entry in results for metric in entry["metrics"] if "@" in metric}


def untouched(work):
    """What evaluation must leave alone: name → digest and time of the last change."""
    files = [*work.glob("model/*"), *work.glob("hard_pairs/1/*"), *work.glob("embeddings/*/*/*"), *work.glob("checkpoints/*/*"),
             *work.glob("corpus/*"), *(file for stage in ("index", "encode", "mine", "train")
                                       for file in work.glob(f"tasks/{stage}/*")), work / "metrics.jsonl"]
    return {str(file): (digest(file), file.stat().st_mtime_ns) for file in files if file.is_file()}


def halve(split):
    """Leaves every second pair of a split of one tar."""
    with tarfile.open(split / "0.tar") as tar:
        members = [(member, tar.extractfile(member).read()) for member in tar if member.isfile()]
    keys = sorted({pathlib.PurePath(member.name).stem for member, _ in members})[::2]
    with tarfile.open(split / "0.tar", "w") as tar:
        for member, content in members:
            if pathlib.PurePath(member.name).stem in keys:
                tar.addfile(member, io.BytesIO(content))


def test(bench, _):
    work = bench.fresh("evaluation-again")
    bench.run(work, *SHORT)
    before = untouched(work)
    expect(len(before) > 20, f"too few files are compared: {list(before)}")
    expect(recalls(work) == {1, 5, 10}, f"recall at {recalls(work)}")
    page = digest(work / "report/index.html")

    _, stderr = bench.run(work, *SHORT, "--set", "eval.recall_k=[3]")
    said = [line for line in stderr.splitlines() if "done again: eval and report" in line]
    expect(len(said) == 1 and "eval.recall_k was [1, 5, 10], is [3]" in said[0], f"not said once what changed: {stderr}")
    expect(recalls(work) == {3}, f"recall at {recalls(work)} after a change to 3")
    expect(digest(work / "report/index.html") != page, "the report is the former one")
    expect(untouched(work) == before, "more than the evaluation was done again")

    # Killed after the former figures have gone, before the new ones are there.
    process = bench.start(work, *SHORT, "--set", "eval.recall_k=[4]")
    wait_until(lambda: not (work / "results.json").exists(), "the former results to go", process)
    kill_all(work)
    process.wait()
    bench.run(work, *SHORT, "--set", "eval.recall_k=[4]")
    expect(recalls(work) == {4}, f"recall at {recalls(work)} after a change to 4 and a kill")
    expect(untouched(work) == before, "more than the evaluation was done again after a kill")
    stdout, _ = bench.run(work, *SHORT, "--set", "eval.recall_k=[4]")
    expect("nothing to do" in stdout, f"a finished job was not finished: {stdout}")

    # Other files at the same path: of half the pairs each caption is found more easily.
    other = bench.folder / "heldout-again"
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(bench.job.parent / "heldout", other)
    moved = [*SHORT, "--set", f"eval.datasets=[{{name: heldout, path: {other}, tasks: [retrieval], split: test}}]"]
    bench.run(work, *moved)
    figures = (work / "results.json").read_bytes()
    stdout, _ = bench.run(work, *moved)
    expect("nothing to do" in stdout, f"the same files were scored again: {stdout}")
    halve(other / "test")
    _, stderr = bench.run(work, *moved)
    expect("done again: eval and report; the trained model stays: other files than before: heldout" in stderr,
           f"not said which data set has changed: {stderr}")
    expect((work / "results.json").read_bytes() != figures, "the figures are those of the former files")
    expect(untouched(work) == before, "more than the evaluation was done again for other files")

    for more in ([], ["--dry-run"]):
        _, stderr = bench.run(work, *SHORT, "--set", "train.lr=0.01", *more, code=2)
        expect("train.lr" in stderr and "expected 5e-04; found 0.01" in stderr, f"not said which key differs: {stderr}")


main(test)
