"""One training loop for every PyTorch recipe: one-cycle rates, early stopping, resumable."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import torch
from torch import nn
from torch.nn import functional as F

from .errors import RecipeError

SAMPLED = 64
"""Inputs that a work folder knows its data by."""


@dataclass(frozen=True)
class Cycle:
    """A one-cycle run (Smith 2018, arXiv:1803.09820): the rate rises to `peak` and falls to nothing."""

    epochs: int
    peak: float
    decay: float
    augment: bool = True


@dataclass(frozen=True)
class Schedule:
    """How to train. Everything random follows from `seed` and the number of the epoch."""

    cycles: tuple[Cycle, ...]
    """Each starts from the weights of the one before."""
    batch: int = 128
    seed: int = 7
    optimizer: str = "sgd"
    """`sgd` (Nesterov, momentum 0.9) or `adamw`."""
    patience: int | None = None
    """Epochs without a lower validation loss after which training ends with the best weights; None never ends early."""

    def sized(self, epochs: int | None, seed: int) -> "Schedule":
        """With this seed, and with so many epochs in its one cycle where they are given."""
        cycles = (replace(self.cycles[0], epochs=epochs),) if epochs else self.cycles
        return replace(self, cycles=cycles, seed=seed)


class Examples(Protocol):
    """What a model is trained on or validated with."""

    labels: torch.Tensor

    def __len__(self) -> int: ...

    def batch(self, rows: torch.Tensor, augment: bool) -> torch.Tensor:
        """The model's inputs for `rows`; with `augment` varied by PyTorch's own random numbers."""
        ...


@dataclass(frozen=True)
class Objective:
    """What is minimized, and what a model's output says."""

    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    classes: Callable[[torch.Tensor], torch.Tensor]


def softmax_objective(smoothing: float = 0.0) -> Objective:
    """Cross-entropy of logits `[N, K]`."""
    return Objective(
        lambda output, labels: F.cross_entropy(output, labels, label_smoothing=smoothing),
        lambda output: output.argmax(1),
    )


def sigmoid_objective() -> Objective:
    """Binary cross-entropy of one logit, `[N, 1]`."""
    return Objective(
        lambda output, labels: F.binary_cross_entropy_with_logits(output[:, 0], labels.float()),
        lambda output: (output[:, 0] > 0).long(),
    )


@dataclass(frozen=True)
class Trained:
    """The model on the CPU, how it came about, and how it did on the validation images at the end."""

    model: nn.Module
    epochs: int
    seconds: float
    loss: float
    accuracy: float


def train(
    model: nn.Module, training: Examples, validation: Examples, schedule: Schedule, work: Path,
    objective: Objective | None = None,
) -> Trained:  # fmt: skip
    """Trains `model`; `validation` is shown as progress, and chooses only where `schedule.patience` says so.

    A checkpoint is written to `work` after each epoch and continued from when it is there.
    """
    return _Run(model, training, validation, schedule, work, objective or softmax_objective()).to_the_end()


def sample(examples: Examples) -> str:
    """A digest of all labels and of some inputs: other data, and features of another base, are told by it."""
    rows = torch.linspace(0, len(examples) - 1, min(SAMPLED, len(examples))).long()
    state = hashlib.sha256(examples.labels.numpy().tobytes())
    state.update(examples.batch(rows, augment=False).contiguous().numpy().tobytes())
    return state.hexdigest()[:12]


def evaluate(model: nn.Module, examples: Examples, objective: Objective, device: str = "cpu") -> tuple[float, float]:
    """Mean loss and accuracy over all examples as they are."""
    if len(examples) == 0:
        return float("nan"), float("nan")
    model.eval()
    loss, right = 0.0, 0
    with torch.inference_mode():
        for rows in torch.arange(len(examples)).split(500):
            output = model(_placed(examples.batch(rows, augment=False), device)).cpu()
            loss += objective.loss(output, examples.labels[rows]).item() * len(rows)
            right += (objective.classes(output) == examples.labels[rows]).sum().item()
    return loss / len(examples), right / len(examples)


class _Run:
    def __init__(self, model, training, validation, schedule: Schedule, work: Path, objective: Objective):
        torch.manual_seed(schedule.seed)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = model.to(self.device, memory_format=torch.channels_last)
        self.training, self.validation = training, validation
        self.schedule, self.work, self.objective = schedule, work, objective
        self.batch = min(schedule.batch, max(2, len(training)))
        self.steps = len(training) // self.batch
        if self.steps == 0:
            raise RecipeError(f"{len(training)} images are too few to train on")
        self.optimizer = _optimizer(self.model, schedule.optimizer)
        self.sample = sample(training)
        self.epoch, self.spent = 0, 0.0
        self.best: dict | None = None
        self.rate_state: dict | None = None
        self._resume()

    def to_the_end(self) -> Trained:
        last = 0
        for cycle in self.schedule.cycles:
            first, last = last, last + cycle.epochs
            if self.epoch < last and not self._over():
                self._cycle(cycle, first, last)
        if self.best:
            self.model.load_state_dict(self.best["model"])
        loss, accuracy = evaluate(self.model, self.validation, self.objective, self.device)
        model = self.model.to("cpu", memory_format=torch.contiguous_format)
        return Trained(model, self.epoch, self.spent, loss, accuracy)

    def _cycle(self, cycle: Cycle, first: int, last: int):
        # A cycle of fewer than eight steps, as in a try, leaves no room for a rise and a fall.
        total = max(cycle.epochs * self.steps, 8)
        rate = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, cycle.peak, total_steps=total, pct_start=0.25)
        if self.epoch > first and self.rate_state:
            rate.load_state_dict(self.rate_state["rate"])
            # The scheduler's constructor has set the rate of its first step.
            self.optimizer.load_state_dict(self.rate_state["optimizer"])
        self.optimizer.param_groups[0]["weight_decay"] = cycle.decay
        while self.epoch < last and not self._over():
            begun = time.monotonic()
            loss = self._epoch(rate, cycle.augment)
            self.epoch += 1
            self.spent += time.monotonic() - begun
            held = evaluate(self.model, self.validation, self.objective, self.device)
            self._keep_best(held[0])
            print(
                f"epoch {self.epoch}  loss {loss:.4f}  validation loss {held[0]:.4f}  "
                f"accuracy {held[1]:.2%}  {self.spent:.0f} s",
                flush=True,
            )
            self._save(rate)

    def _epoch(self, rate, augment: bool) -> float:
        """One pass; the order and the augmentation depend on the seed and the epoch alone."""
        self.model.train()
        seed, count = self.schedule.seed, len(self.training)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + self.epoch))
        torch.manual_seed(seed * 1000 + self.epoch)
        total = 0.0
        for step in range(self.steps):
            rows = order[step * self.batch : (step + 1) * self.batch]
            batch = _placed(self.training.batch(rows, augment), self.device)
            loss = self.objective.loss(self.model(batch), self.training.labels[rows].to(self.device))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            rate.step()
            total += loss.item()
        return total / self.steps

    def _keep_best(self, loss: float):
        if self.schedule.patience is not None and (self.best is None or loss < self.best["loss"]):
            state = {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}
            self.best = {"loss": loss, "epoch": self.epoch, "model": state}

    def _over(self) -> bool:
        patience = self.schedule.patience
        return patience is not None and self.best is not None and self.epoch - self.best["epoch"] >= patience

    def _settings(self) -> str:
        return f"{asdict(self.schedule)} on {len(self.training)} images, {self.sample}"

    def _save(self, rate):
        self.work.mkdir(parents=True, exist_ok=True)
        parts = {"model": self.model, "optimizer": self.optimizer, "rate": rate}
        saved = {name: part.state_dict() for name, part in parts.items()}
        saved |= {"epoch": self.epoch, "spent": self.spent, "best": self.best, "settings": self._settings()}
        torch.save(saved, self.work / "checkpoint.new")
        (self.work / "checkpoint.new").replace(self.work / "checkpoint.pt")

    def _resume(self):
        path = self.work / "checkpoint.pt"
        if not path.is_file():
            return
        saved = torch.load(path, map_location="cpu", weights_only=True)
        if saved.get("settings") != self._settings():
            raise RecipeError(
                f"{path} belongs to a run with other settings ({saved.get('settings')}); "
                "give another --work, or remove it"
            )
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.epoch, self.spent, self.best, self.rate_state = saved["epoch"], saved["spent"], saved["best"], saved
        print(f"continuing after epoch {self.epoch} from {path}", flush=True)


def _placed(batch: torch.Tensor, device: str) -> torch.Tensor:
    return batch.to(device, memory_format=torch.channels_last) if batch.ndim == 4 else batch.to(device)


def _optimizer(model: nn.Module, name: str) -> torch.optim.Optimizer:
    """Weight decay is for matrices and kernels, the first group; not for biases and batch norm."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    free = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed}, {"params": free, "weight_decay": 0.0}]
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=1e-3)
    return torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
