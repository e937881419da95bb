# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`auto`: the number format that is fastest on this machine, measured once."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from time import perf_counter

import torch
from pydantic import PositiveFloat, TypeAdapter
from torch import Tensor, nn

from mmser_ros.captioner.config import LanguageConfig, SpecialistConfig
from mmser_ros.captioner.model.decoder import KINDS, complete
from mmser_ros.captioner.quantization import formats
from mmser_ros.captioner.threads import processor_name

logger = logging.getLogger(__name__)

MARGIN = 0.8
"""Another format than the usual one is taken below this share of its time. Times of a busy machine
differ by less; so captions stay the same where formats are about as fast."""
LEAST_WIDTH = 256
"""Width of the smallest language model that is timed: of smaller ones Python takes most time."""
MOST_WEIGHTS = 4_000_000
"""Weights of the layers that are timed, so that it takes about a second; at least one layer."""
READ, DECODED = 64, 5
"""Tokens that a round reads at once, and one by one."""
ROUNDS = 3
FILE = "fastest.json"

Times = dict[str, PositiveFloat]
"""Milliseconds of a round, by number format."""
KEPT = TypeAdapter(dict[str, Times])
"""What the file holds, by machine and shape."""


def choose(
    mode: str,
    device: str,
    config: SpecialistConfig,
    measure: Callable[[Sequence[str], str, LanguageConfig], Times] | None = None,
) -> str:
    """Choose a number format for a model that is not loaded yet.

    `auto` times layers of the language model's shape, with random weights, and keeps the result in
    a file, see `cache_file`. A file that can't be read or written is told in the log.

    Args:
        mode: `auto`, or a number format, which is returned.
        device: such as `cpu` or `cuda:0`.
        config: of the model.
        measure: times formats on a device for a language model; default: `measure_formats`.

    Returns:
        Of `auto` the usual format, as `formats.resolve` has it, or one that is clearly faster.

    Raises:
        QuantizationError: the mode is unknown.
        ConfigError: the language model can't be built.
    """
    usual = formats.resolve(mode, device)
    language = config.language
    if mode != "auto" or language.kind not in KINDS:  # the kind is refused when it is built
        return usual
    shape = complete(language.kind, language.architecture)
    if shape["hidden_size"] < LEAST_WIDTH:
        return usual
    others = ("none", "bf16") if device == "cpu" else ("bf16",)
    candidates = [usual, *(one for one in others if one != usual)]
    on = processor_name() if device == "cpu" else torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    key = f"{on}, {threads} threads, torch {torch.__version__}, {shape}"
    known = _read()
    times = known.get(key, {})
    if times.keys() != set(candidates):
        times = (measure or measure_formats)(candidates, device, language)
        _write({**known, key: times})
    fastest = min(times, key=times.__getitem__)
    chosen = fastest if times[fastest] < MARGIN * times[usual] else usual
    figures = ", ".join(f"{name} {time:.1f} ms" for name, time in times.items())
    logger.info("%s: weights in %s, by %s (%s)", config.name, chosen, figures, on)
    return chosen


def measure_formats(candidates: Sequence[str], device: str, language: LanguageConfig) -> Times:
    """Time layers of a language model's shape in several formats, in turn; the best of each."""
    layers = _layers(language, 1)
    count = MOST_WEIGHTS // sum(one.numel() for one in layers.parameters())
    count = min(count, complete(language.kind, language.architecture)["num_hidden_layers"])
    if count > 1:
        layers = _layers(language, count)
    runs = {mode: _Run(layers, mode, device) for mode in candidates}
    times: dict[str, list[float]] = {mode: [] for mode in candidates}
    for number in range(1 + ROUNDS):
        for mode, run in runs.items():
            spent = run()
            if number:  # the first warms up
                times[mode].append(spent)
    return {mode: round(min(some), 3) for mode, some in times.items()}


def _layers(language: LanguageConfig, count: int) -> nn.Module:
    """Some layers of a language model with random weights."""
    shape = {**language.architecture, "num_hidden_layers": count, "vocab_size": 1}
    shape |= {"max_position_embeddings": READ, "pad_token_id": 0}
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they are
        return KINDS[language.kind](complete(language.kind, shape)).eval()


class _Run:
    """Reads a prompt and decodes some tokens, with layers in a number format."""

    def __init__(self, layers: nn.Module, mode: str, device: str) -> None:
        self._layers = deepcopy(layers)
        if mode == "int8":
            formats.dynamic_int8(self._layers)
        dtype = formats.DTYPES.get(mode, torch.float32)
        self._layers.to(device, dtype)
        width = next(layers.parameters()).shape[-1]
        self._inputs = torch.ones(1, READ, width, dtype=dtype, device=device)
        self._positions = torch.arange(READ, device=device)[None]
        self._wait = torch.cuda.synchronize if device != "cpu" else lambda: None

    @torch.inference_mode()
    def __call__(self) -> float:
        """Milliseconds that it takes."""
        self._wait()
        begun = perf_counter()
        self._read(self._inputs)
        for _ in range(DECODED):
            self._read(self._inputs[:, :1])
        self._wait()
        return 1e3 * (perf_counter() - begun)

    def _read(self, inputs: Tensor) -> None:
        self._layers(inputs, self._positions[:, : inputs.shape[1]], None, None)


def cache_file() -> Path:
    """The file with what was measured: in `$XDG_CACHE_HOME/mmser_ros`, or ~/.cache/mmser_ros."""
    folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(folder) / "mmser_ros" / FILE


def _read() -> dict[str, Times]:
    """What was measured before; nothing if the file is damaged."""
    try:
        return KEPT.validate_json(cache_file().read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: there is no home
        logger.warning("can't read which number format is fastest, so it is measured: %s", error)
        return {}


def _write(known: dict[str, Times]) -> None:
    try:
        path = cache_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(KEPT.dump_json(known, indent=2))
        os.replace(fresh, path)
    except (OSError, RuntimeError) as error:
        logger.warning("can't keep which number format is fastest: %s", error)
