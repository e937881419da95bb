# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Reading YAML, by the parser in C where PyYAML has it: ten times as fast as that in Python."""

from __future__ import annotations

from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """The same as `yaml.safe_load`.

    Raises:
        YAMLError: the text is not YAML.
    """
    return yaml.load(text, Loader=_Loader)
