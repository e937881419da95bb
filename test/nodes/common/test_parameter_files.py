# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameter files: what is read, and what is refused in which words."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.nodes.common.parameter_files import ParameterFileError, is_for, read_sections

WORDS = st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
KEYS = st.sampled_from(["ros__parameters", "/**", "caption_node"]) | WORDS
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("parameters") / "robot.yaml"


def test_sections_by_the_nodes_they_are_for(file):
    text = "/**:\n  ros__parameters: {passes: 2}\n"
    text += "r1:\n  caption_node:\n    ros__parameters: {model: nano}\n"
    file.write_text(text)
    assert read_sections(file) == {"/**": {"passes": "2"}, "/r1/caption_node": {"model": "nano"}}
    file.write_text("# nothing yet\n")
    assert read_sections(file) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/**:\n  ros__parameters: {passes: 2\n", "line 3, column 1"),
        ("passes: 2\n", "/passes is '2'; expected a node's name"),
        ("caption_node:\n  passes: 2\n", "/caption_node/passes is '2'; expected"),
        ("ros__parameters:\n  passes: 2\n", "without the name of a node"),
        ("/**:\n  ros__parameters:\n", "ros__parameters in /** is ''"),
        ("/**:\n", "/** holds nothing"),
        ("- passes\n", "it is ['passes']"),
        ("a sentence", "it is 'a sentence'"),
    ],
)
def test_what_is_refused(file, text, said):
    file.write_text(text)
    with pytest.raises(ParameterFileError) as refused:
        read_sections(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_what_is_not_there(tmp_path):
    with pytest.raises(ParameterFileError, match=r"no parameter file .*no such file"):
        read_sections(tmp_path / "gone.yaml")
    with pytest.raises(ParameterFileError, match="it is a folder"):
        read_sections(tmp_path)


@settings(deadline=None)
@given(DOCUMENTS)
def test_any_document_is_read_or_refused(file, document):
    file.write_text(yaml.safe_dump(document))
    try:
        sections = read_sections(file)
    except ParameterFileError:
        return
    assert all(isinstance(values, dict) for values in sections.values())


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(file, data):
    file.write_bytes(data)
    try:
        read_sections(file)
    except ParameterFileError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("pattern", "node", "fits"),
    [
        ("/**", "/r1/caption_node", True),
        ("/**/caption_node", "/caption_node", True),
        ("/**/caption_node", "/fleet/r1/caption_node", True),
        ("/*/caption_node", "/r1/caption_node", True),
        ("/*/caption_node", "/caption_node", False),
        ("caption_node", "/caption_node", True),
        ("caption_node", "/r1/caption_node", False),
        ("/**/caption_nod", "/caption_node", False),
        ("/r1/caption_node", "/r1/caption_node", True),
    ],
)
def test_whom_a_section_is_for(pattern, node, fits):
    assert is_for(pattern, node) == fits
