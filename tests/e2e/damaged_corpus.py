"""A corpus with a tenth of its samples damaged, each in another way, stops the job with one line that counts them; with a higher
limit the job goes on without them, and each is named with its place. No program takes more memory than without the damage."""

import collections
import json
import pathlib
import sys
import tarfile

from job_control import PeakMemory, expect, main

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from damaged_samples import Member, add, kinds  # noqa: E402

# What one process may take more than for the same corpus without damage. A picture that is decoded before its damage is met
# takes a few KiB here; a bomb that is kept would take a GiB, a header that is believed 12 GiB.
EXTRA_BYTES = 256 << 20
KINDS = kinds(bomb_bytes=1 << 30)

Sample = collections.namedtuple("Sample", "key members reason")  # the reason's beginning; empty: usable


def good_samples(corpus, count):
    """So many of the small job's corpus, from the first again after the last."""
    members = {}
    for shard in sorted(corpus.glob("*.tar")):
        with tarfile.open(shard) as tar:
            for member in tar:
                key, extension = member.name.split(".", 1)
                members.setdefault(key, []).append(Member(extension, tar.extractfile(member).read()))
    found = [members[key] for key in sorted(members)]
    return [Sample(f"{i:03}", found[i % len(found)], "") for i in range(count)]


def damage(samples):
    """Every tenth of another kind; what is odd but good, and a key that comes twice, between them."""
    bad = [kind for kind in KINDS if kind.reason]
    odd = [kind for kind in KINDS if not kind.reason]
    expect(len(bad) > 20 and len(samples) == 10 * len(bad), f"{len(bad)} kinds, {len(samples)} samples")
    samples = list(samples)
    for at, kind in [(10 * i + 5, kind) for i, kind in enumerate(bad)] + [(10 * i + 2, kind) for i, kind in enumerate(odd)]:
        samples[at] = Sample(samples[at].key, kind.members, kind.reason)
    samples[9] = samples[9]._replace(key=samples[4].key)
    return samples


def write_shards(folder, samples):
    """Two shards of equal length. Returns where each sample lies: (shard, offset)."""
    folder.mkdir(parents=True)
    half = len(samples) // 2
    places = []
    for shard, part in enumerate([samples[:half], samples[half:]]):
        with tarfile.open(folder / f"{shard}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for sample in part:
                places.append((f"{shard}.tar", tar.offset))
                for member in sample.members:
                    add(tar, sample.key, member)
    return places


def place(entry):
    return entry["shard"], entry["offset"]


def test(bench, _):
    good = good_samples(bench.job.parent / "corpus", 10 * sum(kind.reason != "" for kind in KINDS))
    undamaged = bench.fresh("undamaged-corpus")
    write_shards(undamaged, good)
    work = bench.fresh("undamaged")
    with PeakMemory(work) as usual:
        bench.run(work, "--until", "encode", "--set", f"corpus.path={undamaged}", code=0)

    corpus = bench.fresh("damaged-corpus")
    samples = damage(good)
    places = write_shards(corpus, samples)
    with open(corpus / "1.tar", "r+b") as tar:
        tar.truncate(places[-2][1] + 512)
    work = bench.fresh("damaged")
    with PeakMemory(work) as peak:
        expect_named(bench, work, corpus, samples, places)
    for program in sorted(usual.of):
        print(f"{program} took {usual.of[program] >> 20} MiB, with damage {peak.of.get(program, 0) >> 20} MiB")
    for program in ("helip", "helip_worker"):
        expect(usual.of.get(program, 0) > 0 and peak.of.get(program, 0) > 0, f"{program} was not seen")
    for program, most in peak.of.items():
        extra = most - usual.of.get(program, 0)
        expect(extra <= EXTRA_BYTES, f"{program} took {extra} bytes more than without damage")


def expect_named(bench, work, corpus, samples, places):
    """Runs the job on the corpus of these samples, whose second shard is cut within the first header of the last sample but one."""
    wanted = {sample.key: (at, sample.reason) for sample, at in zip(samples, places) if sample.reason}
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
    no_pair = ("an image without a caption", "a caption without an image", "an image of a format that is not read",
               "its image or caption is a link, and links are not followed")
    alone = sum(reason in no_pair for _, reason in wanted.values())
    left_out = alone + 2
    quarantined = len(wanted) - alone
    limit = (quarantined / (len(samples) - left_out) + (quarantined + left_out) / len(samples)) / 2
    late = refusal("--set", f"corpus.max_quarantined={limit}")
    for words in ("too many samples of the corpus are unusable", "(corpus.max_quarantined)",
                  str(work / "corpus" / "quarantine.jsonl"), " × image format is not known",
                  f"found {len(wanted) + 2} of {len(samples)}, "):
        expect(words in late, f"\"{words}\" is not in: {late}")

    bench.run(work, *options, "--set", "corpus.max_quarantined=0.2", code=0)
    found, ends, repeated = {}, [], []
    for name in ("quarantine.jsonl", "unpaired.jsonl"):
        for line in (work / "corpus" / name).read_text().splitlines():
            entry = json.loads(line)
            if entry["reason"].startswith("the rest of the shard is damaged"):
                ends.append(entry)
            elif entry.get("samples") == 0:
                repeated.append(entry)
            else:
                expect(entry["key"] not in found, f"named twice: {entry}")
                found[entry["key"]] = entry
    expect([place(entry) for entry in ends] == [places[-2]], f"the cut shard is not named once: {ends}, expected {places[-2]}")
    expect([(entry["key"], place(entry)) for entry in repeated] == [(samples[4].key, places[9])],
           f"the repeated key is not named once: {repeated}, expected {places[9]}")
    expect(set(found) == set(wanted), f"named: {sorted(found)}, damaged: {sorted(wanted)}")
    for key, entry in found.items():
        at, reason = wanted[key]
        expect(place(entry) == at and entry["reason"].startswith(reason), f"{entry}, expected {at}, {reason}")
    status = json.loads((work / "status.json").read_text())
    expect(status["quarantined"] == quarantined, f"the status says {status['quarantined']} of {quarantined}")


if __name__ == "__main__":
    main(test)
