# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from mmser_ros.nodes.caption.diagnostics import caption_status
from mmser_ros.nodes.caption.statistics import Snapshot
from test.nodes.conftest import values

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
WELL = Snapshot(
    received=9,
    lost=7,
    impossible_losses=0,
    captioned=4,
    dropped={"overrun": 5},
    input_rate=30.0,
    loss=0.04,
    caption_rate=12.5,
    latency_ms={"p50": 80.0, "p99": 120.0},
    glance_latency_ms={"p50": 60.0, "p99": 65.0},
    inference_ms={"p50": 70.0, "p99": 90.0},
    failures=0,
    withheld=0,
    silence=0.03,
    last_error="",
)
FAILING = replace(WELL, failures=3, last_error="short")
UNSURE = replace(WELL, withheld=8)
LOSING = replace(WELL, loss=0.49)
BLIND = replace(WELL, no_view="black")
SILENT = replace(WELL, silence=2.41)


def status(snapshot, state="active", trouble="", input_state="no publisher"):
    return caption_status(
        "here: captions",
        snapshot,
        {"model": "nano"},
        state=state,
        topic="/image",
        input_state=input_state,
        loss_cure="set this",
        timeout=2.0,
        trouble=trouble,
    )


@pytest.mark.parametrize(
    ("snapshot", "options", "level", "message"),
    [
        (WELL, {}, OK, "12.5 captions/s"),
        (replace(WELL, busy=9.0), {}, OK, "12.5 captions/s"),
        (
            replace(WELL, busy=61.3),
            {},
            WARN,
            "one image has been in work for 61 s: the model is slow, or hangs",
        ),
        (FAILING, {}, WARN, "12.5 captions/s; 3 images failed in the last minute: short"),
        (
            replace(FAILING, failing=7.2),
            {"trouble": "degraded"},
            ERROR,
            "no caption for 7 s: short; degraded",
        ),
        (
            replace(SILENT, failures=3, failing=7.2),
            {},
            ERROR,
            "no image on /image for 2.4 s; no publisher",
        ),
        (
            UNSURE,
            {},
            OK,
            "12.5 captions/s; 8 captions of the last minute were below min_confidence",
        ),
        (
            LOSING,
            {},
            WARN,
            "12.5 captions/s; 49% of the images are lost on their way: set this",
        ),
        (WELL, {"trouble": "degraded: full"}, WARN, "degraded: full"),
        (SILENT, {}, ERROR, "no image on /image for 2.4 s; no publisher"),
        (
            SILENT,
            {"trouble": "degraded"},
            ERROR,
            "no image on /image for 2.4 s; no publisher; degraded",
        ),
        (
            SILENT,
            {"input_state": "1 publisher, QoS compatible"},
            ERROR,
            "no image on /image for 2.4 s; 1 publisher, QoS compatible; "
            "if it sends any, they get lost on their way: set this",
        ),
        (
            replace(SILENT, loss=1.0, lost_since=12),
            {},
            ERROR,
            "no image on /image for 2.4 s; no publisher; "
            "12 images were lost on their way since: set this",
        ),
        (
            replace(SILENT, loss=0.49),
            {},
            ERROR,
            "no image on /image for 2.4 s; no publisher; "
            "49% of the images are lost on their way: set this",
        ),
        (BLIND, {}, ERROR, "no_view: black"),
        (
            replace(BLIND, loss=0.49),
            {"trouble": "degraded"},
            ERROR,
            "no_view: black; degraded; 49% of the images are lost on their way: set this",
        ),
        (
            replace(BLIND, silence=9.0),
            {},
            ERROR,
            "no image on /image for 9.0 s; no publisher; no_view: black",
        ),
        (SILENT, {"state": "inactive"}, WARN, "the node is inactive: no captions"),
        (WELL, {"state": "unconfigured", "trouble": "no model"}, ERROR, "no model"),
    ],
)
def test_the_worst_comes_first(snapshot, options, level, message):
    found = status(snapshot, **options)
    assert (found.level, found.message) == (level, message)


def test_the_figures():
    found = status(replace(FAILING, impossible_losses=2), trouble="degraded")
    assert (found.name, found.hardware_id) == ("here: captions", "nano")
    expected = {
        "state": "active",
        "input topic": "/image",
        "input": "no publisher",
        "input rate (Hz)": "30.00",
        "caption rate (Hz)": "12.50",
        "latency p50 (ms)": "80.0",
        "latency p99 (ms)": "120.0",
        "glance latency p50 (ms)": "60.0",
        "glance latency p99 (ms)": "65.0",
        "inference p50 (ms)": "70.0",
        "inference p99 (ms)": "90.0",
        "lost on the way": "7",
        "impossible loss reports": "2, each counted as one",
        "received": "9",
        "captioned": "4",
        "dropped.overrun": "5",
        "model": "nano",
        "trouble": "degraded",
        "last error": "short",
    }
    assert values(found) == expected
