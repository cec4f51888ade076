#!/usr/bin/env python3
"""Holds a job's hard-pair table against NumPy, written from the method's definition alone: cosines in double by matrix
products, whose sums run in another order than ours. Scores may differ by one fp32 ulp, and pairs whose scores are within one
ulp may swap. For tables of the exact method. usage: table_oracle.py WORK_DIR      (needs numpy)
"""
import json
import pathlib
import sys

import numpy as np

NO_PAIR = 0xFFFFFFFF


def unit_rows(folder):
    rows = np.concatenate([np.load(f) for f in sorted(folder.glob("*.npy"))]).astype(np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)


def main():
    work = pathlib.Path(sys.argv[1])
    corpus = pathlib.Path((work / "corpus/location.txt").read_text().strip())
    embeddings = next((work / "embeddings").iterdir())
    image, text = unit_rows(embeddings / "img_emb"), unit_rows(embeddings / "text_emb")
    groups = [np.load(corpus / f"{name}_group.npy") for name in ("image", "caption")]
    quarantined = np.load(work / "corpus/quarantine.npy").astype(bool)
    table = work / "hard_pairs/1"
    rules = json.loads((table / "manifest.json").read_text())
    indices, scores = np.load(table / "indices.npy"), np.load(table / "scores.npy")
    suitable = np.load(table / "suitable.npy")
    assert rules["method"] == "exact", "the oracle knows the exact method alone"

    def admitted(cosine, floor):
        return np.where((cosine > floor) & (cosine <= rules["duplicate_ceiling"]), cosine, 0)

    worst = 0.0
    for i in range(len(image)):
        score = (admitted(image @ image[i], rules["image_floor"])
                 * admitted(text @ text[i], rules["text_floor"])).astype(np.float32)
        score[(groups[0] == groups[0][i]) | (groups[1] == groups[1][i]) | quarantined] = 0
        score[i] = 0
        if quarantined[i]:
            score[:] = 0
        expected = np.sort(score)[::-1][:indices.shape[1]]
        found = np.array([0 if j == NO_PAIR else score[j] for j in indices[i]], np.float32)
        ulp = np.spacing(np.maximum(expected, np.finfo(np.float32).tiny))
        for name, ours in (("score", scores[i]), ("score of its id", found)):
            error = np.abs(ours.astype(np.float64) - expected) / ulp
            worst = max(worst, error.max())
            assert (error <= 1).all(), f"target {i}: {name} is {ours}, NumPy has {expected}"
        filled = indices[i] != NO_PAIR
        assert len(set(indices[i][filled])) == filled.sum(), f"target {i} has a hard pair twice"
        assert suitable[i] == filled.all(), f"target {i}: suitable is {suitable[i]}"
    print(f"table agrees with NumPy for all {len(image)} targets; largest difference {worst:.0f} ulp")


if __name__ == "__main__":
    main()
