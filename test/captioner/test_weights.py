# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mmser_ros.captioner.weights import from_files, is_weights_file, pack, to_files, unpack

numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)
shapes = array_shapes(min_dims=2, max_dims=2, max_side=6) | array_shapes(min_dims=4, max_dims=4)
matrices = arrays(np.float32, shapes, elements=numbers)
vectors = arrays(np.float32, array_shapes(min_dims=1, max_dims=1), elements=numbers)
integers = arrays(np.int64, array_shapes(min_dims=1, max_dims=2))
weights = st.dictionaries(
    st.text("abcde.", min_size=1, max_size=6),
    (matrices | vectors | integers).map(torch.from_numpy),
    max_size=6,
)


@given(weights, st.sampled_from(["float32", "float16", "bfloat16", "int8"]), st.integers(0, 3_000))
def test_what_is_read_is_written_again(some, storage, largest):
    files = to_files(pack(some, storage), largest)
    read = dict(unpack(from_files(files)))
    assert read.keys() == some.keys()
    assert to_files(pack(read, storage), largest) == files
    assert all(map(is_weights_file, files))


@given(arrays(np.float32, (3, 8), elements=st.floats(-8e6, 8e6, width=32)))
def test_weights_of_8_bits_are_half_a_step_off_at_most(matrix):
    ((_, read),) = unpack(pack({"a": torch.from_numpy(matrix)}, "int8"))
    step = np.maximum(np.abs(matrix).max(axis=1, keepdims=True) / 127, 2**-14)
    # The scale is rounded to 11 bits, so the largest weights are a little further off.
    assert (np.abs(read.numpy() - matrix) <= 0.565 * step).all()


@given(arrays(np.int8, (4, 5), elements=st.integers(-127, 127)), st.floats(2**-14, 60_000))
def test_weights_on_steps_stay_where_they_are(steps, scale):
    """A row that reaches 127 keeps its scale, others theirs or a finer one."""
    steps[:, 0] = 127
    scales = np.float16(scale) * np.ones(4, np.float16)
    exact = torch.from_numpy(steps.astype(np.float32) * scales[:, None])
    packed = pack({"a": exact}, "int8")
    assert packed["a"].numpy().tolist() == steps.tolist()
    assert packed["a.scale"].tolist() == scales.tolist()
    assert torch.equal(dict(unpack(packed))["a"], exact)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=9), st.integers(1_500, 4_000))
def test_no_file_is_larger_than_the_limit(sizes, largest):
    some = {f"layer.{number}": torch.zeros(size) for number, size in enumerate(sizes)}
    files = to_files(some, largest)
    for data in files.values():
        assert len(data) <= largest or len(from_files({"": data})) == 1
    assert list(files) == sorted(files)
    assert (list(files) == ["model.safetensors"]) == (len(files) == 1)


def test_steps_without_scales_are_named():
    packed = pack({"a": torch.ones(2, 3)}, "int8")
    del packed["a.scale"]
    with pytest.raises(ValueError, match=r"a has no a\.scale"):
        dict(unpack(packed))
