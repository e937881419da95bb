# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Progress of a stage: a bar (in a file, ten lines), a line per epoch, and TensorBoard files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmser_ros.core.console import is_tenth
from mmser_ros.training.distributed import processes

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def say(text: str) -> None:
    """Print a line on stderr, in the main process only."""
    _console().print(text, markup=False)


class ProgressLog:
    """Logs the progress of one stage, within `with`. Only the main process writes."""

    def __init__(self, name: str, step: int, steps: int, folder: Path) -> None:
        """Start at `step` of `steps`; TensorBoard files go to `folder`/tensorboard."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
        )
        self._name = name
        self._steps = steps
        self._smooth = 0.0
        self._bar = Progress(*columns, console=_console())
        self._task = self._bar.add_task(name, total=steps, completed=step, loss=0.0)
        self._board: SummaryWriter | None = None
        if processes().is_main_process and step < steps and _has_tensorboard():
            from torch.utils.tensorboard import SummaryWriter

            # Steps after the last checkpoint of a killed run are written again.
            self._board = SummaryWriter(folder / "tensorboard" / name, purge_step=step)

    def __enter__(self) -> ProgressLog:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        if self._board:
            self._board.close()

    def step(self, step: int, loss: float, rate: float) -> None:
        """Log the loss and the learning rate of a step (from 0)."""
        self._smooth = loss if self._smooth == 0 else 0.98 * self._smooth + 0.02 * loss
        self._bar.update(self._task, completed=step + 1, loss=self._smooth)
        if not self._bar.console.is_terminal and is_tenth(step + 1, self._steps):
            say(f"{self._name}: step {step + 1} of {self._steps}, loss {self._smooth:.4f}")
        if self._board:
            self._board.add_scalar("loss", loss, step)
            self._board.add_scalar("learning rate", rate, step)

    def epoch(self, epoch: int, step: int, figures: Mapping[str, float]) -> None:
        """Log the validation figures of an epoch (from 1); `step` is its last step."""
        text = "".join(f", {name} {figure:.4f}" for name, figure in figures.items())
        line = f"{self._name}: epoch {epoch}, loss {self._smooth:.4f}{text}"
        self._bar.console.print(line, markup=False)
        if self._board:
            for name, figure in figures.items():
                self._board.add_scalar(name, figure, step)


def _console() -> Console:
    return Console(stderr=True, soft_wrap=True, quiet=not processes().is_main_process)


@cache
def _has_tensorboard() -> bool:
    found = find_spec("tensorboard") is not None
    if not found:
        say("TensorBoard is not installed, so no curves are written: pip install '.[train]'")
    return found
