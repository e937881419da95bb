# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from mmser_ros.data.perturbation.examples import SECTIONS, planted_examples
from mmser_ros.data.perturbation.perturb import PlantedError, PseudoInitialCaption


class ScriptedMaker:
    """Makes the first words wrong, as many as asked, by turns of all categories."""

    def plant(self, captions, counts, seed, skip=0):
        for number, (caption, count) in enumerate(zip(captions, counts, strict=True)):
            words = caption.split()
            errors = []
            for at in range(count):
                category = SECTIONS[(number + at) % 4]
                errors.append(PlantedError(category, words[at], f"no {words[at]}"))
                words[at] = f"no {words[at]}"
            yield PseudoInitialCaption(" ".join(words), tuple(errors))


def test_so_many_evenly_and_marked():
    page = planted_examples([f"the blue hat {n}" for n in range(300)], ScriptedMaker(), 12)
    sections = page.split("### ")[1:]
    assert [one.splitlines()[0] for one in sections] == list(SECTIONS)
    assert [one.count("\n- ") for one in sections] == [3, 3, 2, 2, 2]
    assert sections[0].splitlines()[2].startswith("- ~~the~~ **no the** blue hat ")
    assert "- ~~the~~ **no the** ~~blue~~ **no blue**" in sections[4]


def test_the_seed_draws_which():
    captions = [f"the blue hat {n}" for n in range(300)]
    pages = [planted_examples(captions, ScriptedMaker(), 5, seed) for seed in (0, 0, 1)]
    assert pages[0] == pages[1] != pages[2]


def test_fewer_where_there_is_no_room():
    page = planted_examples(["one blue hat"], ScriptedMaker(), 50)
    assert page.count("\n- ") <= 1
