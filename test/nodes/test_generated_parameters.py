# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameter files and the page of parameters are those of the declarations."""

import pytest
import yaml

from docs.generate_parameters import COMMAND, NODES, ROOT, generated


@pytest.mark.parametrize("path", generated())
def test_the_files_are_up_to_date(path):
    written = (ROOT / path).read_text(encoding="utf-8")
    assert written == generated()[path], f"{path} is out of date; run: {COMMAND}"


@pytest.mark.parametrize("name", NODES)
def test_parameter_files_hold_every_parameter_at_its_default(name):
    parameters = [one for group in NODES[name].values() for one in group]
    document = yaml.safe_load(generated()[f"config/{name}.yaml"])
    values = document[f"/**/{name}_node"]["ros__parameters"]
    assert list(values.items()) == [(one.name, one.default) for one in parameters]
    for one in parameters:
        one.check(values[one.name])
