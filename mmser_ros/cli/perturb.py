# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser perturb`: plant errors in human captions, offline or by a language model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from mmser_ros.cli.options import Split
from mmser_ros.core.console import errors
from mmser_ros.core.errors import MmserError

if TYPE_CHECKING:
    from mmser_ros.data.perturbation.llm_errors import LlmErrorMaker
    from mmser_ros.data.perturbation.perturb import ErrorMaker


perturb_app = typer.Typer(
    no_args_is_help=True, help="Make captions with planted errors, for training and evaluation."
)

Data = Annotated[Path, typer.Option(help="Folder of Flickr8k, with <split>_captions.json.")]
Out = Annotated[
    Path | None,
    typer.Option(help="JSON lines file, one line a caption; the same command continues it."),
]
Each = Annotated[int, typer.Option(min=1, help="Captions to make of each human caption.")]
Seed = Annotated[int, typer.Option(help="Seed of the choice of errors.")]
Show = Annotated[
    int | None,
    typer.Option(min=1, help="Print this many examples as Markdown, and write no file."),
]


@perturb_app.command("lexicon")
def perturb_lexicon(
    data: Data,
    out: Out = None,
    split: Split = "train",
    each: Each = 3,
    seed: Seed = 0,
    show: Show = None,
) -> None:
    """Plant 0 to 3 errors in human captions by replacing words; runs offline."""
    from mmser_ros.core.resources import share_path
    from mmser_ros.data.perturbation.perturb import Lexicon, LexiconErrorMaker

    maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
    _perturb(maker, "lexicon", str, data, out, split, each, seed, show)


@perturb_app.command("llm")
def perturb_llm(
    data: Data,
    endpoint: Annotated[
        str, typer.Option(help="OpenAI-compatible address, such as http://localhost:8000/v1.")
    ],
    model: Annotated[str, typer.Option(help="Name of the model at the endpoint.")],
    out: Out = None,
    split: Split = "train",
    each: Each = 3,
    seed: Seed = 0,
    show: Show = None,
    reply_format: Annotated[
        Literal["json_schema", "json_object", "text"],
        typer.Option(help="Format of the answers; choose one that the endpoint supports."),
    ] = "json_schema",
    rpm: Annotated[
        float | None, typer.Option(min=0.1, help="Maximum number of requests per minute.")
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Requests at the same time.")] = 4,
    price_in: Annotated[float, typer.Option(min=0, help="Price of a million input tokens.")] = 0.0,
    price_out: Annotated[
        float, typer.Option(min=0, help="Price of a million output tokens.")
    ] = 0.0,
) -> None:
    """Plant 0 to 3 errors in human captions by a language model at an endpoint.

    The environment variable MMSER_API_KEY holds the key of the endpoint.
    """
    maker, spent = _llm(endpoint, model, reply_format, rpm, parallel, price_in, price_out)
    _perturb(maker, model, spent, data, out, split, each, seed, show)


def _perturb(
    maker: ErrorMaker,
    label: str,
    spent: Callable[[], str],
    data: Path,
    out: Path | None,
    split: str,
    each: int,
    seed: int,
    show: int | None,
) -> None:
    from mmser_ros.data.datasets import Flickr8k
    from mmser_ros.data.perturbation.examples import planted_examples
    from mmser_ros.data.perturbation.jsonl import write_pseudo_initial_captions

    if (out is None) == (show is None):
        msg = "got both or neither of --out and --show; give --out FILE to write captions, or "
        msg += "--show N to print some"
        raise MmserError(msg)
    pictures = Flickr8k(data, split).captions
    rows = [(picture, caption) for picture, some in pictures.items() for caption in some]
    try:
        if out is None:
            number = show or 0
            print(planted_examples([one for _, one in rows], maker, number, seed), end="")
            return
        done = write_pseudo_initial_captions(
            out,
            rows,
            maker,
            label,
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
    """The maker, and a function that says how much it used so far."""
    from mmser_ros.core.chat_endpoint import KEY_VARIABLE, ChatEndpoint
    from mmser_ros.data.perturbation.llm_errors import LlmErrorMaker

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
