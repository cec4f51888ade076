#!/usr/bin/env python3
"""Synthetic embeddings with the structure of real ones, for bench/mining: topics of uneven size with subtopics, dimensions of
uneven variance, and texts that follow their images loosely. Unit norm, float32 (or --dtype float16), clip-retrieval layout.

usage: make_pairs.py OUT [--pairs 200000] [--image-dim 768] [--text-dim 384] [--seed 1] [--dtype float32]
"""
import argparse
import pathlib

import numpy as np


def spectrum(dim):
    """Standard deviation by dimension: a power law, as principal components of real embeddings have."""
    return (np.arange(1, dim + 1) ** -0.35).astype(np.float32)


def topics_of(rng, pairs, topics, subtopics):
    """Topic and subtopic of every pair; sizes follow Zipf's law."""
    share = 1.0 / np.arange(1, topics + 1) ** 0.8
    topic = rng.choice(topics, size=pairs, p=share / share.sum())
    share = 1.0 / np.arange(1, subtopics + 1) ** 0.8
    return topic, topic * subtopics + rng.choice(subtopics, size=pairs, p=share / share.sum())


def embeddings(rng, dim, topic, subtopic, file, dtype):
    deviation = spectrum(dim)
    mean = 0.6 * rng.standard_normal(dim, dtype=np.float32) * deviation  # all embeddings share a direction
    topic_centre = rng.standard_normal((topic.max() + 1, dim), dtype=np.float32) * deviation
    subtopic_centre = 0.8 * rng.standard_normal((subtopic.max() + 1, dim), dtype=np.float32) * deviation
    file.parent.mkdir(parents=True, exist_ok=True)
    out = np.lib.format.open_memmap(file, mode="w+", dtype=dtype, shape=(len(topic), dim))
    for begin in range(0, len(topic), 20000):
        end = min(begin + 20000, len(topic))
        own = rng.standard_normal((end - begin, dim), dtype=np.float32) * deviation
        rows = mean + topic_centre[topic[begin:end]] + subtopic_centre[subtopic[begin:end]] + own
        out[begin:end] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    out.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=200000)
    parser.add_argument("--image-dim", type=int, default=768)
    parser.add_argument("--text-dim", type=int, default=384)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dtype", choices=["float32", "float16"], default="float32")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    topic, subtopic = topics_of(rng, args.pairs, 300, 40)
    # A fifth of the texts speak of something else than their image shows.
    astray = rng.random(args.pairs) < 0.2
    other = rng.permutation(args.pairs)
    text_topic = np.where(astray, topic[other], topic)
    text_subtopic = np.where(astray, subtopic[other], subtopic)
    embeddings(rng, args.image_dim, topic, subtopic, args.out / "img_emb" / "img_emb_0.npy", args.dtype)
    embeddings(rng, args.text_dim, text_topic, text_subtopic, args.out / "text_emb" / "text_emb_0.npy", args.dtype)


if __name__ == "__main__":
    main()
