# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How often a noun phrase of a caption points at the object that it names.

The grid pointing game (arXiv 1608.00507, arXiv 2104.00032): four photographs make a mosaic, which
the model captions. A noun phrase counts if the human captions have its head noun for exactly one
of the four; a person counts if only that one has people. It points right if its map's peak lies in
that photograph. Chance is a quarter.

Methods, on the same captions:
    plain                      attention, mean over heads and all layers
    rollout                    attention rollout (arXiv 2005.00928) through the language model
    shipped                    what `ground` and `mmser explain` do: the second last layer
    shipped without connector  the same in pass 2, but not followed through its connector

Prints one JSON object:
    python benchmarks/pointing_game.py --root <Flickr8k folder> --split dev
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from mmser_ros.captioner.attention import (
    Attention,
    read_attention,
    rollout,
    to_visual_tokens,
    token_maps,
)
from mmser_ros.captioner.caption_words import caption_words
from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.grounding import find_phrases, find_region, token_ends, tokens_of
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import fit_square
from mmser_ros.captioner.model.word_maps import WordMaps
from mmser_ros.captioner.passes import run_passes
from mmser_ros.captioner.shipped import find_model
from mmser_ros.core.types import Region
from mmser_ros.data.datasets import Flickr8k
from mmser_ros.evaluation.scene_graph_f1 import Structure, parse

SIDE = 224
"""Side of a mosaic in pixels."""
HALF = SIDE // 2
WHOLE = Region(0, 0, SIDE, SIDE)


PEOPLE = """
    adult athlete baby boy child couple crowd family female friend girl group guy human kid lady
    male man people person player team teenager toddler woman
"""
"""Nouns that may all name the same person."""

METHODS: dict[str, Callable[[Attention], Tensor]] = {
    "plain": lambda one: to_visual_tokens(one.language.mean(dim=0), one),
    "rollout": lambda one: to_visual_tokens(rollout(one.language), one),
    "shipped": token_maps,
    "shipped without connector": lambda one: token_maps(replace(one, connector=None)),
}


def attended(
    specialist: Specialist, tokenizer: Tokenizer, mosaic: np.ndarray, passes: int
) -> Iterator[tuple[list[int], Attention, WordMaps]]:
    """The tokens of each pass, its attention, and the maps of the word detector."""
    for one in run_passes(
        specialist,
        tokenizer,
        [mosaic],
        dtype=torch.float32,
        passes=passes,
        beams=1,
        caption_words=caption_words(specialist, tokenizer),
    ):
        tokens = one.decoded[0].tokens
        initial = None if one.initial is None else one.initial[0]
        attention = read_attention(specialist, one.levels, tokens, initial)
        yield tokens, attention, WordMaps(specialist, one.levels, inside=one.inside[0])


def named_once(head: str, described: list[list[Structure]]) -> int | None:
    """Index of the only photograph whose captions have a noun; None: none, or several."""
    people = set(PEOPLE.split())
    kin = people if head in people else {head}
    found = [n for n, some in enumerate(described) if any(kin & one.words for one in some)]
    once = len(found) == 1 and any(head in one.words for one in described[found[0]])
    return found[0] if once else None


def inside(heat: np.ndarray, tile: int) -> tuple[bool, float]:
    """Whether a map's peak lies in a tile, and the share of its region in that tile."""
    left, top = HALF * (tile % 2), HALF * (tile // 2)
    fine = cv2.resize(heat, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    y, x = divmod(int(fine.argmax()), SIDE)
    box = find_region(heat, WHOLE)
    width = min(box.x + box.width, left + HALF) - max(box.x, left)
    height = min(box.y + box.height, top + HALF) - max(box.y, top)
    share = max(0, width) * max(0, height) / (box.width * box.height)
    return bool(left <= x < left + HALF and top <= y < top + HALF), share


@torch.inference_mode()
def run(model: str, data: Flickr8k, mosaics: int, passes: int, seed: int, skip: int) -> dict:
    specialist, tokenizer = load_checkpoint(find_model(model))
    pictures = ((name, one) for name, one in islice(data.pictures(), skip, None) if one is not None)
    tiles = {name: fit_square(one, HALF, "squash") for name, one in pictures}
    described = {name: list(parse(data.captions[name])) for name in tiles}
    grid = specialist.vision.grids[0]
    random = np.random.default_rng(seed)
    points: dict[tuple[int, str], list[tuple[bool, float]]] = defaultdict(list)
    for _ in range(mosaics):
        names = random.choice(sorted(tiles), 4, replace=False)
        one, two, three, four = (tiles[name] for name in names)
        mosaic = np.vstack([np.hstack([one, two]), np.hstack([three, four])])
        seen = attended(specialist, tokenizer, mosaic, passes)
        for number, (tokens, attention, words) in enumerate(seen, start=1):
            ends = token_ends(tokenizer, tokens)
            for phrase in find_phrases(tokenizer.decode(tokens).strip()):
                tile = named_once(phrase.head, [described[name] for name in names])
                if tile is None:
                    continue
                heat = words.of(phrase.text, phrase.head)
                if heat is not None:
                    points[number, "word detector"].append(inside(heat, tile))
                for method, maps in METHODS.items():
                    if attention.connector is None and "connector" in method:
                        continue
                    mean = maps(attention)[tokens_of(phrase, ends)].mean(dim=0)
                    place = inside(mean.reshape(grid, grid).numpy(), tile)
                    points[number, method].append(place)
    return {
        "model": specialist.config.name,
        "split": data.split,
        "pictures": len(tiles),
        "mosaics": mosaics,
        "seed": seed,
        "chance": 0.25,
        "passes": {
            str(number): {
                "n": len(points[number, "shipped"]),
                **{
                    method: {
                        "pointing": round(float(np.mean([hit for hit, _ in some])), 3),
                        "region": round(float(np.mean([share for _, share in some])), 3),
                    }
                    for (of, method), some in points.items()
                    if of == number
                },
            }
            for number in range(1, passes + 1)
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="Flickr8k folder")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--skip", type=int, default=0, help="so many pictures at the beginning")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--mosaics", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    result = run(
        options.model,
        Flickr8k(options.root, options.split),
        options.mosaics,
        options.passes,
        options.seed,
        options.skip,
    )
    print(json.dumps(result))
