# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A linear layer with weights of 8 bits, whose inputs are quantized at run time."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

from mmser_ros.captioner.weights import to_steps

KERNEL = torch.ops.quantized.linear_dynamic.default
"""Arguments: inputs, packed weights, and whether inputs get 7 bits, so that no processor's 16-bit
sums overflow. A call of `linear_dynamic` itself looks for this overload each time, and costs as
much again as a small product."""


class Int8Linear(nn.Module):
    """A layer for the CPU: torch's dynamic quantization.

    Weights have one scale for each row, inputs one for each batch.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, scales: Tensor | None = None) -> None:
        """Pack weights for the kernel.

        Args:
            weight: (outputs, inputs): int8 steps as `to_steps` makes them, or floating.
            bias: (outputs,), float32, or None.
            scales: (outputs,), the size of a step of each row; None for floating weights.
        """
        super().__init__()
        self.out_features, self.in_features = weight.shape
        zeros = torch.zeros(len(weight), dtype=torch.long)
        with warnings.catch_warnings():
            # torch asks to move to torchao, whose int8 is slower than float32 at batch 1 on a CPU
            warnings.filterwarnings("ignore", message=".*deprecated")
            if scales is None:
                weight = weight.detach().float()
                sizes = to_steps(weight)[1].float()
                whole = torch.quantize_per_channel(weight, sizes, zeros, 0, torch.qint8)
            else:
                sizes = scales.double()
                whole = torch._make_per_channel_quantized_tensor(weight, sizes, zeros, 0)
        own = None if bias is None else bias.detach()
        self._packed = torch.ops.quantized.linear_prepack(whole, own)

    def forward(self, inputs: Tensor) -> Tensor:
        """(…, inputs) → (…, outputs), float32."""
        return KERNEL(inputs, self._packed, True)
