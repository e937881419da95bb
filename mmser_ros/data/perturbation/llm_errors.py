# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Planted errors by a large language model, as the paper makes them (arXiv 2508.21451, 5.2)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np

from mmser_ros.core.chat_endpoint import ChatEndpoint, ChatError, Message
from mmser_ros.data.perturbation.llm_reply import InvalidReply, read_reply
from mmser_ros.data.perturbation.perturb import PseudoInitialCaption
from mmser_ros.data.perturbation.substitutions import CATEGORIES

REPLIES = 4
"""Answers per caption, before it is left unchanged."""
GIVEN_UP_IN_A_ROW = 10
"""Captions in a row without a valid answer, after which the run ends."""
INSTRUCTIONS = """\
You are given a correct caption of a picture as JSON, with the categories of errors to plant in it.
Rewrite it as a hasty observer of the same picture would have got it wrong, with one error for
each category that is listed:
- entity: another thing, person or animal that could be mistaken for it (dog -> fox)
- attribute: another colour, material, count, texture, shape or size (red -> blue, two -> three)
- relation: another relation in space or between things (on -> next to, with -> without)
- action: another action (sitting -> lying)
Where the caption has no room for a category, plant an error of another one, or one error fewer.
Each error replaces one to four words that stand together and makes the caption wrong: no synonyms.
Everything else stays word for word, with its spelling, punctuation and style, mistakes included;
only "a" and "an" follow the new words. The sentence stays grammatical and plausible.
Answer with JSON alone: {"caption": the rewritten caption, "errors": [{"category": ...,
"before": the words of the given caption, "after": the words that replaced them}]}"""

SCHEMA = {
    "type": "object",
    "properties": {
        "caption": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "category": {"type": "string", "enum": list(CATEGORIES)},
                    "before": {"type": "string"},
                    "after": {"type": "string"},
                },
                "required": ["category", "before", "after"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["caption", "errors"],
    "additionalProperties": False,
}


class LlmErrorMaker:
    """Asks a language model to plant errors, and checks its answers.

    The categories of the errors are drawn from the seed; the model's answers do not depend on it.

    Attributes:
        given_up: number of captions left unchanged, because no answer was valid.

    Args:
        endpoint: the model.
        parallel: number of concurrent requests.
    """

    def __init__(self, endpoint: ChatEndpoint, parallel: int = 4) -> None:
        self.given_up = 0
        self._endpoint = endpoint
        self._parallel = parallel

    def plant(
        self, captions: Sequence[str], counts: Sequence[int], seed: int, skip: int = 0
    ) -> Iterator[PseudoInitialCaption]:
        """Yield each caption with the given number of errors, or fewer; see ErrorMaker.

        Raises:
            ChatError: the endpoint fails, or ten captions in a row get no valid answer.
        """
        in_a_row = 0
        executor = ThreadPoolExecutor(self._parallel)
        try:
            for caption, answer in self._ask(executor, captions, counts, seed, skip):
                made = answer.result()
                in_a_row = in_a_row + 1 if made is None else 0
                if in_a_row == GIVEN_UP_IN_A_ROW:
                    msg = (
                        f"{self._endpoint.model} gave no valid answer for {in_a_row} captions in a "
                        f"row, in {REPLIES} tries each; use another model or reply format"
                    )
                    raise ChatError(msg)
                self.given_up += made is None
                yield made or PseudoInitialCaption(caption, ())
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _ask(
        self,
        executor: Executor,
        captions: Sequence[str],
        counts: Sequence[int],
        seed: int,
        skip: int,
    ) -> Iterator[tuple[str, Future[PseudoInitialCaption | None]]]:
        """Yield captions and answers in order, with several requests in flight."""
        asked: deque[tuple[str, Future[PseudoInitialCaption | None]]] = deque()
        for number in range(skip, len(captions)):
            caption, wanted = captions[number], _categories(int(counts[number]), seed, number)
            asked.append((caption, executor.submit(self._plant, caption, wanted)))
            if len(asked) == self._parallel:
                yield asked.popleft()
        yield from asked

    def _plant(self, caption: str, wanted: Sequence[str]) -> PseudoInitialCaption | None:
        if not wanted:
            return PseudoInitialCaption(caption, ())
        question = json.dumps({"caption": caption, "errors": list(wanted)}, ensure_ascii=False)
        messages: list[Message] = [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": question},
        ]
        for _ in range(REPLIES):
            reply = self._endpoint.ask(messages, SCHEMA)
            try:
                return read_reply(caption, reply, len(wanted))
            except InvalidReply as error:
                complaint = f"This is not accepted: {error}. Answer again, with JSON alone."
                messages += [
                    {"role": "assistant", "content": reply},
                    {"role": "user", "content": complaint},
                ]
        return None


def _categories(count: int, seed: int, number: int) -> list[str]:
    random = np.random.default_rng([seed, number])
    return random.choice(CATEGORIES, min(count, len(CATEGORIES)), replace=False).tolist()
