# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.captioner.config import (
    ConfigError,
    LanguageConfig,
    SerConnectorConfig,
    SpecialistConfig,
    VisionConfig,
)

names = st.text(max_size=12)
levels = st.lists(st.integers(1, 30), max_size=4).map(tuple)
configs = st.builds(
    SpecialistConfig,
    name=names,
    vision=st.builds(
        VisionConfig,
        tower=names,
        weights=names,
        image_size=st.integers(1, 1000),
        levels=levels,
        fit=names,
        architecture=st.dictionaries(names, st.integers(), max_size=3),
    ),
    language=st.builds(LanguageConfig, weights=names, architecture=st.just({"vocab_size": 7})),
    max_caption_tokens=st.integers(1, 99),
    ser_connector=st.none()
    | st.builds(
        SerConnectorConfig,
        levels=levels,
        reads_caption=st.booleans(),
        shows_caption=st.booleans(),
        adds_to_glance=st.booleans(),
        architecture=st.just({"hidden_size": 7}),
    ),
)


@given(configs)
def test_json_round_trip(config):
    assert SpecialistConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1}', "null", '{"vision": {}}'])
def test_what_is_no_configuration_is_named(text):
    with pytest.raises(ConfigError, match=r"here\.json"):
        SpecialistConfig.from_json(text, "here.json")


def test_an_unknown_field_is_refused(tiny_config):
    text = tiny_config.to_json().replace('"name"', '"colour": 1, "name"', 1)
    with pytest.raises(ConfigError, match="colour"):
        SpecialistConfig.from_json(text)
