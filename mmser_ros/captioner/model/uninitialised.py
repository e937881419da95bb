# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Modules whose weights are about to be loaded: no time is spent on random ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

DRAWS = ("normal_", "uniform_")
"""How the names of functions end that draw weights, those of torch and of transformers."""


class Uninitialised(TorchFunctionMode):
    """A context in which weights that should be drawn stay as the memory had them."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of torch, if it draws nothing."""
        kwargs = kwargs or {}
        if getattr(func, "__name__", "").endswith(DRAWS):
            tensor: Tensor = kwargs["tensor"] if "tensor" in kwargs else args[0]
            return tensor
        return func(*args, **kwargs)
