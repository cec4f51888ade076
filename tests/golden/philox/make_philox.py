#!/usr/bin/env python3
"""Golden values for common/rng: Philox4x32-10 by plain Python integers, written from the paper's definition
(Salmon et al., SC 2011), checked against the known-answer vectors that the Random123 distribution publishes.

usage: make_philox.py > philox.txt     lines: c0 c1 c2 c3 k0 k1 r0 r1 r2 r3 (hexadecimal)
"""
M0, M1, W0, W1, MASK = 0xD2511F53, 0xCD9E8D57, 0x9E3779B9, 0xBB67AE85, 0xFFFFFFFF


def philox(counter, key):
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        p0, p1 = M0 * c[0], M1 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK]
        k0, k1 = (k0 + W0) & MASK, (k1 + W1) & MASK
    return c


KNOWN = [  # Random123 kat_vectors, philox4x32 10
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((MASK,) * 4, (MASK,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]

if __name__ == "__main__":
    for counter, key, expected in KNOWN:
        assert tuple(philox(counter, key)) == expected
    cases = [(c, k) for c, k, _ in KNOWN] + [((i, i * i, 7 * i, 1 << i), (i + 1, 3 * i)) for i in range(20)]
    for counter, key in cases:
        print(" ".join(f"{value:08x}" for value in (*counter, *key, *philox(counter, key))))
