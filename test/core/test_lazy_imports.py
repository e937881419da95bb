# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What users import, and what the import costs."""

import subprocess
import sys
from importlib import import_module

import pytest

import mmser_ros

HEAVY = ("torch", "transformers", "rclpy", "spacy", "scipy", "PIL")


@pytest.mark.parametrize(
    ("package", "names"),
    [
        ("mmser_ros", ["Camera", "Caption", "Captioner", "Observation", "Pose", "SceneMemory"]),
        (
            "mmser_ros.captioner",
            ["Answer", "AnsweringCaptioner", "Captioner", "ModelSettings", "open_captioner"],
        ),
        ("mmser_ros.memory", ["SceneMemory"]),
        ("mmser_ros.nodes", ["SceneGraphListener"]),
    ],
)
def test_what_users_import(package, names):
    module = import_module(package)
    assert module.__all__ == names
    for name in names:
        assert getattr(module, name).__name__ == name
        assert name in dir(module)


def test_the_short_name_is_the_same_class():
    from mmser_ros.captioner.captioner import Captioner

    assert mmser_ros.Captioner is Captioner is import_module("mmser_ros.captioner").Captioner


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'mmser_ros' has no attribute 'Captionner'"):
        _ = mmser_ros.Captionner


@pytest.mark.parametrize("package", ["", ".captioner", ".memory", ".nodes"])
def test_a_package_loads_nothing_heavy_before_a_name_is_used(package):
    code = f"import mmser_ros{package}, sys; print([one for one in {HEAVY} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_captioning_needs_no_transformers():
    """Which take longer to import than all else that a caption needs, and 150 MB."""
    code = "import sys; from mmser_ros.captioner.opening import open_captioner as open_it; "
    code += "open_it('nano'); print([one for one in sys.modules if one == 'transformers'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
