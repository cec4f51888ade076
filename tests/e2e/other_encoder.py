"""Ready embeddings, and another model, encode instead of the model that is tuned."""

import subprocess

from job_control import digest, expect, expect_same_table, expect_same_training, main, table_digests


def test(bench, _):
    # The reference's own embeddings, given as ready ones: the same hard pairs, the same training.
    (embeddings,) = (bench.reference / "embeddings").iterdir()
    ready = bench.fresh("ready-embeddings")
    bench.run(ready, "--set", "encoder.source=npy", "--set", f"encoder.image_embeddings={embeddings}",
              "--set", f"encoder.text_embeddings={embeddings}")
    expect_same_table(bench, ready)
    expect_same_training(bench, ready)
    expect(not (ready / "embeddings").exists(), "ready embeddings were copied")

    # Changed embeddings are another job's.
    changed = bench.folder / "changed-embeddings"
    subprocess.run(["rm", "-rf", str(changed)], check=True)
    subprocess.run(["cp", "-r", str(embeddings), str(changed)], check=True)
    options = ["--set", "encoder.source=npy", "--set", f"encoder.image_embeddings={changed}",
               "--set", f"encoder.text_embeddings={embeddings}"]
    work = bench.fresh("changed-embeddings-job")
    bench.run(work, "--until", "encode", *options)
    file = changed / "img_emb" / "img_emb_0.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    _, stderr = bench.run(work, "--until", "mine", *options, code=2)
    expect("another one than when this job began" in stderr, f"changed embeddings: {stderr}")

    # The tuned model of the reference as encoder: what `helip embed` and `helip mine` make of it.
    work = bench.fresh("other-encoder")
    model = bench.reference / "model"
    bench.run(work, "--until", "mine", "--set", f"encoder.model={{architecture: {model}, init: {model}, name: tuned}}")
    alone = bench.fresh("other-encoder-alone")
    alone.mkdir()
    for command in (["embed", "--model", str(model), "--corpus", str(bench.job.parent / "corpus"), "--out", str(alone / "embeddings"),
                     "--batch-size", "16", "--threads", "1"],
                    ["mine", "--image-embeddings", str(alone / "embeddings"), "--text-embeddings", str(alone / "embeddings"),
                     "--groups", str(bench.job.parent / "corpus"), "--k", "8", "--out", str(alone / "table")]):
        done = subprocess.run([bench.program("helip"), *command], capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f"helip {command[0]}: exit {done.returncode}\n{done.stderr}")
    for file in ("img_emb/img_emb_0.npy", "text_emb/text_emb_0.npy"):
        expect(digest(work / "embeddings/tuned" / file) == digest(alone / "embeddings" / file), f"{file} differs from helip embed's")
    for name, value in table_digests(work).items():
        expect(value == digest(alone / "table" / name), f"{name} differs from helip mine's")
    expect(table_digests(work) != table_digests(bench.reference), "the encoder made no difference")


main(test)
