"""What cannot work is refused: one line that says what, where, expected and found, and the right exit code."""

import io
import shutil
import tarfile
import time

from job_control import expect, main


def refused(bench, code, words, work, *more):
    """Returns the lines that begin with "error: "."""
    _, stderr = bench.run(work, *more, code=code)
    line = [line for line in stderr.splitlines() if line.startswith("error: ")]
    expect(line, f"no line \"error: …\" in: {stderr}")
    for word in words:
        expect(word in line[-1], f"\"{word}\" is not in: {line[-1]}")
    return line


def write_data_set_without_images(folder):
    """A data set in clip_benchmark's layout whose image is none, which is seen when it is scored."""
    (folder / "dev").mkdir(parents=True)
    (folder / "dev" / "nshards.txt").write_text("1\n")
    (folder / "classnames.txt").write_text("cat\ndog\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a {c}\n")
    with tarfile.open(folder / "dev" / "0.tar", "w") as tar:
        for name, content in (("0.cls", b"1"), ("0.png", b"no image")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def training_ends_at_once(bench):
    """What only training finds, all ranks or rank 0 alone, ends the job at its first attempt with one line, whichever rank
    reports it first."""
    held_out = bench.fresh("held-out-without-images")
    write_data_set_without_images(held_out)
    cases = ((2, ["train.lock_image=true", "train.lock_text=true"], ["train.lock_image, train.lock_text"]),
             (1, [f"scores.datasets=[{{name: d, path: {held_out}, tasks: [zero_shot], split: dev}}]", "scores.every_steps=5"],
              ["an image of the data set cannot be used", "dev 0"]))
    for workers in (1, 2):
        for code, changes, words in cases:
            work = bench.fresh("refused-in-training")
            options = [option for pair in [f"launcher.workers={workers}", *changes] for option in ("--set", pair)]
            lines = refused(bench, code, ["task train/", "failed after 1 attempt;", *words], work, *options)
            expect(len(lines) == 1, f"more than one line: {lines}")
            log = "".join(log.read_text(errors="replace") for log in work.glob("logs/*.log"))
            expect("starting again" not in log and "attempt 2" not in log, f"training was tried again\n{log[-3000:]}")


def test(bench, _):
    refused(bench, 2, ["mining.hard_pairs_per_target"], bench.reference, "--set", "mining.hard_pairs_per_target=7")
    refused(bench, 2, ["--until", "sleep"], bench.fresh("refused"), "--until", "sleep")
    refused(bench, 2, ["coordinator.listen", "--insecure-network"], bench.fresh("refused"), "--set",
            "coordinator.listen=0.0.0.0:0")

    # More hard pairs than there are candidates is seen as soon as the corpus is counted.
    work = bench.fresh("refused")
    refused(bench, 2, ["mining.hard_pairs_per_target", "5000"], work, "--set", "mining.hard_pairs_per_target=5000")
    expect(not any((work / "tasks").glob("encode/*")), "pairs were encoded that could not be mined")

    # Embeddings that encode did not write.
    work = bench.fresh("other-embeddings")
    bench.run(work, "--until", "encode", code=0)
    array = next(work.glob("embeddings/*/img_emb/img_emb_0.npy"))
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(content)
    refused(bench, 1, ["embeddings are not the ones that encode wrote", "expected", "found"], work)

    # A shard cut off in the middle.
    corpus = bench.fresh("cut-corpus")
    shutil.copytree(bench.job.parent / "corpus", corpus)
    shard = max(corpus.rglob("*.tar"), key=lambda tar: tar.stat().st_size)
    with open(shard, "r+b") as tar:
        tar.truncate(shard.stat().st_size // 2)
    began = time.monotonic()
    refused(bench, 1, ["task ", shard.name, "expected", "found"], bench.fresh("refused"), "--set", f"corpus.path={corpus}")
    # A failed job ends at once: nobody waits for workers that have left.
    expect(time.monotonic() - began < 15, f"a job that failed took {time.monotonic() - began:.0f} s to end")

    training_ends_at_once(bench)

    # Weights replaced under a job that has begun: two models must not mix.
    weights = bench.fresh("weights") / "model.safetensors"
    weights.parent.mkdir(parents=True)
    newest = sorted(bench.reference.glob("checkpoints/step-*"))
    shutil.copy(newest[0] / "model.safetensors", weights)
    work = bench.fresh("other-weights")
    options = ["--until", "encode", "--set", f"model.init={weights}"]
    bench.run(work, *options, code=0)
    shutil.copy(newest[-1] / "model.safetensors", weights)
    refused(bench, 2, ["initial model", "model.init", "expected", "found"], work, *options)

    # No shard at all is seen before anything starts.
    shard.unlink()
    refused(bench, 2, ["corpus.path", shard.name], bench.fresh("refused"), "--set", f"corpus.path={corpus}")


main(test)
