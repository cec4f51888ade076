"""OpenCLIP's training step, for run.py: the body of open_clip_train's train_one_epoch around the model and ClipLoss of open_clip
and AdamW of PyTorch. Takes the JOB.json of helip_time_step and answers the same commands; "hard" adds HELIP's margin loss,
written as PyTorch code would be. With WORLD_SIZE above 1: DistributedDataParallel over gloo, local_loss and gather_with_grad.
"""
import contextlib
import json
import math
import os
import resource
import sys
import time

import numpy as np
import open_clip
import torch
import torch.distributed as dist
import torch.nn.functional as F
from open_clip.loss import gather_features

BETAS, EPS, WD = (0.9, 0.98), 1e-6, 0.2


class Heads(torch.nn.Module):
    """What the locked-towers model of the demo trains: a head over each tower's features."""

    def __init__(self, image_width, text_width, hidden, embed_dim):
        super().__init__()
        self.image_head, self.text_head = (
            torch.nn.Sequential(torch.nn.Linear(width, hidden), torch.nn.GELU(), torch.nn.Dropout(0), torch.nn.Linear(hidden, embed_dim))
            for width in (image_width, text_width))
        self.logit_scale = torch.nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, image, text):
        return {"image_features": F.normalize(self.image_head(image), dim=-1),
                "text_features": F.normalize(self.text_head(text), dim=-1), "logit_scale": self.logit_scale.exp()}


def make_model(job):
    if "heads" in job:
        return Heads(**job["heads"])
    open_clip.add_model_config(job["model"])
    name = os.path.splitext(os.path.basename(job["model"]))[0]
    return open_clip.create_model(name, precision=job["precision"], output_dict=True)


def make_optimizer(model, lr, **kind):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]

    def is_gain_or_bias(name, p):
        return p.ndim < 2 or "bn" in name or "ln" in name or "bias" in name or "logit_scale" in name

    return torch.optim.AdamW([{"params": [p for n, p in named if is_gain_or_bias(n, p)], "weight_decay": 0.0},
                              {"params": [p for n, p in named if not is_gain_or_bias(n, p)], "weight_decay": WD}],
                             lr=lr, betas=BETAS, eps=EPS, **kind)


def fastest_optimizer(model, lr):
    """OpenCLIP leaves PyTorch's default, a loop over the parameters on the CPU; the fastest kind is taken here."""
    times = {}
    for name, kind in {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}.items():
        optimizer = make_optimizer(model, 0.0, **kind)
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        laps = []
        for _ in range(4):
            began = time.perf_counter()
            optimizer.step()
            laps.append(time.perf_counter() - began)
        times[name] = (min(laps[1:]), kind)
        del optimizer
        model.zero_grad()
    name = min(times, key=lambda key: times[key][0])
    print(f"peer: AdamW by {name}: " + ", ".join(f"{k} {1000 * t:.1f} ms" for k, (t, _) in times.items()), file=sys.stderr)
    return make_optimizer(model, lr, **times[name][1])


def margin_loss(image, texts, first_row, partners, world):
    """HELIP's Eq. 6 over the global batch; seeds are every (1 + partners)-th row, their hard pairs follow them."""
    seeds = torch.arange(0, image.shape[0], 1 + partners)
    own = first_row + seeds[:, None] + torch.arange(1 + partners)
    similarity = image[seeds] @ texts.T
    bar = similarity.gather(1, own[:, 1:]).amin(1, keepdim=True)
    excess = F.relu(similarity - bar).scatter(1, own, 0.0)
    return excess.sum() / (len(seeds) * world * texts.shape[0]) * world


class Step:
    def __init__(self, job, rank, world):
        self.job, self.rank, self.world = job, rank, world
        torch.set_num_threads(job["threads"])
        torch.manual_seed(0)
        self.plain = make_model(job)
        if job["init"] != "random":
            from safetensors.torch import load_file
            self.plain.load_state_dict(load_file(job["init"]))
        self.plain.train()
        self.optimizer = fastest_optimizer(self.plain, job["lr"])
        self.model = self.plain if world == 1 else torch.nn.parallel.DistributedDataParallel(self.plain)
        self.loss = open_clip.ClipLoss(local_loss=True, gather_with_grad=True, cache_labels=True, rank=rank, world_size=world)
        rows = job["seeds"] * (1 + job["hard_pairs"]) // world
        self.first = rank * rows
        self.image, self.text = (torch.from_numpy(np.load(job[name])[self.first:self.first + rows].copy()) for name in ("image", "text"))

    def autocast(self):
        return torch.autocast("cpu", dtype=torch.bfloat16) if self.job["precision"] == "amp_bf16" else contextlib.nullcontext()

    def pair_loss(self, image_features, text_features, logit_scale):
        """ClipLoss and the margin loss over one gather."""
        images, texts = image_features, text_features
        if self.world > 1:
            images, texts = gather_features(images, texts, local_loss=True, gather_with_grad=True, rank=self.rank, world_size=self.world)
        labels = self.first + torch.arange(image_features.shape[0])
        clip = (F.cross_entropy(logit_scale * image_features @ texts.T, labels)
                + F.cross_entropy(logit_scale * text_features @ images.T, labels)) / 2
        with torch.autocast("cpu", enabled=False):
            margin = margin_loss(image_features.float(), texts.float(), self.first, self.job["hard_pairs"], self.world)
        return clip + self.job["margin_weight"] * margin

    def step(self, hard):
        processor = time.process_time()
        laps = [time.perf_counter()]
        self.optimizer.zero_grad()
        with self.autocast():
            out = self.model(self.image, self.text)
            laps.append(time.perf_counter())
            total = self.pair_loss(**out) if hard else self.loss(**out, output_dict=True)["contrastive_loss"]
        laps.append(time.perf_counter())
        total.backward()
        laps.append(time.perf_counter())
        self.optimizer.step()
        with torch.no_grad():
            self.plain.logit_scale.clamp_(0, math.log(100))
        laps.append(time.perf_counter())
        parts = dict(zip(("forward", "loss", "backward", "optimizer"), (b - a for a, b in zip(laps, laps[1:]))))
        return {"step": laps[-1] - laps[0], "processor": time.process_time() - processor, **parts}, total.item()

    def run(self, command):
        kind, steps = command.split()
        timed = []
        for _ in range(int(steps)):
            seconds, loss = self.step(kind == "hard")
            timed.append(seconds)
        if self.world > 1:  # DDP leaves each rank its own share of the mean
            mean = torch.tensor(loss, dtype=torch.float64)
            dist.all_reduce(mean)
            loss = mean.item() / self.world
        return {"steps": timed, "loss": loss, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main():
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if world > 1:
        dist.init_process_group("gloo")
    step = Step(json.load(open(sys.argv[1], encoding="utf-8")), rank, world)
    while True:
        command = [sys.stdin.readline().strip() if rank == 0 else ""]
        if world > 1:
            dist.broadcast_object_list(command)
        if not command[0]:
            break
        answer = step.run(command[0])
        if rank == 0:
            print(json.dumps(answer), flush=True)
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
