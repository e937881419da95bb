# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mmser_ros.simulation.home import furnishing  # noqa: F401 - registers the kinds
from mmser_ros.simulation.home.clutter import ON
from mmser_ros.simulation.home.designs.kinds import KINDS
from mmser_ros.simulation.home.materials import COLOURS, STUFF
from mmser_ros.simulation.home.shapes import extents, mesh
from mmser_ros.simulation.home.split import VARIANTS, Split
from mmser_ros.simulation.home.textures import PATTERNS, shades


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_kind_stands_on_the_floor_and_has_a_size_that_fits_a_room(name):
    kind = KINDS[name]
    for variant in range(VARIANTS):
        parts = kind.make(variant, kind.materials[0])
        low, high = extents(parts)
        assert -0.03 < low[2] < 0.06
        assert (high - low < 2.6).all()
        assert (np.abs(low + high)[:2] < 0.4).all(), "its origin is about its middle"
        used = {part.material for part in parts}
        assert kind.materials[0] in used or "glass" in kind.materials[0]
        assert all(one.split("/")[0] in STUFF and one.split("/")[1] in COLOURS for one in used)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_design_of_evaluation_is_one_of_training(name):
    kind = KINDS[name]
    material = kind.materials[0]
    made = {split: [tuple(kind.make(one, material)) for one in split.variants()] for split in Split}
    assert not set(made[Split.TRAIN]) & set(made[Split.EVALUATION])


def test_the_splits_share_no_variant_and_evaluation_has_a_third():
    train, evaluation = Split.TRAIN.variants(), Split.EVALUATION.variants()
    assert not set(train) & set(evaluation)
    assert sorted(train + evaluation) == list(range(VARIANTS))
    assert len(evaluation) * 3 == VARIANTS


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_a_texture_is_the_same_each_time_and_differs_by_variant(pattern):
    assert np.array_equal(shades(pattern, 4), shades(pattern, 4))
    assert not np.array_equal(shades(pattern, 4), shades(pattern, 5))


@pytest.mark.parametrize("name", sorted(ON))
def test_furniture_that_holds_things_has_a_surface(name):
    for variant in range(VARIANTS):
        parts = KINDS[name].make(variant, KINDS[name].materials[0])
        assert any(part.surface for part in parts)


@pytest.mark.parametrize("shape", ["cylinder", "ellipsoid", "rounded"])
def test_meshes_fill_the_unit_cube_and_face_outwards(shape):
    vertices, faces = mesh(shape)
    assert np.allclose(vertices.max(0), 0.5, atol=0.03)
    assert np.allclose(vertices.min(0), -0.5, atol=0.03)
    a, b, c = (vertices[faces[:, column]] for column in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert 0.49 < volume <= 1.0
