# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
import shutil

import pytest
import torch

from mmser_ros.captioner.checkpoint import (
    CheckpointError,
    load_checkpoint,
    save_calibrated,
    save_checkpoint,
)
from mmser_ros.captioner.untrained import build_untrained

FILES = ("config.json", "model.safetensors", "tokenizer.json")


@pytest.fixture
def copy(tiny_checkpoint, tmp_path):
    return shutil.copytree(tiny_checkpoint, tmp_path / "copy")


def test_what_was_saved_is_loaded(tiny_config, tmp_path):
    specialist, tokenizer = build_untrained(tiny_config)
    save_checkpoint(tmp_path, specialist, tokenizer, torch.float32)
    loaded, words = load_checkpoint(tmp_path)
    assert loaded.config == tiny_config
    assert words.to_str() == tokenizer.to_str()
    for name, value in specialist.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value, atol=0, rtol=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "truncated", "empty", "flipped"])
def test_a_damaged_file_is_named(copy, name, damage):
    path = copy / name
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "flipped":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 0x80]) + data[middle + 1 :])
    else:
        path.write_bytes(data[: len(data) // 2 if damage == "truncated" else 0])
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        load_checkpoint(copy)


def test_weights_of_another_architecture_are_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    config["specialist"]["language"]["architecture"]["num_hidden_layers"] = 3
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"model\.safetensors does not fit"):
        load_checkpoint(copy)


def test_a_folder_that_is_no_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_checkpoint(tmp_path)


def test_a_damaged_checkpoint_is_not_calibrated(copy, tmp_path):
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is damaged"):
        save_calibrated(copy, tmp_path / "out", [])
    assert not (tmp_path / "out").exists()
