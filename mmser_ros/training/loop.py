# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: one optimiser, one schedule, checkpoints, resume.

- A run is a function of its seed: data order and random draws of a step are seeded by (seed, step).
  So a resumed run ends with the same weights as an uninterrupted one, up to rounding.
- Each process takes a share of every batch, and gradients are summed. So a recipe means the same on
  any number of processes.
- The moving average is our own. torch's AveragedModel would also copy and store frozen weights, and
  its averaging functions have no warm-up.
- The schedule is our own. The cosine schedules of transformers start at a rate of 0, or are one
  step ahead after the warm-up; torch's accumulates rounding errors, and is stateful.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import torch
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor, nn

from mmser_ros.core.errors import MmserError
from mmser_ros.core.validation import checked
from mmser_ros.training.distributed import processes, sum_over_processes
from mmser_ros.training.progress_log import ProgressLog

PART_SEEDS = 15_485_863
"""Distance between the seeds of a batch's parts; more than the number of steps."""
Share = Annotated[float, Field(gt=0, le=1)]
Weights = Mapping[str, Tensor]
Loss = tuple[Tensor, float]
"""The mean loss of some items, and its weight: the number of words that it is the mean of."""


class TrainingError(MmserError):
    """A run that can't start, can't continue, or diverged."""


@checked(TrainingError)
class Schedule:
    """How a stage is trained.

    Attributes:
        epochs: passes over the data.
        batch_size: items (rows, images) per step, over all processes.
        accumulate: gradient accumulation: number of parts of a process's share of a batch. More
            parts need less memory. Each part has its own random draws (views, dropout).
        learning_rate: peak learning rate, after the warm-up; a cosine then lowers it to 5 %.
        weight_decay: weight decay of AdamW, on matrices only.
        warmup: share of all steps in which the learning rate rises (paper: 0.03).
        average: decay of the moving average of the weights; a stage ends with the average.
        seed: seed of the data order and of every random draw.
        threads: CPU threads; 0 keeps torch's default.
        compile: whether to use torch.compile: faster, but on a CPU it needs a C++ compiler.
    """

    epochs: NonNegativeInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    weight_decay: NonNegativeFloat = 0.0
    accumulate: PositiveInt = 1
    warmup: Annotated[float, Field(ge=0, le=1)] = 0.03
    average: Annotated[float, Field(ge=0, lt=1)] = 0.998
    seed: NonNegativeInt = 0
    threads: NonNegativeInt = 0
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
    """Within `with`, freeze all parameters of a model except those of these parts."""
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
    loss_of: Callable[[Sequence[int]], Loss],
    items: int,
    schedule: Schedule,
    folder: Path,
    validate: Callable[[], Mapping[str, float]] | None = None,
    checkpoint_seconds: float = 120.0,
    *,
    order_of: Callable[[int], Sequence[int]] | None = None,
    rate_factors: Mapping[str, float] | None = None,
) -> None:
    """Train a model in place; at the end it has the averaged weights.

    Args:
        name: name of the stage, for its state file and the progress bar.
        model: the model; parameters that require a gradient are trained.
        loss_of: indices of a batch's items → their loss.
        items: number of items per epoch.
        schedule: the training schedule.
        folder: folder of `<name>.state.pt`; if that exists, training resumes from it.
        validate: called in eval mode after each epoch, in the main process; returns figures by
            name.
        checkpoint_seconds: time between checkpoints.
        order_of: epoch (from 0) → indices of its items in order, always the same; default: a
            seeded shuffle.
        rate_factors: prefix of a parameter's name → factor of its learning rate; default: 1.

    Raises:
        TrainingError: there are too few items, the loss is not finite, or the state is of
            another run.
    """
    if schedule.threads:
        torch.set_num_threads(schedule.threads)
    team = processes()
    parts = team.num_processes * schedule.accumulate
    mine = range(parts)[team.process_index :: team.num_processes]
    if not parts <= schedule.batch_size <= items:
        msg = (
            f"{name}: batch_size is {schedule.batch_size}; expected at least {parts} (accumulate "
            f"times processes) and at most {items}, the number of training items"
        )
        raise TrainingError(msg)
    parameters = {key: p for key, p in model.named_parameters() if p.requires_grad}
    optimiser, factors = _optimiser(parameters, schedule.weight_decay, rate_factors or {})
    average = {key: p.detach().clone() for key, p in parameters.items()}
    per_epoch = items // schedule.batch_size
    steps = schedule.epochs * per_epoch
    state_file = folder / f"{name}.state.pt"
    step = _resume(state_file, schedule, parameters, average, optimiser)
    saved_at = monotonic()
    model.train()
    with ProgressLog(name, step, steps, folder) as journal:
        while step < steps:
            epoch, batch_number = divmod(step, per_epoch)
            order = order_of(epoch) if order_of else _shuffled(items, schedule.seed, epoch)
            batch = list(order[batch_number * schedule.batch_size :][: schedule.batch_size])
            rate = learning_rate(schedule, step, steps)
            for group, factor in zip(optimiser.param_groups, factors, strict=True):
                group["lr"] = rate * factor
            seed = schedule.seed * 1_000_003 + step
            shares = [(seed + part * PART_SEEDS, batch[part::parts]) for part in mine]
            loss = _gradients(loss_of, shares, list(parameters.values()))
            if not math.isfinite(loss):
                msg = f"{name}: the loss is {loss} at step {step}; lower the learning rate"
                raise TrainingError(msg)
            nn.utils.clip_grad_norm_(list(parameters.values()), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            journal.step(step, loss, rate)
            step += 1
            # The decay has a warm-up, or the average would keep too much of the initial weights.
            decay = min(schedule.average, step / (step + 10))
            with torch.no_grad():
                for key, p in parameters.items():
                    average[key].lerp_(p, 1 - decay)
            if step % per_epoch == 0 and team.is_main_process:
                model.eval()
                journal.epoch(step // per_epoch, step - 1, validate() if validate else {})
                model.train()
            due = monotonic() - saved_at > checkpoint_seconds or step == steps
            if due and team.is_main_process:
                _save(state_file, schedule, step, parameters, average, optimiser)
                saved_at = monotonic()
    with torch.no_grad():
        for key, p in parameters.items():
            p.copy_(average[key])
    model.eval()


def _shuffled(items: int, seed: int, epoch: int) -> list[int]:
    draw = torch.Generator().manual_seed(seed * 10_007 + epoch)
    return torch.randperm(items, generator=draw).tolist()


def _optimiser(
    parameters: Mapping[str, nn.Parameter], weight_decay: float, rate_factors: Mapping[str, float]
) -> tuple[torch.optim.Optimizer, list[float]]:
    """The optimiser, and the learning-rate factor of each parameter group."""
    groups: dict[tuple[bool, float], list[nn.Parameter]] = {}
    for name, one in parameters.items():
        fitting = (value for start, value in rate_factors.items() if name.startswith(start))
        factor = next(fitting, 1.0)
        groups.setdefault((one.ndim <= 1, factor), []).append(one)
    order = sorted(groups)
    decayed: list[dict[str, Any]] = [
        {"params": groups[key], "weight_decay": 0.0 if key[0] else weight_decay} for key in order
    ]
    optimiser = torch.optim.AdamW(decayed, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
    return optimiser, [factor for _, factor in order]


def _gradients(
    loss_of: Callable[[Sequence[int]], Loss],
    shares: Sequence[tuple[int, Sequence[int]]],
    parameters: Sequence[nn.Parameter],
) -> float:
    """Set the gradients of the mean loss over all processes, and return that loss.

    `shares` has the seed and the items of each part of this process.
    """
    sums = torch.zeros(2, device=parameters[0].device)
    for seed, items in shares:
        torch.manual_seed(seed)
        loss, weight = loss_of(items)
        (loss * weight).backward()
        sums += torch.stack([loss.detach() * weight, torch.full_like(sums[0], weight)])
    gradients = []
    for one in parameters:
        if one.grad is None:  # not used in this process, perhaps in another
            one.grad = torch.zeros_like(one)
        gradients.append(one.grad)
    sum_over_processes([sums, *gradients])
    torch._foreach_div_(gradients, float(sums[1]))
    return float(sums[0] / sums[1])


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
