"""A corpus with a tenth of its samples damaged stops the job with one line that counts them; with a higher limit the job goes
on without them, and each is named."""

import io
import json
import tarfile

from job_control import expect, main


def good_samples(corpus):
    """(extension, image, caption) of the small job's corpus."""
    samples = []
    for shard in sorted(corpus.glob("*.tar")):
        with tarfile.open(shard) as tar:
            members = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
        for name in sorted(members):
            key, extension = name.split(".", 1)
            if extension in ("png", "jpg", "webp"):
                samples.append((extension, members[name], members[f"{key}.txt"]))
    return samples


def damaged(number, image):
    """Members (extension, bytes) of a sample that cannot be used, and the reason's beginning."""
    return [
        ([("png", image[: len(image) // 2]), ("txt", b"cut off")], "PNG image cannot be decoded"),
        ([("jpg", b"<html>404</html>"), ("txt", b"a page")], "image format is not known"),
        ([("png", image), ("txt", b"caf\xe9")], "the caption is not valid UTF-8"),
        ([("png", image)], "an image without a caption"),
        ([("jpg", b""), ("txt", b"no bytes")], "image format is not known"),
    ][number % 5]


def write_shards(folder, samples):
    """Every tenth sample damaged, and the last shard cut off. Returns key → reason of what is damaged."""
    folder.mkdir(parents=True)
    wanted, ends = {}, {}
    expect(len(samples) % 2 == 0, f"an odd number of samples: {len(samples)}")
    halves = [samples[: len(samples) // 2], samples[len(samples) // 2:]]
    for shard, part in enumerate(halves):
        with tarfile.open(folder / f"{shard}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for number, (extension, image, caption) in enumerate(part):
                key = f"{shard}-{number:03}"
                members = [(extension, image), ("txt", caption)]
                if number % 10 == 5:
                    members, wanted[key] = damaged(number // 10, image)
                for suffix, content in members:
                    member = tarfile.TarInfo(f"{key}.{suffix}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
                ends[key] = (shard, tar.offset)
    cut = ends[f"1-{len(halves[1]) - 3:03}"][1] + 512
    with open(folder / "1.tar", "r+b") as tar:
        tar.truncate(cut)
    return {key: reason for key, reason in wanted.items() if ends[key] <= (1, cut)}


def test(bench, _):
    corpus = bench.fresh("damaged-corpus")
    samples = good_samples(bench.job.parent / "corpus")
    wanted = write_shards(corpus, samples)
    work = bench.fresh("damaged")
    options = ["--until", "encode", "--set", f"corpus.path={corpus}"]

    def refusal(*more):
        _, stderr = bench.run(work, *options, *more, code=1)
        errors = [line for line in stderr.splitlines() if line.startswith("error: ")]
        expect(len(errors) == 1, f"not one line of errors in: {stderr}")
        return errors[0]

    # Before the last range is encoded.
    early = refusal()
    for words in ("too many samples of the corpus are unusable", "at most 5 % (corpus.max_quarantined)",
                  "before all are encoded"):
        expect(words in early, f"\"{words}\" is not in: {early}")

    # The pairs alone are within this limit, so that all are encoded; with what is no pair they are not. The two samples behind
    # the cut follow from the whole shard, which has as many as this one had.
    alone = sum(reason == "an image without a caption" for reason in wanted.values())
    left_out = alone + 2
    quarantined = len(wanted) - alone
    limit = (quarantined / (len(samples) - left_out) + (quarantined + left_out) / len(samples)) / 2
    late = refusal("--set", f"corpus.max_quarantined={limit}")
    for words in ("too many samples of the corpus are unusable", "(corpus.max_quarantined)",
                  str(work / "corpus" / "quarantine.jsonl"), " × image format is not known",
                  f"found {len(wanted) + 2} of {len(samples)}, "):
        expect(words in late, f"\"{words}\" is not in: {late}")

    bench.run(work, *options, "--set", "corpus.max_quarantined=0.2", code=0)
    found, ends = {}, []
    for name in ("quarantine.jsonl", "unpaired.jsonl"):
        for line in (work / "corpus" / name).read_text().splitlines():
            entry = json.loads(line)
            if entry["reason"].startswith("the rest of the shard is damaged"):
                ends.append(entry)
            else:
                found[entry["key"]] = entry["reason"]
    expect(len(ends) == 1 and ends[0]["shard"] == "1.tar", f"the cut shard is not named once: {ends}")
    expect(set(found) == set(wanted), f"named: {sorted(found)}, damaged: {sorted(wanted)}")
    for key, reason in found.items():
        expect(reason.startswith(wanted[key]), f"{key}: {reason}, expected {wanted[key]}")


if __name__ == "__main__":
    main(test)
