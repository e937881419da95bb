# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml

from mmser_ros.core.resources import share_path
from mmser_ros.language.taxonomy import TaxonomyError
from mmser_ros.language.word_lists import CaptionWords


def test_prepositions_of_several_words_are_rewritten():
    words = CaptionWords.read()
    assert words.prepositions["beneath"] == "under"
    rewriting = next(one for one in words.rewritten if one.wording.fullmatch("in front of"))
    assert (rewriting.replacement, rewriting.means) == ("near", "in front of")


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("verbs", {"defying": ["defy"]}, "defying"),
        ("body", None, "body"),
        ("rewritten", [{"as": "", "wording": ["(open"]}], "unterminated"),
        ("prepositions", {True: ["on"]}, "True"),
    ],
)
def test_a_broken_file_is_named(tmp_path, section, value, message):
    document = yaml.safe_load(share_path("config/lexicon/caption_words.yaml").read_text())
    path = tmp_path / "words.yaml"
    path.write_text(yaml.safe_dump({**document, section: value}))
    with pytest.raises(TaxonomyError, match=message) as error:
        CaptionWords.read(path)
    assert "words.yaml" in str(error.value)
