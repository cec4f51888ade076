"""What cannot work is refused: one line that says what, where, expected and found, and the right exit code."""

import shutil
import time

from job_control import expect, main


def refused(bench, code, words, work, *more):
    _, stderr = bench.run(work, *more, code=code)
    line = [line for line in stderr.splitlines() if line.startswith("error: ")]
    expect(line, f"no line \"error: …\" in: {stderr}")
    for word in words:
        expect(word in line[-1], f"\"{word}\" is not in: {line[-1]}")


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
