# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: one optimiser, one schedule, checkpoints, resume.

A run is a pure function of its seed: the order of the data and every random draw of a step are
seeded by (seed, step), so that a run stopped at any moment ends with the weights of a run that
was not, to the rounding of the machine.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from mmser_ros.errors import MmserError

Weights = Mapping[str, Tensor]


class TrainingError(MmserError):
    """A run that can't start, go on or be trusted."""


@dataclass(frozen=True)
class Schedule:
    """How a stage is trained.

    Attributes:
        epochs: passes over the data.
        batch_size: items (rows, pictures) a step.
        learning_rate: its peak, after the warm-up; then it falls by a cosine to a twentieth.
        weight_decay: of AdamW, on matrices only.
        warmup: share of all steps in which the learning rate rises (paper: 0.03).
        average: decay of the moving average of the weights that the stage ends with.
        seed: of the order of the data and of every random draw.
        threads: CPU threads; 0 leaves torch's own choice.
        compile: whether torch.compile takes the model; faster, needs a C++ compiler on a CPU.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    warmup: float = 0.03
    average: float = 0.998
    seed: int = 0
    threads: int = 0
    compile: bool = False


def learning_rate(schedule: Schedule, step: int, steps: int) -> float:
    """The learning rate of a step (from 0) of `steps`."""
    rising = max(1, round(schedule.warmup * steps))
    if step < rising:
        return schedule.learning_rate * (step + 1) / rising
    done = (step - rising) / max(1, steps - rising)
    return schedule.learning_rate * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))


@contextmanager
def training_only(model: nn.Module, *parts: nn.Module | nn.Parameter) -> Iterator[None]:
    """Freeze all of a model but these parts of it, for a while."""
    frozen = [p for p in model.parameters() if p.requires_grad]
    model.requires_grad_(False)
    for part in parts:
        part.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(True)


def train(
    name: str,
    model: nn.Module,
    loss_of: Callable[[Sequence[int]], Tensor],
    items: int,
    schedule: Schedule,
    folder: Path,
    validate: Callable[[], str] | None = None,
    checkpoint_seconds: float = 120.0,
) -> None:
    """Train a model in place; it ends with the averaged weights.

    Args:
        name: the stage's name, for its checkpoint and the progress bar.
        model: what to train: every parameter that requires a gradient.
        loss_of: items of the batch → loss.
        items: how many items an epoch has.
        schedule: how to train.
        folder: where `<name>.state.pt` lies; if it is there, training goes on from it.
        validate: called in eval mode after each epoch; what it says is printed.
        checkpoint_seconds: time between checkpoints.

    Raises:
        TrainingError: the loss is not finite, or the checkpoint is of another run.
    """
    if schedule.threads:
        torch.set_num_threads(schedule.threads)
    parameters = {key: p for key, p in model.named_parameters() if p.requires_grad}
    groups: list[dict[str, Any]] = [
        {
            "params": [p for p in parameters.values() if p.ndim > 1],
            "weight_decay": schedule.weight_decay,
        },
        {"params": [p for p in parameters.values() if p.ndim <= 1]},
    ]
    optimiser = torch.optim.AdamW(
        groups,
        weight_decay=0.0,
        betas=(0.9, 0.98),
        fused=True,
    )
    average = {key: p.detach().clone() for key, p in parameters.items()}
    per_epoch = items // schedule.batch_size
    steps = schedule.epochs * per_epoch
    state_file = folder / f"{name}.state.pt"
    step = _resume(state_file, schedule, parameters, average, optimiser)
    saved_at = monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
    )
    console = Console(stderr=True)
    smooth = 0.0
    model.train()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(name, total=steps, completed=step, loss=0.0)
        while step < steps:
            epoch, place = divmod(step, per_epoch)
            order = torch.randperm(
                items, generator=torch.Generator().manual_seed(schedule.seed * 10_007 + epoch)
            )
            batch = order[place * schedule.batch_size :][: schedule.batch_size].tolist()
            torch.manual_seed(schedule.seed * 1_000_003 + step)
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(schedule, step, steps)
            loss = loss_of(batch)
            if not torch.isfinite(loss):
                msg = f"{name}: the loss is {loss.item()} at step {step}; lower the learning rate"
                raise TrainingError(msg)
            loss.backward()
            nn.utils.clip_grad_norm_(list(parameters.values()), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            step += 1
            # A young average follows the weights more closely, or it would remember the start.
            decay = min(schedule.average, step / (step + 10))
            with torch.no_grad():
                for key, p in parameters.items():
                    average[key].lerp_(p, 1 - decay)
            smooth = loss.item() if smooth == 0 else 0.98 * smooth + 0.02 * loss.item()
            bar.update(task, completed=step, loss=smooth)
            if step % per_epoch == 0:
                model.eval()
                said = validate() if validate else ""
                console.print(f"{name}: epoch {step // per_epoch}, loss {smooth:.4f} {said}")
                model.train()
            if monotonic() - saved_at > checkpoint_seconds or step == steps:
                _save(state_file, schedule, step, parameters, average, optimiser)
                saved_at = monotonic()
    with torch.no_grad():
        for key, p in parameters.items():
            p.copy_(average[key])
    model.eval()


def _save(
    file: Path,
    schedule: Schedule,
    step: int,
    parameters: Weights,
    average: Weights,
    optimiser: torch.optim.Optimizer,
) -> None:
    state = {
        "step": step,
        "schedule": vars(schedule),
        "parameters": {key: p.detach() for key, p in parameters.items()},
        "average": average,
        "optimiser": optimiser.state_dict(),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    torch.save(state, fresh)
    os.replace(fresh, file)


def _resume(
    file: Path,
    schedule: Schedule,
    parameters: Weights,
    average: Weights,
    optimiser: torch.optim.Optimizer,
) -> int:
    if not file.exists():
        return 0
    state = torch.load(file, map_location="cpu", weights_only=True)
    if state["schedule"] != vars(schedule) or state["parameters"].keys() != parameters.keys():
        msg = f"{file} is of another run ({state['schedule']}); delete it or choose another folder"
        raise TrainingError(msg)
    with torch.no_grad():
        for key, p in parameters.items():
            p.copy_(state["parameters"][key])
            average[key].copy_(state["average"][key])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])
