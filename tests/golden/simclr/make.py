#!/usr/bin/env python3
"""What SLIP's self-supervised loss gives (torch 2.14.1): make.py OUTPUT.json

The computation is that of SIMCLRLoss in facebookresearch/SLIP on one process, in double: logits of both views among
themselves and with each other, a view's own logit lowered by 1e9, cross-entropy, the mean of both directions.
"""
import json
import sys

import torch
import torch.nn.functional as F


def simclr(first, second, tau):
    a, b = F.normalize(first, dim=-1, p=2), F.normalize(second, dim=-1, p=2)
    labels = torch.arange(len(a))
    mask = F.one_hot(labels, len(a)) * 1e9
    aa, bb = a @ a.T / tau - mask, b @ b.T / tau - mask
    ab, ba = a @ b.T / tau, b @ a.T / tau
    loss = (F.cross_entropy(torch.cat([ab, aa], 1), labels) + F.cross_entropy(torch.cat([ba, bb], 1), labels)) / 2
    accuracy = 100 * torch.cat([ab, aa], 1).argmax(-1).eq(labels).sum() / len(a)
    return loss, accuracy


def main():
    torch.manual_seed(0)
    cases = []
    for rows, width, tau in ((1, 3, 0.1), (2, 3, 0.1), (7, 4, 0.1), (9, 5, 0.5)):
        first = torch.randn(rows, width, dtype=torch.double)
        second = (first + 0.7 * torch.randn(rows, width, dtype=torch.double)) * 3
        first.requires_grad_()
        second.requires_grad_()
        loss, accuracy = simclr(first, second, tau)
        loss.backward()
        case = {"temperature": tau, "rows": rows, "loss": loss.item(), "accuracy": accuracy.item()}
        for name, value in {"first": first, "second": second, "first_gradient": first.grad, "second_gradient": second.grad}.items():
            case[name] = value.detach().flatten().tolist()
        cases.append(case)
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
