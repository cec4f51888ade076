"""Makes statistics.json: paired differences by SciPy and NumPy. usage: make_statistics.py > statistics.json (SciPy 1.17.1)"""
import json

import numpy as np
from scipy import stats

CASES = {
    "five seeds": ([0.441, 0.452, 0.447, 0.433, 0.461], [0.402, 0.409, 0.411, 0.399, 0.405]),
    "no effect": ([0.231, 0.245, 0.229, 0.251], [0.233, 0.239, 0.235, 0.246]),
    "two seeds": ([0.5, 0.75], [0.25, 0.625]),
    "equal differences": ([0.5, 0.75, 0.25], [0.25, 0.5, 0.0]),
    "thirty seeds": ([0.3 + 0.001 * (i * 7 % 30) for i in range(30)], [0.29 + 0.001 * (i * 11 % 30) for i in range(30)]),
}

out = []
for name, (a, b) in CASES.items():
    differences = np.array(a) - np.array(b)
    error = stats.sem(differences)
    low, high = stats.t.interval(0.95, len(a) - 1, differences.mean(), error) if error > 0 else (differences.mean(),) * 2
    # Ten times as many resamples as ours and another generator: the ends agree to the resampling's error.
    means = np.random.default_rng(0).choice(differences, (100_000, len(a))).mean(1)
    out.append({"name": name, "a": a, "b": b, "mean": differences.mean(), "deviation": differences.std(ddof=1),
                "wins": int((differences > 0).sum()), "t_interval": [low, high],
                "bootstrap_interval": list(np.quantile(means, [0.025, 0.975])),
                "bootstrap_error": float(4 * means.std() / np.sqrt(10_000) * 3)})
print(json.dumps(out, indent=1))
