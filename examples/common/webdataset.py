"""Writes WebDataset shards and clip_benchmark's folders of evaluation sets. Equal samples give equal bytes."""

import io
import itertools
import tarfile


def add_member(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))  # TarInfo's defaults: no time, no owner


def write_tar(path, samples):
    """Writes one shard. samples: [(key, {extension: bytes})]"""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for key, members in samples:
            for extension, data in members.items():
                add_member(tar, f"{key}.{extension}", data)


def write_shards(folder, samples, samples_per_shard):
    """Writes FOLDER/00000.tar and so on. samples: an iterable of (key, {extension: bytes}); keys differ."""
    folder.mkdir(parents=True)
    samples = iter(samples)
    for shard in itertools.count():
        members = list(itertools.islice(samples, samples_per_shard))
        if not members:
            return
        write_tar(folder / f"{shard:05d}.tar", members)


def write_split(folder, samples):
    """Writes one split of an evaluation set. samples: an iterable of {extension: bytes}"""
    folder.mkdir(parents=True)
    write_tar(folder / "0.tar", ((f"s{row:07d}", members) for row, members in enumerate(samples)))
    (folder / "nshards.txt").write_text("1\n")


def write_classification(folder, splits, classnames, templates):
    """Writes a set for zero-shot classification and linear probes.

    splits: {split: [(extension, image bytes, class index)]}
    """
    for split, samples in splits.items():
        write_split(folder / split, ({extension: image, "cls": str(label).encode()} for extension, image, label in samples))
    (folder / "classnames.txt").write_text("".join(name + "\n" for name in classnames))
    (folder / "zeroshot_classification_templates.txt").write_text("".join(line + "\n" for line in templates))
    (folder / "dataset_type.txt").write_text("classification\n")


def write_retrieval(folder, splits):
    """Writes a retrieval set. splits: {split: [(extension, image bytes, caption)]}"""
    for split, samples in splits.items():
        write_split(folder / split, ({extension: image, "txt": caption.encode()} for extension, image, caption in samples))
    (folder / "dataset_type.txt").write_text("retrieval\n")
