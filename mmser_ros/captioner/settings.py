# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What can be asked of captioners from elsewhere: prompt, style, length and so on."""

from __future__ import annotations

from dataclasses import fields

from mmser_ros.captioner.checks import CaptionerError, check_text
from mmser_ros.core.validation import checked

LENGTHS = {"short": "in one short sentence", "detailed": "in three to five sentences"}
TOKENS = {"short": 64, "detailed": 256}
MOST_TOKENS = 2048
MOST_CROPS = 5
PARTS = "The first image is the whole view. Each further image shows a part of it.\n"
LOOK_AGAIN = (
    "Look at the image again. What is wrong or missing in that answer? Reply with the corrected "
    "answer alone; repeat it if it is right."
)


@checked(CaptionerError)
class ModelSettings:
    """Settings of a captioner that is not a model of this package.

    Attributes:
        prompt: what the model is asked, or how its captions begin; empty: as `style` says.
        style: `short` asks for one sentence, `detailed` for several.
        max_tokens: maximum number of tokens of a caption, 0 to 2048; 0: as `style` says.
        revision: branch, tag or commit of a model on the Hugging Face hub; empty: the newest.
        refiner: a model of this package that makes the passes after the first, such as `nano`;
            empty: the captioner makes them itself.
        crops: maximum number of crops, 0 to 5, that go with the image when a model looks at its
            caption again; they show what the caption's words point to. 0: the image alone.
        compile: whether torch compiles the decoding of a model of transformers.
        timeout_s: seconds that a server has for an image, for all passes and attempts together.

    Raises:
        CaptionerError: a setting is out of range, or of a wrong type.
    """

    prompt: str = ""
    style: str = "short"
    max_tokens: int = 0
    revision: str = ""
    refiner: str = ""
    crops: int = 2
    compile: bool = False
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        check_text(self.prompt, "prompt")
        if self.style not in LENGTHS:
            msg = f"style is {self.style!r}; expected one of {', '.join(LENGTHS)}"
            raise CaptionerError(msg)
        if not 0 <= self.max_tokens <= MOST_TOKENS:
            msg = f"max_tokens is {self.max_tokens}; expected 1 to {MOST_TOKENS}, or 0 for the "
            msg += "length that the style means"
            raise CaptionerError(msg)
        if not 0 <= self.crops <= MOST_CROPS:
            msg = f"crops is {self.crops}; expected 0 (the whole image alone) to {MOST_CROPS}"
            raise CaptionerError(msg)
        if not self.timeout_s > 0:
            msg = f"timeout_s is {self.timeout_s}; expected a number of seconds above 0"
            raise CaptionerError(msg)

    @property
    def longest(self) -> int:
        """Maximum number of tokens of a caption."""
        return self.max_tokens or TOKENS[self.style]

    def ask(self, caption: str = "", *, crops: int = 0) -> str:
        """What a model that follows instructions is asked of an image.

        Args:
            caption: a caption of the image to look at again; empty in the first pass.
            crops: number of crops that follow the image.
        """
        question = self.prompt or f"Describe the image {LENGTHS[self.style]}."
        if not caption:
            return question
        parts = PARTS if crops else ""
        return f'{parts}{question}\nAn earlier answer was: "{caption}"\n{LOOK_AGAIN}'

    def refuse(self, model: str, *names: str) -> None:
        """Refuse settings that a model can't use.

        Args:
            model: name of the model.
            names: of the settings; none: all.

        Raises:
            CaptionerError: one of them is given.
        """
        given = [
            one.name
            for one in fields(self)
            if one.name in (names or [one.name]) and getattr(self, one.name) != one.default
        ]
        if given:
            msg = f"the model {model} has no use for {' and '.join(given)}; leave it out, or see "
            msg += "docs/models.md for the models that have"
            raise CaptionerError(msg)
