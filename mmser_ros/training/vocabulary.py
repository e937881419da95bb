# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Vocabulary pruning: keep the tokens that some texts need, in tokenizer and model."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from tokenizers import Tokenizer, pre_tokenizers
from torch import Tensor

from mmser_ros.captioner.model.language_model import LanguageModel
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.pretrained import rebuild

CHUNK = 1_000
"""Texts per batch of the tokenizer."""


@dataclass(frozen=True)
class CutVocabulary:
    """A language model with a pruned vocabulary.

    Attributes:
        model: for the same input, its logits of kept tokens are the source's.
        tokenizer: the source's tokenizer with these tokens only.
        kept: the source's id of each new id; added bytes, which have the last ids, are not in it.
    """

    model: LanguageModel
    tokenizer: Tokenizer
    kept: tuple[int, ...]


def cut_vocabulary(
    model: LanguageModel,
    tokenizer: Tokenizer,
    texts: Iterable[str],
    *,
    min_count: int = 1,
    special: tuple[str, str, str] | None = None,
) -> CutVocabulary:
    """Keep the tokens that texts use, and those that they are merged from.

    Texts of kept tokens are tokenized as before, others into more tokens. All single bytes are
    kept, so every text can be encoded. A byte that the source lacks gets the mean embedding.

    Args:
        model: the source; it is not changed.
        tokenizer: its byte-level BPE.
        texts: texts as the model will read and write them.
        min_count: how often the texts must use a token.
        special: the tokens for padding, begin and end; they get the first ids. Default: the
            model's own. If padding is one of the others, the first other special token pads.

    Raises:
        TrainingError: the tokenizer is not a byte-level BPE, or a special token is missing.
    """
    fields = json.loads(tokenizer.to_str())
    if fields["model"]["type"] != "BPE" or '"ByteLevel"' not in json.dumps(fields["pre_tokenizer"]):
        msg = f"the tokenizer has the kind {fields['model']['type']}; expected a byte-level BPE"
        raise TrainingError(msg)
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    names = {number: name for name, number in vocabulary.items()}
    first = list(special or _own_special(model, fields["added_tokens"], names))
    lacking = set(first) - set(vocabulary)
    if lacking:
        msg = f"the tokenizer has no {', '.join(sorted(lacking))}; expected it, as a special token"
        raise TrainingError(msg)
    merges = [tuple(pair) for pair in fields["model"]["merges"]]
    counts = _count(tokenizer, texts)
    used = {names[number] for number, count in counts.items() if count >= min_count}
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    rest = _with_parts(used.union(alphabet) & set(vocabulary), merges).difference(first)
    order = [*dict.fromkeys(first), *sorted(rest, key=vocabulary.__getitem__)]
    fresh = sorted(set(alphabet) - set(vocabulary))
    ids = {name: number for number, name in enumerate([*order, *fresh])}
    kept = [vocabulary[name] for name in order]
    pad, begin, end = (ids[name] for name in first)
    changes = {"vocab_size": len(ids), "pad_token_id": pad}
    changes |= {"bos_token_id": begin, "eos_token_id": end}
    weights = {
        name: _rows(value, kept, len(fresh)) if _is_of_tokens(name) else value
        for name, value in model.state_dict().items()
    }
    cut = rebuild(model, changes, weights)
    return CutVocabulary(cut, _tokenizer(fields, ids, merges), tuple(kept))


def _own_special(
    model: LanguageModel, added: Sequence[Mapping[str, Any]], names: Mapping[int, str]
) -> tuple[str, str, str]:
    own = model.architecture
    begin_id, end_id, pad_id = (own[f"{name}_token_id"] for name in ("bos", "eos", "pad"))
    if not isinstance(begin_id, int) or not isinstance(end_id, int):
        msg = (
            f"the model begins a text with {begin_id} and ends it with {end_id}; expected one "
            "token each, name them with `special`"
        )
        raise TrainingError(msg)
    begin, end = names[begin_id], names[end_id]
    pad = end if pad_id is None else names[pad_id]
    if pad in (begin, end):
        others = [one["content"] for one in added if one["content"] not in (begin, end)]
        pad = others[0] if others else end  # padding is never read
    return pad, begin, end


def _count(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[int]:
    counts: Counter[int] = Counter()
    remaining = iter(texts)
    while chunk := list(islice(remaining, CHUNK)):
        for encoding in tokenizer.encode_batch_fast(chunk, add_special_tokens=False):
            counts.update(encoding.ids)
    return counts


def _with_parts(tokens: Iterable[str], merges: Iterable[tuple[str, ...]]) -> set[str]:
    """Tokens, and all tokens that they are merged from."""
    parts: dict[str, list[str]] = {}
    for pair in merges:
        parts.setdefault("".join(pair), []).extend(pair)
    found: set[str] = set()
    open_ends = list(tokens)
    while open_ends:
        token = open_ends.pop()
        if token not in found:
            found.add(token)
            open_ends += parts.get(token, [])
    return found


def _is_of_tokens(name: str) -> bool:
    return name == "lm_head.weight" or name.endswith(".embed_tokens.weight")


def _rows(matrix: Tensor, kept: Sequence[int], fresh: int) -> Tensor:
    mean = matrix.mean(dim=0, keepdim=True).expand(fresh, -1)
    return torch.cat([matrix[list(kept)], mean])


def _tokenizer(
    fields: dict[str, Any], ids: Mapping[str, int], merges: Iterable[tuple[str, ...]]
) -> Tokenizer:
    left = [pair for pair in merges if {*pair, "".join(pair)} <= ids.keys()]
    known = (one for one in fields["added_tokens"] if one["content"] in ids)
    added = [{**one, "id": ids[one["content"]]} for one in known]
    bpe = {**fields["model"], "vocab": dict(ids), "merges": left, "unk_token": None}
    changed = {
        "model": bpe,
        "added_tokens": sorted(added, key=lambda one: one["id"]),
        "post_processor": None,  # it has the old ids; begin and end are added elsewhere
    }
    return Tokenizer.from_str(json.dumps({**fields, **changed}))
