# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser perturb`: plant errors in human captions, offline or by a language model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from mmser_ros.core.errors import MmserError

if TYPE_CHECKING:
    from mmser_ros.data.perturbation.llm_errors import LlmErrorMaker

errors = Console(stderr=True, soft_wrap=True, highlight=False)


def perturb(
    data: Annotated[Path, typer.Option(help="Folder with <split>_captions.json.")],
    out: Annotated[
        Path | None,
        typer.Option(help="JSON lines, one for each caption made; the same call goes on with it."),
    ] = None,
    split: Annotated[str, typer.Option(help="train or dev.")] = "train",
    each: Annotated[int, typer.Option(min=1, help="Captions to make of each human one.")] = 3,
    seed: Annotated[int, typer.Option(help="Of what is planted.")] = 0,
    show: Annotated[
        int | None, typer.Option(min=1, help="Print so many examples as Markdown instead.")
    ] = None,
    maker: Annotated[str, typer.Option(help="lexicon (offline) or llm.")] = "lexicon",
    endpoint: Annotated[
        str | None,
        typer.Option(help="llm: OpenAI-compatible address, such as http://localhost:8000/v1."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="llm: the model's name there.")] = None,
    reply_format: Annotated[
        str, typer.Option(help="llm: json_schema, json_object or text: what the endpoint can.")
    ] = "json_schema",
    rpm: Annotated[float | None, typer.Option(min=0.1, help="llm: requests a minute.")] = None,
    parallel: Annotated[int, typer.Option(min=1, help="llm: requests at a time.")] = 4,
    price_in: Annotated[float, typer.Option(min=0, help="llm: of a million tokens in.")] = 0.0,
    price_out: Annotated[float, typer.Option(min=0, help="llm: of a million tokens out.")] = 0.0,
) -> None:
    """Make pseudo-initial captions: human ones with 0 to 3 planted errors.

    A key for the endpoint is read from the environment variable MMSER_API_KEY.
    """
    from mmser_ros.core.resources import share_path
    from mmser_ros.data.datasets import Flickr8k
    from mmser_ros.data.perturbation.examples import planted_examples
    from mmser_ros.data.perturbation.jsonl import write_pseudo_initial_captions
    from mmser_ros.data.perturbation.perturb import ErrorMaker, Lexicon, LexiconErrorMaker

    if (out is None) == (show is None):
        msg = "give either --out FILE to write captions, or --show N to look at some"
        raise MmserError(msg)
    chosen: ErrorMaker
    spent: Callable[[], str] = str
    if maker == "lexicon" and not endpoint:
        chosen = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
    elif maker == "llm" and endpoint and model:
        chosen, spent = _llm(endpoint, model, reply_format, rpm, parallel, price_in, price_out)
    else:
        msg = f"--maker is {maker!r}; expected lexicon, or llm with --endpoint and --model"
        raise MmserError(msg)

    pictures = Flickr8k(data, split).captions
    rows = [(picture, caption) for picture, some in pictures.items() for caption in some]
    try:
        if out is None:
            number = show or 0
            print(planted_examples([one for _, one in rows], chosen, number, seed), end="")
            return
        done = write_pseudo_initial_captions(
            out,
            rows,
            chosen,
            model or maker,
            each=each,
            seed=seed,
            progress=lambda items, description, total: _progress(items, description, total, spent),
        )
    finally:
        if spent():
            errors.print(spent())
    before = f", {done} of them before" if done else ""
    Console(soft_wrap=True).print(f"{len(rows) * each} captions written to {out}{before}")


def _llm(
    endpoint: str,
    model: str,
    reply_format: str,
    rpm: float | None,
    parallel: int,
    price_in: float,
    price_out: float,
) -> tuple[LlmErrorMaker, Callable[[], str]]:
    """Give a maker, and what says what it has used so far."""
    try:
        from mmser_ros.data.perturbation.llm_client import KEY_VARIABLE, ChatEndpoint
        from mmser_ros.data.perturbation.llm_errors import LlmErrorMaker
    except ModuleNotFoundError as error:
        msg = f"--maker llm needs {error.name}: pip install '.[llm]'"
        raise MmserError(msg) from error

    key = os.environ.get(KEY_VARIABLE)
    chat = ChatEndpoint(endpoint, model, key=key, per_minute=rpm, reply_format=reply_format)
    maker = LlmErrorMaker(chat, parallel)

    def spent() -> str:
        usage = chat.usage
        text = f"{usage.tokens_in:,} tokens in, {usage.tokens_out:,} out"
        if price_in or price_out:
            text += f", cost {usage.cost(price_in, price_out):.4f}"
        if usage.uncounted:
            text += f", {usage.uncounted} answers without a count"
        if maker.given_up:
            text += f", {maker.given_up} captions left as they are for want of a valid answer"
        return text

    return maker, spent


def _progress(
    items: Iterable[Any], description: str, total: int, spent: Callable[[], str]
) -> Iterator[Any]:
    columns = (*Progress.get_default_columns(), TextColumn("{task.fields[spent]}"))
    with Progress(*columns, console=errors) as bar:
        task = bar.add_task(description, total=total, spent="")
        for item in items:
            yield item
            bar.update(task, advance=1, spent=spent())
