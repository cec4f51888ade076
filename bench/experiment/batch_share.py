#!/usr/bin/env python3
"""Draws the gain of HELIP against the batch's share of the corpus, as SVG, from what configs/experiments/batch_share.yaml gave.

Prints the same as a table: differences in percent, paired by seed, with 95 % t intervals. usage: batch_share.py EXPERIMENT_JSON
PAIRS OUT.svg, PAIRS being those of the training split. Needs SciPy.
"""

import argparse
import json
import math
import pathlib
import statistics

METRIC = ("retrieval", "mean_recall@1")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 340, 56, 48, 44, 16
CURVES = [("HELIP − untouched", "#1b6ca8"), ("HELIP − plain training", "#c2571a"), ("plain training − untouched", "#777777")]


def difference(first, second):
    """Mean and half the width of the 95 % t interval of paired differences, in points of percent."""
    from scipy.stats import t  # here: --help does without it

    values = [100 * (first[seed] - second[seed]) for seed in first]
    spread = statistics.stdev(values) / math.sqrt(len(values))
    return statistics.mean(values), t.ppf(0.975, len(values) - 1) * spread


def read_points(file):
    """(batch, the three differences of CURVES) by batch."""
    experiment = json.loads(file.read_text())
    batch = {arm["name"]: next(iter(arm["budgets"].values()))["batch"] for arm in experiment["arms"] if arm["budgets"]}
    (arms,) = [row["arms"] for row in experiment["metrics"] if (row["dataset"], row["metric"]) == METRIC]
    by_seed = {arm["name"]: arm["by_seed"] for arm in arms}
    points = []
    for name in (name for name in batch if name.startswith("helip")):
        helip, plain = by_seed[name], by_seed[name.replace("helip", "continued")]
        untouched = by_seed["untouched"]
        points.append((batch[name], [difference(helip, untouched), difference(helip, plain), difference(plain, untouched)]))
    return sorted(points)


def draw(points, pairs):
    shares = [100 * batch / pairs for batch, _ in points]
    low = min(0, min(mean - half for _, row in points for mean, half in row))
    high = max(mean + half for _, row in points for mean, half in row)

    def x(share):
        span = math.log(shares[-1] / shares[0])
        return LEFT + 24 + (WIDTH - LEFT - RIGHT - 48) * math.log(share / shares[0]) / span

    def y(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for tick in range(math.ceil(low), math.floor(high) + 1):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:+d}</text>')
    for share, (batch, _) in zip(shares, points):
        out.append(f'<text x="{x(share):.1f}" y="{HEIGHT - 28}" text-anchor="middle">{share:.2f} %</text>'
                   f'<text x="{x(share):.1f}" y="{HEIGHT - 12}" text-anchor="middle" fill="#777">{batch} pairs</text>')
    for curve, (label, colour) in enumerate(CURVES):
        line = " ".join(f"{x(share):.1f},{y(row[curve][0]):.1f}" for share, (_, row) in zip(shares, points))
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for share, (_, row) in zip(shares, points):
            mean, half = row[curve]
            at = x(share) + 5 * (curve - 1)
            out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y(mean - half):.1f}" y2="{y(mean + half):.1f}" stroke="{colour}"/>'
                       f'<circle cx="{x(share):.1f}" cy="{y(mean):.1f}" r="3" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + 10 + 185 * curve}" y="20" fill="{colour}">{label}</text>')
    return "\n".join([*out, "</svg>\n"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", type=pathlib.Path)
    parser.add_argument("pairs", type=int)
    parser.add_argument("out", type=pathlib.Path)
    options = parser.parse_args()
    points = read_points(options.experiment)
    options.out.write_text(draw(points, options.pairs))
    for batch, row in points:
        shown = "  ".join(f"{label} {mean:+.2f} [{mean - half:+.2f}, {mean + half:+.2f}]"
                          for (label, _), (mean, half) in zip(CURVES, row))
        print(f"{batch} pairs, {100 * batch / options.pairs:.2f} %: {shown}")


if __name__ == "__main__":
    main()
