# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The least time that a caption could take on this machine, by its operations and bytes.

What is read at once is bound by operations, tokens that are decoded one by one by reading the
language model's weights (the roofline model, doi 10.1145/1498765.1498785).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mmser_ros.evaluation.bench.cases import Case, Ours, build
from mmser_ros.evaluation.bench.machine import bandwidth, peak_operations

BYTES = {"int8": 1, "fp16": 2, "bf16": 2}
"""Bytes of a weight, by number format; 4 of others."""


@dataclass(frozen=True)
class Costs:
    """What a caption needs, and what the machine can do.

    Attributes:
        operations: of all passes without the tokens that are decoded one by one; a multiplication
            and an addition are two.
        token_bytes: bytes of weights that the language model reads for a token.
        peak: operations per second, measured.
        bandwidth: bytes per second, measured.
    """

    operations: float
    token_bytes: float
    peak: float
    bandwidth: float

    def limit_ms(self, decoded: float) -> float:
        """Least milliseconds of a caption of which `decoded` tokens are decoded one by one."""
        seconds = self.operations / self.peak + decoded * self.token_bytes / self.bandwidth
        return 1e3 * seconds

    def as_dict(self) -> dict[str, float]:
        """In 10⁹ operations and bytes."""
        return {
            "operations_g": round(self.operations / 1e9, 3),
            "token_gb": round(self.token_bytes / 1e9, 4),
            "peak_gflops": round(self.peak / 1e9, 1),
            "bandwidth_gb_s": round(self.bandwidth / 1e9, 2),
        }


def count(case: Case, quantize: str) -> Costs:
    """Measure the machine, and count the operations of a caption.

    Args:
        case: ours.
        quantize: the number format that ours has.
    """
    peak, read = peak_operations(quantize, case.device), bandwidth(case.device)
    specialist, tokenizer = build(case.model, case.longest)
    language = specialist.language_model
    weights = sum(one.numel() for one in language.parameters())
    if not language.tied:  # a row is looked up, not all are read
        weights -= language.embeddings.numel()
    ours = Ours(replace(case, quantize="none"), specialist, tokenizer)
    image = np.zeros((480, 640, 3), np.uint8)
    # fused attention is not counted
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        ours.caption(image, ours.max_passes, 1)
    flops, size = counter.get_total_flops(), BYTES.get(quantize, torch.float32.itemsize)
    return Costs(flops, size * weights, peak, read)
