# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
import math
import shutil
from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from mmser_ros.captioner.checkpoint import (
    CheckpointError,
    load_checkpoint,
    save_calibrated,
    save_checkpoint,
)
from mmser_ros.captioner.confidence import Calibration, feature_names
from mmser_ros.captioner.config import ConceptsConfig
from mmser_ros.captioner.quantization.formats import quantize
from mmser_ros.captioner.untrained import build_untrained
from mmser_ros.captioner.weights import from_files

FILES = ("config.json", "model.safetensors", "tokenizer.json")


@pytest.fixture
def copy(tiny_checkpoint, tmp_path):
    return shutil.copytree(tiny_checkpoint, tmp_path / "copy")


def test_what_was_saved_is_loaded(tiny_config, tmp_path):
    specialist, tokenizer = build_untrained(tiny_config)
    save_checkpoint(tmp_path, specialist, tokenizer, dtype="float32")
    loaded, words = load_checkpoint(tmp_path)
    assert loaded.config == tiny_config
    assert words.to_str() == tokenizer.to_str()
    for name, value in specialist.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value, atol=0, rtol=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


@pytest.mark.parametrize("storage", ["int8", "float16"])
@torch.inference_mode()
def test_loaded_in_8_bits_it_is_as_if_quantized_afterwards(refining_config, tmp_path, storage):
    specialist, tokenizer = build_untrained(refining_config)
    save_checkpoint(tmp_path, specialist, tokenizer, dtype=storage)
    loaded, _ = load_checkpoint(tmp_path, int8=True)
    left = [name for name, one in loaded.named_modules() if type(one) is torch.nn.Linear]
    assert left == ["language_model.lm_head"]  # whose weights are the embeddings
    later, _ = load_checkpoint(tmp_path)
    for one in (loaded, later):
        quantize(one, "int8", "cpu")
    pixels = torch.arange(3 * 224 * 224).reshape(1, 3, 224, 224).remainder(251).byte()
    first, second = ((one, one.encode(pixels)) for one in (loaded, later))
    words = torch.tensor([[5, 6, 7]])
    for one, other in zip(*(m.refine(levels, words) for m, levels in (first, second)), strict=True):
        assert torch.equal(one, other)
    prompts = (one.prompt(one.glance(levels), words) for one, levels in (first, second))
    states = [
        one.language_model.lm_head(one.language_model(prompt.embeddings, prompt.positions))
        for one, prompt in zip((loaded, later), prompts, strict=True)
    ]
    assert torch.equal(*states)


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


@pytest.fixture(scope="module", params=["opt", "llama"])
def built(refining_config, tiny_languages, request):
    """With parts of all sorts: both kinds, and a concept detector's numbers of tokens."""
    torch.manual_seed(0)
    connector = replace(refining_config.ser_connector, concepts=ConceptsConfig(5, 8, 0.3))
    language = tiny_languages[request.param]
    return build_untrained(replace(refining_config, language=language, ser_connector=connector))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int8"])
def test_what_was_loaded_is_saved_again_byte_for_byte(built, tmp_path, dtype):
    save_checkpoint(tmp_path / "first", *built, dtype=dtype, largest=20_000)
    loaded, words = load_checkpoint(tmp_path / "first")
    assert {value.dtype for value in loaded.state_dict().values()} == {torch.float32, torch.int64}
    save_checkpoint(tmp_path / "again", loaded, words, dtype=dtype, largest=20_000)
    first, again = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("first", "again")
    )
    assert first == again
    whole = built[0].state_dict()
    for name, value in loaded.state_dict().items():
        close = {"float32": 0, "float16": 1e-3, "bfloat16": 8e-3, "int8": 4e-3}[dtype]
        reach = whole[name].abs().max().item()
        torch.testing.assert_close(value, whole[name], rtol=0, atol=close * reach)


def test_many_weights_are_in_several_files(built, tmp_path):
    save_checkpoint(tmp_path, *built, dtype="int8", largest=9_000)
    files = sorted(path for path in tmp_path.iterdir() if path.suffix == ".safetensors")
    assert [path.name for path in files] == [
        f"model-{number:05}-of-{len(files):05}.safetensors" for number in range(1, len(files) + 1)
    ]
    sizes = [path.stat().st_size for path in files]
    for path, size in zip(files, sizes, strict=True):
        assert size <= 9_000 or len(from_files({"": path.read_bytes()})) == 1
    assert 1 <= sum(size > 9_000 for size in sizes) < len(sizes)
    sums = json.loads((tmp_path / "config.json").read_text())["sha256"]
    assert sorted(sums) == [*(path.name for path in files), "tokenizer.json"]
    whole = sum(value.numel() for value in built[0].state_dict().values())
    assert sum(sizes) < 1.5 * whole
    damaged = files[1]
    data = damaged.read_bytes()
    damaged.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(CheckpointError, match=rf"{damaged.name} is damaged"):
        load_checkpoint(tmp_path)
    damaged.unlink()
    with pytest.raises(CheckpointError, match=rf"{damaged.name} can't be read"):
        load_checkpoint(tmp_path)
    save_checkpoint(tmp_path, *built)  # all in one file again, the others go
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    load_checkpoint(tmp_path)


@pytest.mark.parametrize("files", [{}, {"tokenizer.json": "0"}, {"../model.safetensors": "0"}])
def test_files_that_are_none_of_a_checkpoint_are_refused(copy, files):
    config = json.loads((copy / "config.json").read_text())
    known = config["sha256"]
    config["sha256"] = files | {"tokenizer.json": known["tokenizer.json"]} if files else {}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_checkpoint(copy)


def test_a_calibrated_checkpoint_has_the_same_weights(built, tmp_path):
    save_checkpoint(tmp_path / "source", *built, dtype="int8", largest=9_000)
    calibration = Calibration(1, 0.5, dict.fromkeys(feature_names(1), 1.0))
    save_calibrated(tmp_path / "source", tmp_path / "out", [calibration])
    assert load_checkpoint(tmp_path / "out")[0].config.calibrations == (calibration,)
    names = {path.name for path in (tmp_path / "source").iterdir()}
    assert names == {path.name for path in (tmp_path / "out").iterdir()}
    for name in names - {"config.json"}:
        one, other = (tmp_path / folder / name for folder in ("source", "out"))
        assert one.read_bytes() == other.read_bytes()


def test_what_8_bits_can_not_hold_is_named(built, tmp_path):
    specialist, words = deepcopy(built)
    with torch.no_grad():
        specialist.glance_connector[0].weight[3, 4] = math.inf
    with pytest.raises(CheckpointError, match=r"glance_connector\.0\.weight is not finite"):
        save_checkpoint(tmp_path / "out", specialist, words, dtype="int8")
    with pytest.raises(CheckpointError, match="unknown storage 'int3'; expected one of float32"):
        save_checkpoint(tmp_path / "out", specialist, words, dtype="int3")
    assert not (tmp_path / "out").exists()


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
