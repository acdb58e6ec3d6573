"""One training loop for image classifiers: SGD, one-cycle rates, resumable."""

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Cycle:
    """A one-cycle run (Smith 2018, arXiv:1803.09820): the rate rises to `peak` and falls to nothing."""

    epochs: int
    peak: float
    decay: float
    augment: bool = True


@dataclass
class Schedule:
    cycles: tuple[Cycle, ...]
    """Each starts from the weights of the one before."""
    batch: int = 128
    shift: int = 2
    seed: int = 7


def train(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, held_out: int, schedule: Schedule, work: Path):
    """Train on all but the last `held_out` images (shown as progress, never used to choose).

    `images` is `[N, C, H, W]`, normalised. Returns the model on the CPU and the seconds spent.
    A checkpoint is written to `work` after each epoch and continued from when it is there.
    """
    torch.manual_seed(schedule.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device, memory_format=torch.channels_last)
    count = len(images) - held_out
    steps = count // schedule.batch
    optimizer = torch.optim.SGD(_groups(model), lr=0.1, momentum=0.9, nesterov=True)
    saved = _resume(model, optimizer, work)
    spent = saved["spent"]
    last = 0
    for cycle in schedule.cycles:
        first, last = last, last + cycle.epochs
        if saved["epoch"] >= last:
            continue
        rate = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, cycle.peak, total_steps=cycle.epochs * steps, pct_start=0.25
        )
        if saved["epoch"] > first:
            rate.load_state_dict(saved["rate"])
            # The scheduler's constructor has set the rate of its first step.
            optimizer.load_state_dict(saved["optimizer"])
        optimizer.param_groups[0]["weight_decay"] = cycle.decay
        for epoch in range(max(first, saved["epoch"]), last):
            begun = time.monotonic()
            shift = schedule.shift if cycle.augment else None
            loss = _epoch(model, optimizer, rate, images, labels, epoch, count, schedule, shift, device)
            spent += time.monotonic() - begun
            accuracy = evaluate(model, images[count:], labels[count:], device)
            print(f"epoch {epoch + 1}  loss {loss:.4f}  held-out {accuracy:.2%}  {spent:.0f} s", flush=True)
            parts = {"model": model, "optimizer": optimizer, "rate": rate}
            _save(parts, epoch + 1, spent, work)
    return model.to("cpu"), spent


def evaluate(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, device: str = "cpu") -> float:
    """Accuracy over all images given."""
    if len(images) == 0:
        return float("nan")
    model.eval()
    with torch.inference_mode():
        right = sum(
            (model(batch.to(device, memory_format=torch.channels_last)).argmax(1).cpu() == truth).sum().item()
            for batch, truth in zip(images.split(500), labels.split(500))
        )
    return right / len(images)


def _epoch(model, optimizer, rate, images, labels, epoch, count, schedule, shift, device) -> float:
    """One pass over the first `count` images; the order and the augmentation depend on the epoch alone."""
    model.train()
    order = torch.randperm(count, generator=torch.Generator().manual_seed(schedule.seed + epoch))
    torch.manual_seed(schedule.seed * 1000 + epoch)
    steps = count // schedule.batch
    total = 0.0
    for step in range(steps):
        chosen = order[step * schedule.batch : (step + 1) * schedule.batch]
        batch = images[chosen] if shift is None else _augment(images[chosen], shift)
        batch = batch.to(device, memory_format=torch.channels_last)
        loss = F.cross_entropy(model(batch), labels[chosen].to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        rate.step()
        total += loss.item()
    return total / steps


def _augment(batch: torch.Tensor, shift: int) -> torch.Tensor:
    """Mirror half of the images and move each by up to `shift` pixels, edges repeated."""
    n, _, height, width = batch.shape
    mirrored = torch.where(torch.rand(n, 1, 1, 1) < 0.5, batch.flip(3), batch)
    padded = F.pad(mirrored, (shift,) * 4, mode="replicate")
    down, right = torch.randint(0, 2 * shift + 1, (2, n))
    rows = (down[:, None] + torch.arange(height))[:, None, :, None]
    columns = (right[:, None] + torch.arange(width))[:, None, None, :]
    return padded[torch.arange(n)[:, None, None, None], torch.arange(batch.shape[1])[None, :, None, None], rows, columns]


def _groups(model: nn.Module):
    """Weight decay is for matrices and kernels, the first group; not for biases and batch norm."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    free = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": decayed}, {"params": free, "weight_decay": 0.0}]


def _save(parts: dict, epoch: int, spent: float, work: Path):
    work.mkdir(parents=True, exist_ok=True)
    states = {name: part.state_dict() for name, part in parts.items()}
    torch.save({"epoch": epoch, "spent": spent, **states}, work / "checkpoint.new")
    (work / "checkpoint.new").replace(work / "checkpoint.pt")


def _resume(model: nn.Module, optimizer: torch.optim.Optimizer, work: Path) -> dict:
    path = work / "checkpoint.pt"
    if not path.is_file():
        return {"epoch": 0, "spent": 0.0}
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    print(f"continuing after epoch {saved['epoch']} from {path}", flush=True)
    return saved
