# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What all tests share: a ROS domain of their own, and a tiny checkpoint."""

import os
from pathlib import Path

import domain_coordinator
import numpy as np
import pytest

# Before rclpy is imported anywhere: no other session, and no robot, may hear these tests.
_domain = domain_coordinator.domain_id()
os.environ["ROS_DOMAIN_ID"] = str(_domain.__enter__())
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
_threads = "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"  # others run beside it
os.environ.setdefault("OMP_NUM_THREADS", _threads)
os.environ["no_proxy"] = "127.0.0.1"  # where the stubs of servers are

from mmser_ros.nodes.common.dds_profile import use_large_shared_memory  # noqa: E402

use_large_shared_memory()


def pytest_unconfigure() -> None:
    _domain.__exit__(None, None, None)


@pytest.fixture(scope="session")
def tiny_config():
    """A specialist of the real classes, too small to know anything."""
    from mmser_ros.captioner.config import LanguageConfig, SpecialistConfig, VisionConfig

    language = {
        "vocab_size": 300,
        "hidden_size": 32,
        "ffn_dim": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "word_embed_proj_dim": 32,
        "max_position_embeddings": 128,
        "dropout": 0.0,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    return SpecialistConfig(
        name="tiny",
        vision=VisionConfig("efficientnet-lite", "efficientnet-lite0", 224, (17, 11)),
        language=LanguageConfig("random", language),
        max_caption_tokens=8,
    )


@pytest.fixture(scope="session")
def tiny_languages(tiny_config):
    """The smallest language model of each kind, by its name."""
    from mmser_ros.captioner.config import LanguageConfig

    llama = {
        "vocab_size": 300,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 128,
        "initializer_range": 0.15,  # with less it would only say again what it read last
        "tie_word_embeddings": True,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    return {"opt": tiny_config.language, "llama": LanguageConfig("random", llama, "llama")}


@pytest.fixture(scope="session")
def refining_config(tiny_config):
    """`tiny_config` with a SeR-connector."""
    from dataclasses import replace

    from mmser_ros.captioner.config import SerConnectorConfig

    bert = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    return replace(
        tiny_config, name="refining", ser_connector=SerConnectorConfig((17, 11), architecture=bert)
    )


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_config, tmp_path_factory) -> Path:
    """A checkpoint folder of `tiny_config` with seeded random weights."""
    return _save_untrained(tiny_config, tmp_path_factory)


@pytest.fixture(scope="session")
def refining_checkpoint(refining_config, tmp_path_factory) -> Path:
    """A checkpoint folder of `refining_config` with seeded random weights."""
    return _save_untrained(refining_config, tmp_path_factory)


@pytest.fixture(scope="session")
def refining_checkpoints(refining_config, tiny_languages, tmp_path_factory) -> dict[str, Path]:
    """Checkpoint folders of `refining_config` with each kind of language model, by its name."""
    from dataclasses import replace

    return {
        kind: _save_untrained(replace(refining_config, language=language), tmp_path_factory)
        for kind, language in tiny_languages.items()
    }


def _save_untrained(config, tmp_path_factory) -> Path:
    import torch

    from mmser_ros.captioner.checkpoint import save_checkpoint
    from mmser_ros.captioner.untrained import build_untrained

    torch.manual_seed(6)  # its captions are not empty, and differ from pass to pass
    specialist, tokenizer = build_untrained(config)
    folder = tmp_path_factory.mktemp("models") / config.name
    save_checkpoint(folder, specialist, tokenizer)
    return folder


@pytest.fixture(scope="session")
def hub_checkpoint(tmp_path_factory):
    """Gives the folder of a tiny checkpoint of transformers, by the type of its model."""
    from functools import cache

    from test.hub_checkpoints import CHECKPOINTS, FURTHER

    @cache
    def folder(kind: str) -> Path:
        if kind == "smolvlm":
            pytest.importorskip("num2words", reason="the processor of SmolVLM needs it")
        path = tmp_path_factory.mktemp("hub") / kind
        (CHECKPOINTS | FURTHER)[kind](path)
        return path

    return folder


@pytest.fixture
def picture() -> np.ndarray:
    """A picture with structure, (48, 64, 3) uint8."""
    rows, columns = np.mgrid[0:48, 0:64]
    return np.stack([rows * 5, columns * 3, (rows + columns) * 2], axis=-1).astype(np.uint8)


MARKS = {
    "archive": pytest.mark.slow,
    "benchmarks": pytest.mark.slow,
    "captioner": pytest.mark.slow,
    "cli": pytest.mark.slow,
    "demo": pytest.mark.ros,
    "evaluation/test_calibrate.py": pytest.mark.slow,
    "evaluation/test_meteor.py": pytest.mark.slow,
    "examples": pytest.mark.ros,
    "launch": pytest.mark.ros,
    "nodes": pytest.mark.ros,
    "simulation/home/test_make_home.py": pytest.mark.slow,
    "simulation/home/test_views.py": pytest.mark.slow,
    "test_package.py": pytest.mark.ros,
    "training": pytest.mark.training,
}
"""What the tests of a folder or file take, so that `make test-fast` can leave them out."""


def pytest_collection_modifyitems(items) -> None:
    for item in items:
        path = item.path.relative_to(Path(__file__).parent)
        for place, mark in MARKS.items():
            if path.is_relative_to(place):
                item.add_marker(mark)
