"""Expected hard pairs and FastHPM pools, by NumPy and plain Python alone.

python3 make_golden.py   (NumPy only; writes beside itself)

Scores are computed in float64 matrix products, in whatever order NumPy adds, so they agree with
exact_pair_score within one float32 ulp. Floors and ceilings are asserted to lie clear of every
cosine, so that no decision depends on the order of additions.
"""
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
NO_PAIR = 0xFFFFFFFF
MASK32 = 0xFFFFFFFF


def philox4x32(counter, key):
    counter, key = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(p1 >> 32) ^ counter[1] ^ key[0], p1 & MASK32,
                   (p0 >> 32) ^ counter[3] ^ key[1], p0 & MASK32]
        key = [(key[0] + 0x9E3779B9) & MASK32, (key[1] + 0xBB67AE85) & MASK32]
    return counter


class Stream:
    """common/rng.h: RandomStream."""

    def __init__(self, seed, purpose, coordinates):
        lane = 0xCBF29CE484222325
        for byte in purpose.encode() + b"".join(c.to_bytes(8, "little") for c in coordinates):
            lane = ((lane ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
        self.seed, self.lane, self.block, self.left = seed, lane, 0, []

    def u32(self):
        if not self.left:
            self.left = philox4x32(
                [self.block & MASK32, self.block >> 32, self.lane & MASK32, self.lane >> 32],
                [self.seed & MASK32, self.seed >> 32])
            self.block += 1
        return self.left.pop(0)

    def below(self, bound):
        """Lemire's method."""
        threshold = (1 << 64) % bound
        while True:
            low = self.u32()
            product = (low | (self.u32() << 32)) * bound
            if product & 0xFFFFFFFFFFFFFFFF >= threshold:
                return product >> 64


def draw_pool(pairs, size, seed, version, pool):
    if size >= pairs:
        return list(range(pairs))
    stream = Stream(seed, "mining.pool", [version, pool])
    ids = list(range(pairs))
    for i in range(size):
        j = i + stream.below(pairs - i)
        ids[i], ids[j] = ids[j], ids[i]
    return sorted(ids[:size])


def cosines(rows):
    rows = rows.astype(np.float64)
    norms = np.sqrt((rows * rows).sum(axis=1))
    products = np.outer(norms, norms)
    return np.divide(rows @ rows.T, products, out=np.zeros_like(products), where=products > 0)


def mine(image, text, rules, k, candidates_of, allowed):
    ceiling = rules["duplicate_ceiling"]
    admitted = []
    for cosine, floor in ((image, rules["image_floor"]), (text, rules["text_floor"])):
        off_diagonal = ~np.eye(len(cosine), dtype=bool)
        assert np.abs(cosine[off_diagonal & (cosine != 0)] - floor).min() > 1e-12
        # Rows that are equal to the bit lie at 1 up to rounding, clear of every ceiling below 1.
        assert np.abs(cosine[off_diagonal] - ceiling).min() > 1e-12
        admitted.append(np.where((cosine > floor) & (cosine <= ceiling), cosine, 0))
    score = (admitted[0] * admitted[1]).astype(np.float32)
    indices = np.full((len(score), k), NO_PAIR, np.uint32)
    scores = np.zeros((len(score), k), np.float32)
    for target in range(len(score)):
        order = [c for c in candidates_of(target) if allowed(target, c) and score[target, c] > 0]
        order.sort(key=lambda c: (-score[target, c], c))
        for slot, candidate in enumerate(order[:k]):
            indices[target, slot] = candidate
            scores[target, slot] = score[target, candidate]
    return indices, scores


def main():
    generator = np.random.default_rng(20230505)
    n = 97
    # A few clusters, so that many cosines are high; some rows equal, some zero.
    centres = generator.normal(size=(6, 32))
    member = generator.integers(0, 6, n)
    images = centres[member][:, :20] + 0.8 * generator.normal(size=(n, 20))
    texts = centres[member][:, 20:] + 0.8 * generator.normal(size=(n, 12))
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    images[40] = images[7]
    texts[41] = texts[7]
    images[50] = 0
    texts[51] = 0
    images, texts = images.astype(np.float16), texts.astype(np.float32)
    image_group = np.arange(n, dtype=np.uint32)
    image_group[40] = 7
    image_group[12] = image_group[13] = 12
    caption_group = np.arange(n, dtype=np.uint32)
    caption_group[41] = 7
    caption_group[60:70] = 60
    quarantine = np.zeros(n, bool)
    quarantine[[3, 77]] = True
    for name, array in (("images", images), ("texts", texts), ("image_group", image_group),
                        ("caption_group", caption_group), ("quarantine", quarantine)):
        np.save(HERE / f"{name}.npy", array)

    image, text = cosines(images), cosines(texts)
    plain = lambda target, c: target != c
    strict = lambda target, c: (
        target != c and image_group[target] != image_group[c]
        and caption_group[target] != caption_group[c]
        and not quarantine[target] and not quarantine[c])
    everyone = lambda target: range(n)
    cases = [
        dict(name="plain", method="exact", k=10, image_floor=0.0, text_floor=0.0,
             duplicate_ceiling=0.98, groups=False),
        dict(name="strict", method="exact", k=6, image_floor=0.3, text_floor=0.25,
             duplicate_ceiling=0.9, groups=True),
        dict(name="all", method="exact", k=n - 1, image_floor=0.0, text_floor=0.0,
             duplicate_ceiling=2.0, groups=False),
        dict(name="fast", method="fast", k=4, image_floor=0.0, text_floor=0.1,
             duplicate_ceiling=0.98, groups=True, pool_size=30, pool_refresh_targets=40, seed=5,
             version=3),
    ]
    for case in cases:
        candidates_of = everyone
        if case["method"] == "fast":
            pools = {g: draw_pool(n, case["pool_size"], case["seed"], case["version"], g)
                     for g in range(3)}
            candidates_of = lambda target, pools=pools: pools[target // 40]
        indices, scores = mine(image, text, case, case["k"], candidates_of,
                               strict if case["groups"] else plain)
        np.save(HERE / f"{case['name']}_indices.npy", indices)
        np.save(HERE / f"{case['name']}_scores.npy", scores)
    (HERE / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")

    pools = []
    for pairs, size, seed, version, pool in [
            (10, 4, 0, 1, 0), (10, 4, 0, 1, 1), (10, 4, 0, 2, 0), (10, 4, 1, 1, 0), (10, 9, 0, 1, 0),
            (10, 10, 0, 1, 0), (10, 11, 0, 1, 0), (1000, 20, 2**64 - 1, 7, 12345),
            (4294967294, 8, 3, 1, 2)]:
        # The large corpus is drawn without a list of all its ids: sparse Fisher-Yates.
        if pairs > 10**6:
            stream, moved, ids = Stream(seed, "mining.pool", [version, pool]), {}, []
            for i in range(size):
                j = i + stream.below(pairs - i)
                ids.append(moved.get(j, j))
                moved[j] = moved.get(i, i)
            ids.sort()
        else:
            ids = draw_pool(pairs, size, seed, version, pool)
        pools.append(dict(pairs=pairs, size=size, seed=seed, version=version, pool=pool, ids=ids))
    (HERE / "pools.json").write_text(json.dumps(pools) + "\n")


if __name__ == "__main__":
    main()
