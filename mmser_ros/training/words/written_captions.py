# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions that the language model writes from word prompts, for pictures without captions."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.attention import eager_attention
from mmser_ros.captioner.decoding.greedy import greedy
from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.stages.prompted import prompt_ids

TOGETHER = 64
"""Captions per batch."""


@torch.no_grad()
def write_captions(
    specialist: Specialist,
    tokenizer: Tokenizer,
    prompts: Mapping[int, str],
    folder: Path,
    progress: Progress,
) -> dict[int, str]:
    """Write a caption for each prompt, greedily and without visual tokens.

    They are saved in `<folder>/written_captions.json`, and read from there the next time.

    Args:
        specialist: the model, with a trained language model.
        tokenizer: its vocabulary.
        prompts: number of a picture → its word prompt.
        folder: folder of the file.
        progress: wraps an iterable with a description and a total.

    Returns:
        Number of a picture → caption.
    """
    path, key = folder / "written_captions.json", _key(specialist, prompts)
    with processes().main_process_first():
        saved = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if saved.get("key") != key:
            saved = {"key": key, "captions": _written(specialist, tokenizer, prompts, progress)}
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(saved), encoding="utf-8")
            os.replace(fresh, path)
    return dict(zip(prompts, saved["captions"], strict=True))


def _written(
    specialist: Specialist, tokenizer: Tokenizer, prompts: Mapping[int, str], progress: Progress
) -> list[str]:
    ids = prompt_ids(tokenizer, list(prompts.values()))
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    model, longest = specialist.language_model, specialist.config.max_caption_tokens
    captions = [""] * len(ids)
    starts = range(0, len(ids), TOGETHER)
    specialist.eval()
    for start in progress(starts, "captions of labelled pictures", len(starts)):
        some = order[start : start + TOGETHER]
        visual = torch.zeros(len(some), 0, specialist.width, device=specialist.device)
        with torch.autocast(specialist.device.type, torch.bfloat16), eager_attention(model.model):
            prompt = specialist.prompt(visual, words=pad([ids[one] for one in some]))
            decoded = greedy(model, prompt, specialist.end, longest)
        texts = tokenizer.decode_batch([one.tokens for one in decoded])
        for index, text in zip(some, texts, strict=True):
            captions[index] = text.strip()
    return captions


def _key(specialist: Specialist, prompts: Mapping[int, str]) -> str:
    digest = hashlib.sha256(json.dumps(list(prompts.items())).encode())
    for value in specialist.language_model.state_dict().values():
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()
