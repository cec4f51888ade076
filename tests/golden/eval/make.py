"""Scores of clip_benchmark 1.6.2 and a probe of scikit-learn 1.9.1: run `python make.py` in this folder.

metrics.json   features, labels and captions, and what clip_benchmark's own functions give for them
probe.json     features and labels, and scikit-learn's LogisticRegression fitted to them
"""
import json

import numpy as np
import torch
import torch.nn.functional as F
from clip_benchmark.metrics import zeroshot_classification, zeroshot_retrieval
from sklearn.linear_model import LogisticRegression

L2 = 1e-3
RECALL_K = [1, 2, 5, 10]


def unit(rows):
    return F.normalize(torch.as_tensor(rows, dtype=torch.float32), dim=-1)


def values(tensor):
    return [float(value) for value in np.asarray(tensor).reshape(-1)]


def accuracy(output, target, topk=(1,)):
    """clip_benchmark's, whose float() of an array of one element NumPy 2.4 refuses."""
    pred = output.topk(max(topk), 1, True, True)[1].t()
    correct = pred.eq(target.view(1, -1).expand_as(pred))
    return [correct[:k].sum().item() / len(target) for k in topk]


zeroshot_classification.accuracy = accuracy


class Lookup:
    """A model whose inputs are row numbers."""

    def __init__(self, images, texts):
        self.images, self.texts = images, texts

    def encode_image(self, rows):
        return self.images[rows]

    def encode_text(self, rows):
        return self.texts[rows]


class Batches(list):
    pass


def classification(images, prompts, labels, classes, templates):
    names = [str(label) for label in range(classes)]
    row_of = {f"{name}/{t}": label * templates + t for label, name in enumerate(names) for t in range(templates)}
    model = Lookup(images, prompts)
    loader = Batches([(torch.arange(len(images)), labels)])
    loader.dataset = type("Dataset", (), {"classes": names})
    return zeroshot_classification.evaluate(
        model, loader, lambda texts: torch.tensor([row_of[text] for text in texts]), names,
        [f"{{c}}/{t}" for t in range(templates)], "cpu", amp=False)


def metrics():
    random = np.random.default_rng(5)
    images = unit(random.normal(size=(60, 6)))
    classes, templates = 7, 3
    prompts = unit(np.repeat(random.normal(size=(classes, 6)), templates, 0) + random.normal(size=(21, 6)))
    # Class 6 never occurs.
    labels = torch.as_tensor(random.integers(0, 6, size=60))
    scores = classification(images, prompts, labels, classes, templates)

    counts = [1 + i % 3 for i in range(60)]
    image_of_text = np.repeat(np.arange(60), counts)
    texts = unit(images.numpy()[image_of_text] + 0.6 * random.normal(size=(len(image_of_text), 6)))
    rows = np.split(np.arange(len(image_of_text)), np.cumsum(counts)[:-1])
    recalls = zeroshot_retrieval.evaluate(
        Lookup(images, texts), [(torch.arange(60), [list(row) for row in rows])],
        lambda numbers: torch.as_tensor(np.array(numbers)), "cpu", amp=False, recall_k_list=RECALL_K)
    # Fewer than five classes: no acc5.
    few = classification(images, prompts[:9], labels % 3, 3, templates)
    return {
        "dim": 6, "images": values(images), "prompts": values(prompts), "classes": classes, "templates": templates,
        "labels": labels.tolist(), "classification": {name: float(value) for name, value in scores.items()},
        "few_classes": {name: float(value) for name, value in few.items() if name != "acc5"},
        "texts": values(texts), "image_of_text": image_of_text.tolist(), "recall_k": RECALL_K,
        "retrieval": {name: float(value) for name, value in recalls.items()},
    }


def probe():
    random = np.random.default_rng(6)
    classes, dim = 4, 8
    centres = random.normal(size=(classes, dim))

    def sample(count):
        labels = random.integers(0, classes, size=count)
        return unit(centres[labels] + 1.2 * random.normal(size=(count, dim))).numpy(), labels

    features, labels = sample(150)
    test, test_labels = sample(80)
    model = LogisticRegression(C=1 / (L2 * len(labels)), tol=1e-12, max_iter=10000)
    model.fit(features.astype(np.float64), labels)
    return {
        "dim": dim, "classes": classes, "l2": L2, "features": values(features), "labels": labels.tolist(),
        "test": values(test), "test_labels": test_labels.tolist(), "weights": values(model.coef_),
        "bias": values(model.intercept_), "predicted": model.predict(test.astype(np.float64)).tolist(),
        "accuracy": float(model.score(test.astype(np.float64), test_labels)),
    }


if __name__ == "__main__":
    for name, content in (("metrics", metrics()), ("probe", probe())):
        with open(name + ".json", "w") as file:
            json.dump(content, file)
            file.write("\n")
