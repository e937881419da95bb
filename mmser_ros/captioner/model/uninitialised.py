# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Build modules without random initialisation, when weights are loaded next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

DRAWS = ("normal_", "uniform_")
"""Endings of the names of functions that draw random weights, in torch and transformers."""


class Uninitialised(TorchFunctionMode):
    """A context in which weights are left uninitialised."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of torch, unless it draws random weights."""
        kwargs = kwargs or {}
        if getattr(func, "__name__", "").endswith(DRAWS):
            tensor: Tensor = kwargs["tensor"] if "tensor" in kwargs else args[0]
            return tensor
        return func(*args, **kwargs)
