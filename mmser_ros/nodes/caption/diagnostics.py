# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What caption_node says of itself on /diagnostics."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from mmser_ros.nodes.caption.statistics import Snapshot
from mmser_ros.nodes.common.topic_health import COMPATIBLE

MALFORMED = "malformed_"
"""Prefix of the drop reasons that are reasons of an ImageError."""
FAILING = 2.0
"""Seconds without a caption since the captioner failed that are an error."""
BUSY = 10.0
"""Seconds with one image that are worth a warning."""
LOSS = 0.05
"""Share of images lost on their way that is worth a warning."""


def caption_status(
    name: str,
    snapshot: Snapshot,
    facts: dict[str, str],
    *,
    state: str,
    topic: str,
    input_state: str,
    loss_cure: str,
    timeout: float,
    trouble: str = "",
) -> DiagnosticStatus:
    """One status: the worst thing first, in words, then the figures.

    Args:
        name: of the status.
        snapshot: of the stream.
        facts: further key-values, such as the model and the device.
        state: lifecycle state, such as `active`.
        topic: the image topic, fully resolved.
        input_state: what `explain_input` says of it.
        loss_cure: what `loss_cure` says of it.
        timeout: seconds of silence that are an error.
        trouble: what keeps the node from working, or works worse than asked; empty: nothing.
    """
    facts_by_level = _said(snapshot, topic, input_state, loss_cure, timeout, trouble)
    level = max(one for one, _ in facts_by_level)
    message = "; ".join(text for _, text in facts_by_level)
    if state != "active":
        level, message = DiagnosticStatus.WARN, f"the node is {state}: no captions"
        if trouble and state == "unconfigured":
            level, message = DiagnosticStatus.ERROR, trouble
    values = {
        "state": state,
        "input topic": topic,
        "input": input_state,
        "input rate (Hz)": f"{snapshot.input_rate:.2f}",
        "caption rate (Hz)": f"{snapshot.caption_rate:.2f}",
        "latency p50 (ms)": f"{snapshot.latency_ms['p50']:.1f}",
        "latency p99 (ms)": f"{snapshot.latency_ms['p99']:.1f}",
        "glance latency p50 (ms)": f"{snapshot.glance_latency_ms['p50']:.1f}",
        "glance latency p99 (ms)": f"{snapshot.glance_latency_ms['p99']:.1f}",
        "inference p50 (ms)": f"{snapshot.inference_ms['p50']:.1f}",
        "inference p99 (ms)": f"{snapshot.inference_ms['p99']:.1f}",
        "lost on the way": str(snapshot.lost),
        "received": str(snapshot.received),
        "captioned": str(snapshot.captioned),
        **{f"dropped.{reason}": str(count) for reason, count in sorted(snapshot.dropped.items())},
        **facts,
    }
    if snapshot.impossible_losses:
        values["impossible loss reports"] = f"{snapshot.impossible_losses}, each counted as one"
    if trouble:
        values["trouble"] = trouble
    if snapshot.last_error:
        values["last error"] = snapshot.last_error
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=facts.get("model", ""),
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )


def _said(
    snapshot: Snapshot, topic: str, input_state: str, loss_cure: str, timeout: float, trouble: str
) -> list[tuple[bytes, str]]:
    """What there is to say of an active node: levels and words, the worst first."""
    ok, warn, error = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
    silent = snapshot.silence > timeout
    said = []
    if silent:
        text = f"no image on {topic} for {snapshot.silence:.1f} s; {input_state}"
        said.append((error, text))
    if snapshot.no_view:
        said.append((error, f"no_view: {snapshot.no_view}"))
    failing = snapshot.failing > FAILING and not silent
    if failing:
        said.append((error, f"no caption for {snapshot.failing:.0f} s: {snapshot.last_error}"))
    if snapshot.busy > BUSY:
        text = f"one image has been in work for {snapshot.busy:.0f} s: the model is slow, or hangs"
        said.append((warn, text))
    if trouble:
        said.append((warn, trouble))
    if not said:
        said.append((ok, f"{snapshot.caption_rate:.1f} captions/s"))
    if snapshot.withheld and not silent:
        text = f"{snapshot.withheld} captions of the last minute were below min_confidence"
        said.append((ok, text))
    if snapshot.failures and not silent and not failing:
        text = f"{snapshot.failures} images failed in the last minute: {snapshot.last_error}"
        said.append((warn, text))
    if silent and snapshot.lost_since:
        text = f"{snapshot.lost_since} images were lost on their way since: {loss_cure}"
        said.append((error, text))
    elif silent and input_state.endswith(COMPATIBLE):
        said.append((error, f"if it sends any, they get lost on their way: {loss_cure}"))
    elif snapshot.loss > LOSS:
        said.append((warn, f"{snapshot.loss:.0%} of the images are lost on their way: {loss_cure}"))
    return said
