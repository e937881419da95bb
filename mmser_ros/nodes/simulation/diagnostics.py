# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The status of simulation_node on /diagnostics."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

STALLED = 2.0
"""Seconds that time stands still, from which on it is worth a warning."""


@dataclass(frozen=True)
class Progress:
    """How simulated time goes by.

    Attributes:
        moment: simulated time, in seconds.
        factor: simulated seconds per second, of late.
        waiting: what lockstep waits for; empty: for nothing.
        waited: seconds since the last step.
        failure: what ended the simulation; empty: nothing.
    """

    moment: float
    factor: float
    waiting: str
    waited: float
    failure: str


def simulation_status(
    name: str,
    facts: dict[str, str],
    progress: Progress | None,
    *,
    state: str,
    missed: int,
    refusal: str,
    trouble: str,
) -> DiagnosticStatus:
    """Make the status: a message on the most serious problem, and values.

    Args:
        name: of the status.
        facts: further values.
        progress: None before the node is configured.
        state: lifecycle state, such as `active`.
        missed: images whose caption did not come within lockstep_timeout.
        refusal: why the last command or goal can't be followed; empty: it can.
        trouble: why the node does not work; empty: it works.
    """
    level, message = DiagnosticStatus.OK, ""
    values = {"state": state, "lockstep misses": str(missed), **facts}
    if progress is not None:
        message = f"{progress.moment:.1f} s simulated, {progress.factor:.1f}x real time"
        values["simulated time (s)"] = f"{progress.moment:.3f}"
        values["real time factor"] = f"{progress.factor:.2f}"
        trouble = trouble or progress.failure
    if missed:
        level = DiagnosticStatus.WARN
        message = f"{missed} images got no caption within lockstep_timeout"
    if refusal:
        level, message = DiagnosticStatus.WARN, refusal
    if progress is not None and progress.waiting and progress.waited > STALLED:
        level = DiagnosticStatus.WARN
        message = f"time stands still for {progress.waited:.1f} s: lockstep waits for "
        message += progress.waiting
    if state != "active":
        level, message = DiagnosticStatus.WARN, f"the node is {state}: time stands still"
    if trouble:
        level, message = DiagnosticStatus.ERROR, trouble
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=facts.get("home", ""),
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
