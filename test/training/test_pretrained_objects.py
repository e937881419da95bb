# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mmser_ros.captioner.config import ObjectsConfig
from mmser_ros.captioner.model.object_tower import ObjectTower, object_classes
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.pretrained_objects import fill_object_tower


def write_graph_model(tower: ObjectTower, folder: Path) -> Path:
    """Write a tower's weights as a graph model of TensorFlow.js does, in float16."""
    nodes, weights, data = [], [], b""
    layers = [one for one in tower.modules() if isinstance(one, nn.Conv2d)]
    order = list(enumerate(layers))
    for number, layer in [*order[5:], *order[:5]]:  # graphs are in no fixed order
        convolution = f"Call/convolution_{number}" if number else "Call/convolution"
        kernel, bias = f"Call/split_{number}", f"Call/unknown_{number}"
        nodes += [
            {"op": "Const", "name": kernel},
            {"op": "Conv2D", "name": convolution, "input": ["Call/transpose", kernel]},
            {"op": "Add", "name": f"Call/Add_{number}", "input": [convolution, bias]},
            {"op": "Add", "name": f"Call/Sum_{number}", "input": [convolution, "Call/Add_1"]},
        ]
        for name, value in ((kernel, layer.weight.permute(2, 3, 1, 0)), (bias, layer.bias)):
            values = value.detach().numpy().astype(np.float16)
            weights.append(
                {
                    "name": name,
                    "shape": list(values.shape),
                    "dtype": "float32",
                    "quantization": {"dtype": "float16"},
                }
            )
            data += values.tobytes()
    group = {"paths": ["nanodet.bin"], "weights": weights}
    model = {"modelTopology": {"node": nodes}, "weightsManifest": [group]}
    (folder / "nanodet.bin").write_bytes(data)
    (folder / "nanodet.json").write_text(json.dumps(model))
    return folder / "nanodet.json"


def test_weights_come_from_a_graph_model(tmp_path):
    path = write_graph_model(source := ObjectTower(ObjectsConfig()), tmp_path)
    tower = ObjectTower(ObjectsConfig())
    fill_object_tower(tower, path)
    for name, value in source.state_dict().items():
        assert torch.equal(tower.state_dict()[name], value.half().float()), name
    assert not any(one.requires_grad for one in tower.parameters())


def test_another_network_or_a_missing_file_is_refused(tmp_path):
    tower = ObjectTower(ObjectsConfig())
    with pytest.raises(TrainingError, match="expected nanodet"):
        fill_object_tower(tower, tmp_path / "nanodet.json")
    path = write_graph_model(tower, tmp_path)
    (tmp_path / "nanodet.bin").write_bytes(b"cut")
    with pytest.raises(TrainingError, match="expected nanodet"):
        fill_object_tower(tower, path)
    other = ObjectTower(ObjectsConfig())
    other.laterals[0] = nn.Conv2d(8, 128, 1)
    path = write_graph_model(other, tmp_path)
    with pytest.raises(TrainingError, match="other shapes"):
        fill_object_tower(tower, path)


def test_classes_have_names():
    assert len(set(object_classes())) == 80
