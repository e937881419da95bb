# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captioners of transformers, against what transformers generates from the same checkpoint."""

import json
import shutil
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch._dynamo.utils import compile_times
from transformers import AutoModelForImageTextToText, LlamaConfig, LlamaForCausalLM, ProcessorMixin

from mmser_ros.captioner.answers import tidy
from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.hub_files import load_model, load_processor, read_config
from mmser_ros.captioner.model.int8_linear import Int8Linear
from mmser_ros.captioner.model.vision import crops
from mmser_ros.captioner.opening import open_captioner
from mmser_ros.captioner.quantization.formats import QuantizationError
from mmser_ros.captioner.settings import ModelSettings
from mmser_ros.core.errors import OutOfMemoryError
from test.cli.test_main import mmser
from test.hub_checkpoints import CHECKPOINTS, FURTHER
from test.photographs import cat_and_cup

FEW = 8  # tokens
CHATS = ("smolvlm", "qwen2_5_vl")
IMAGES = {
    "smolvlm": "<image>",
    "llava": "<image>",
    "qwen2_5_vl": "<|vision_start|><|image_pad|><|vision_end|>",
}


@pytest.fixture(params=CHECKPOINTS)
def kind(request):
    return request.param


@pytest.fixture
def pictures(picture):
    """Two of different sizes."""
    return [picture, 255 - picture[:30, :40]]


@pytest.fixture
def open_tiny(hub_checkpoint):
    def load(kind, *, max_tokens=FEW, device="cpu", quantize="none", passes=1, beams=1, **settings):
        return open_captioner(
            f"hf:{hub_checkpoint(kind)}",
            device=device,
            quantize=quantize,
            passes=passes,
            beams=beams,
            settings=ModelSettings(max_tokens=max_tokens, **settings),
        )

    return load


def chat(kind, question, images=1):
    """The prompt that the chat templates of the checkpoints make."""
    return f"<s>user: {images * IMAGES[kind]}{question}</s>assistant: "


def generate(folder, pictures, texts=None, **options):
    """What transformers generates: the tokens after the prompt as text, and all it returns.

    An element of `pictures` is a picture, or a list of several for one text.
    """
    processor = load_processor(str(folder), "", read_config(str(folder), ""))
    text = {} if texts is None else {"text": texts, "padding": True, "add_special_tokens": False}
    several = [one if isinstance(one, list) else [one] for one in pictures]
    inputs = processor(images=several, return_tensors="pt", **text)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        result = model.generate(
            **inputs,
            max_new_tokens=FEW,
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
            **options,
        )
    start = inputs["input_ids"].shape[1] if folder.name in (*CHATS, *FURTHER) else 0
    texts = processor.batch_decode(result.sequences[:, start:], skip_special_tokens=True)
    return [tidy(one) if start else " ".join(one.split()) for one in texts], result


def chances(result, row=0):
    """The probability of each token that was generated."""
    new = result.sequences[row, -len(result.scores) :]
    return np.array([one[row].softmax(-1)[it] for one, it in zip(result.scores, new, strict=True)])


def question_of(kind):
    if kind == "paligemma":
        return ["<image>caption en"]
    if kind in IMAGES:
        return [chat(kind, "Describe the image in one short sentence.")]
    return ["<CAPTION>"] if kind == "florence2" else None


def test_words_are_those_of_transformers(kind, hub_checkpoint, open_tiny, picture):
    (text,), result = generate(hub_checkpoint(kind), [picture], question_of(kind))
    caption = open_tiny(kind).caption(picture)
    assert text
    assert caption.text == caption.initial_text == text
    assert (caption.model, caption.passes) == (f"hf:{hub_checkpoint(kind)}", 1)
    found = chances(result)
    assert np.exp(caption.log_probabilities) == pytest.approx(found, rel=1e-3)
    assert caption.confidence == pytest.approx(np.prod(found) ** (1 / len(found)), rel=1e-3)


@pytest.mark.parametrize("kind", FURTHER)
def test_models_that_nothing_was_written_for(kind, hub_checkpoint, open_tiny, pictures):
    texts, result = generate(hub_checkpoint(kind), pictures, 2 * question_of(kind))
    (captions,) = open_tiny(kind).caption_passes(pictures)
    assert [one.text for one in captions] == texts
    assert np.exp(captions[1].log_probabilities) == pytest.approx(chances(result, 1), rel=1e-3)


def test_a_batch_of_pictures_of_different_sizes(kind, hub_checkpoint, open_tiny, pictures):
    question = question_of(kind)
    texts, _ = generate(hub_checkpoint(kind), pictures, question and question * 2)
    (captions,) = open_tiny(kind).caption_passes(pictures)
    assert [one.text for one in captions] == texts
    assert texts[0] != texts[1]


@pytest.mark.parametrize("pads_with_end", [False, True])
def test_a_row_of_a_batch_ends_with_its_own_end(hub_checkpoint, tmp_path, pictures, pads_with_end):
    folder = hub_checkpoint("smolvlm")
    _, result = generate(folder, pictures, question_of("smolvlm") * 2)
    rows = result.sequences[:, -FEW:].tolist()
    row, end = next(  # the row that ends, and the token that ends it
        (row, token) for row in (0, 1) for token in rows[row][1:] if token not in rows[1 - row]
    )
    source = copy(folder, tmp_path / "ending")
    file = tmp_path / "ending/generation_config.json"
    settings = json.loads(file.read_text()) | {"eos_token_id": [end, 2]}
    file.write_text(json.dumps(settings | ({"pad_token_id": end} if pads_with_end else {})))
    few = ModelSettings(max_tokens=FEW)
    captioner = open_captioner(f"hf:{source}", device="cpu", quantize="none", settings=few)
    (together,) = captioner.caption_passes(pictures)
    lengths = [len(one.log_probabilities) for one in together]
    assert (lengths[row], lengths[1 - row]) == (rows[row].index(end) + 1, FEW)
    assert lengths[row] < FEW
    alone = [captioner.caption(one).confidence for one in pictures]
    assert [one.confidence for one in together] == pytest.approx(alone, rel=1e-3)


def test_beams(kind, hub_checkpoint, open_tiny, picture):
    (text,), result = generate(hub_checkpoint(kind), [picture], question_of(kind), num_beams=3)
    caption = open_tiny(kind, beams=3).caption(picture)
    assert caption.text == text
    assert caption.confidence == pytest.approx(result.sequences_scores.exp().item(), rel=1e-3)
    assert open_tiny(kind).caption(picture, beams=3).confidence == caption.confidence


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (3, 90), (700, 500)])
def test_pictures_of_any_size(kind, open_tiny, size):
    caption = open_tiny(kind, max_tokens=1).caption(np.full((*size, 3), 90, np.uint8))
    assert 0 < caption.confidence <= 1


def test_style_prompt_and_length(hub_checkpoint, open_tiny, picture):
    folder = hub_checkpoint("florence2")
    (detailed,), _ = generate(folder, [picture], ["<MORE_DETAILED_CAPTION>"])
    assert open_tiny("florence2", style="detailed").caption(picture).text == detailed
    (asked,), _ = generate(folder, [picture], ["Locate the objects"])
    assert open_tiny("florence2", prompt="Locate the objects").caption(picture).text == asked
    (chatted,), _ = generate(
        hub_checkpoint("qwen2_5_vl"), [picture], [chat("qwen2_5_vl", "Is it red?")]
    )
    assert open_tiny("qwen2_5_vl", prompt="Is it red?").caption(picture).text == chatted
    assert len(open_tiny("qwen2_5_vl", max_tokens=3).caption(picture).log_probabilities) <= 3


@pytest.mark.parametrize("kind", ["blip", "git"])
def test_captions_that_begin_with_the_prompt(kind, open_tiny, pictures):
    (captions,) = open_tiny(kind, prompt="a red dog").caption_passes(pictures)
    for one in captions:
        assert one.text.startswith("a red dog")
        assert one.text != "a red dog"
        assert len(one.log_probabilities) <= FEW
    with pytest.raises(CaptionerError, match="writes one sentence"):
        open_tiny(kind, style="detailed")


@pytest.mark.parametrize(("kind", "said"), [("smolvlm", "A dog."), ("blip", 'caption: "A dog."')])
def test_answers_to_a_question_are_tidied(kind, said, open_tiny, picture, monkeypatch):
    answer = ['caption:\n"A dog."']
    monkeypatch.setattr(ProcessorMixin, "batch_decode", lambda *_args, **_options: answer)
    assert open_tiny(kind).caption(picture).text == said


@pytest.mark.parametrize(
    ("kind", "prompt", "most"),
    [("blip", "", 64), ("blip", "a dog", 61), ("git", "a dog", 61), ("florence2", "", 256)],
)
def test_captions_are_no_longer_than_the_positions_of_a_model(
    kind, prompt, most, open_tiny, picture
):
    assert open_tiny(kind, prompt=prompt, max_tokens=most).caption(picture).text
    with pytest.raises(CaptionerError, match=f"caption of {most + 1} need more: lower max_tokens"):
        open_tiny(kind, prompt=prompt, max_tokens=most + 1)


@pytest.mark.parametrize("kind", CHATS)
def test_a_second_pass_asks_to_look_again(kind, hub_checkpoint, open_tiny, pictures):
    captioner = open_tiny(kind, passes=2)
    first, second = captioner.caption_passes(pictures)
    questions = [ModelSettings().ask(one.text) for one in first]
    assert all(one.text in question for one, question in zip(first, questions, strict=True))
    texts, _ = generate(
        hub_checkpoint(kind), pictures, [chat(kind, question) for question in questions]
    )
    assert [one.text for one in second] == texts
    assert [one.initial_text for one in second] == [one.text for one in first]
    assert all(one.refined and one.passes == 2 for one in second)
    given = captioner.caption(pictures[0], initial="a cat")
    (text,), _ = generate(
        hub_checkpoint(kind), pictures[:1], [chat(kind, ModelSettings().ask("a cat"))]
    )
    assert (given.initial_text, given.text) == ("a cat", text)


def parts_of(image, count):
    """The whole image, and the crops that "a cat" and a "cup of coffee" point to."""
    top_left, _, _, bottom_right, middle = crops(image)
    return [image, *([top_left] if count == 1 else [middle, bottom_right])]


@pytest.mark.parametrize("kind", CHATS)
def test_a_second_pass_gets_the_crops_that_the_caption_points_to(kind, hub_checkpoint, open_tiny):
    image, captions = cat_and_cup(), ["a cat", "a cat and a cup of coffee", "a thingummy"]
    given = [parts_of(image, 1), parts_of(image, 2), [image]]
    questions = [
        chat(kind, ModelSettings().ask(caption, crops=len(some) - 1), len(some))
        for caption, some in zip(captions, given, strict=True)
    ]
    texts, result = generate(hub_checkpoint(kind), given, questions)
    (together,) = open_tiny(kind).caption_passes([image] * 3, initials=captions)
    assert [one.text for one in together] == texts
    for row, one in enumerate(together):
        assert np.exp(one.log_probabilities) == pytest.approx(chances(result, row), rel=1e-3)
    alone = open_tiny(kind, crops=0).caption(image, initial=captions[0])
    assert alone.confidence != pytest.approx(together[0].confidence, rel=1e-3)


def test_a_model_gets_no_more_crops_than_asked_for(hub_checkpoint, open_tiny):
    image, caption = cat_and_cup(), "a cat and a cup of coffee"
    question = chat("smolvlm", ModelSettings().ask(caption, crops=1), 2)
    _, result = generate(hub_checkpoint("smolvlm"), [parts_of(image, 2)[:2]], [question])
    fewer = open_tiny("smolvlm", crops=1).caption(image, initial=caption)
    assert np.exp(fewer.log_probabilities) == pytest.approx(chances(result), rel=1e-3)


ONE_IMAGE = "{% if loop.first %}" + IMAGES["qwen2_5_vl"] + "{% endif %}"


def test_a_model_of_one_image_gets_no_crops(hub_checkpoint, open_tiny, tmp_path):
    source = copy(hub_checkpoint("qwen2_5_vl"), tmp_path / "one")
    template = tmp_path / "one/chat_template.jinja"
    template.write_text(template.read_text().replace(IMAGES["qwen2_5_vl"], ONE_IMAGE))
    few, image = ModelSettings(max_tokens=FEW), cat_and_cup()
    captioner = open_captioner(f"hf:{source}", device="cpu", quantize="none", settings=few)
    whole = open_tiny("qwen2_5_vl", crops=0)
    refined = captioner.caption(image, initial="a cat")
    alone = whole.caption(image, initial="a cat")
    assert (refined.text, refined.confidence) == (alone.text, alone.confidence)


@pytest.mark.parametrize("kind", CHATS)
def test_a_given_caption_is_text_and_nothing_else(kind, open_tiny, picture):
    captioner = open_tiny(kind)
    odd = f"a {IMAGES[kind]} cat </s> there"
    refined = captioner.caption(picture, initial=odd)
    assert refined.initial_text == odd
    assert refined.text == captioner.caption(picture, initial="a cat there").text


def test_a_prompt_that_the_processor_refuses(open_tiny, picture):
    with pytest.raises(CaptionerError, match=r"with the prompt '<CAPTION> now': .*only content"):
        open_tiny("florence2", prompt="<CAPTION> now").caption(picture)


def test_a_picture_that_the_processor_refuses(open_tiny):
    with pytest.raises(CaptionerError, match=r"can't read an image of 300x1 pixels.*ratio"):
        open_tiny("qwen2_5_vl").caption(np.full((1, 300, 3), 90, np.uint8))


@pytest.mark.parametrize("kind", ["blip", "git", "florence2"])
def test_a_model_without_instructions_refines_by_a_refiner_only(
    kind, open_tiny, refining_checkpoint, picture
):
    with pytest.raises(CaptionerError, match=r"chat template.*refiner"):
        open_tiny(kind, passes=2)
    with pytest.raises(CaptionerError, match=r"chat template.*refiner"):
        open_tiny(kind).caption(picture, initial="a dog")
    captioner = open_tiny(kind, passes=2, refiner=str(refining_checkpoint))
    (first,), (second,) = captioner.caption_passes([picture])
    refiner = Captioner.load(refining_checkpoint, device="cpu")
    assert second.text == refiner.caption(picture, initial=first.text).text
    assert (second.initial_text, second.refined, second.model) == (first.text, True, first.model)


def test_a_refiner_must_refine(open_tiny, tiny_checkpoint):
    with pytest.raises(CaptionerError, match="makes one pass; use"):
        open_tiny("blip", refiner=str(tiny_checkpoint))


def test_int8_on_the_cpu(kind, open_tiny, pictures):
    captioner = open_tiny(kind, quantize="int8")
    layers = [type(one) for one in captioner._model.modules()]
    assert Int8Linear in layers
    assert torch.nn.Linear not in layers
    (captions,) = captioner.caption_passes(pictures)
    assert captioner.quantize == "int8"
    assert all(0 < one.confidence < 1 for one in captions)


@pytest.mark.parametrize(("asked", "used"), [("auto", "none"), ("bf16", "bf16")])
def test_number_formats(kind, open_tiny, picture, asked, used):
    captioner = open_tiny(kind, quantize=asked)
    dtype = torch.bfloat16 if used == "bf16" else torch.float32
    assert captioner.quantize == used
    assert {one.dtype for one in captioner._model.parameters()} == {dtype}
    assert captioner.caption(picture).text


@pytest.mark.parametrize("mode", ["int4", "fp16", "int3"])
def test_number_formats_that_make_no_sense_on_a_cpu(open_tiny, mode):
    with pytest.raises(QuantizationError, match=r"use|expected"):
        open_tiny("blip", quantize=mode)


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_few_bits_on_a_gpu_need_a_package(hub_checkpoint, monkeypatch, mode):
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(QuantizationError, match=rf"{mode} on a GPU needs bitsandbytes.*pip insta"):
        load_model(str(hub_checkpoint("blip")), "", "cuda", mode)


def test_out_of_memory_gives_up_passes_then_moves_to_the_cpu(
    hub_checkpoint, open_tiny, picture, monkeypatch
):
    captioner = open_tiny("qwen2_5_vl", passes=2)

    def exhausted(*_args, **_options):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(captioner._model, "generate", exhausted)
    captioner.device = "cuda:0"  # there is none here; what follows is the same
    with pytest.raises(OutOfMemoryError, match="cuda:0 ran out of memory with 2 passes"):
        captioner.caption(picture)
    assert captioner.degrade() == "one pass, greedy"
    with pytest.raises(OutOfMemoryError, match="1 passes"):
        captioner.caption(picture)
    weights = hub_checkpoint("qwen2_5_vl") / "model.safetensors"
    weights.rename(weights.with_suffix(".away"))
    assert captioner.degrade() is None  # its files are gone
    weights.with_suffix(".away").rename(weights)
    with pytest.raises(OutOfMemoryError, match="1 passes"):
        captioner.caption(picture)
    assert captioner.degrade() == "moved from cuda:0 to the CPU"
    assert captioner.caption(picture).passes == 1
    assert captioner.degrade() is None


@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a C++ compiler")
def test_a_compiled_model_says_the_same_words(open_tiny, pictures):
    plain = open_tiny("qwen2_5_vl")
    torch._dynamo.reset()
    compiled = open_tiny("qwen2_5_vl", compile=True)
    assert compile_times(), "nothing was compiled"
    for one in pictures:
        expected, caption = plain.caption(one), compiled.caption(one)
        assert caption.text == expected.text
        assert caption.confidence == pytest.approx(expected.confidence, rel=1e-3)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("blip", "can't be compiled on cpu: a blip model decodes with code of its own; leave"),
        ("git", "can't be compiled on cpu: .*; leave compile out"),
    ],
)
def test_models_that_do_not_compile(kind, words, open_tiny):
    with pytest.raises(CaptionerError, match=words):
        open_tiny(kind, compile=True)


def test_compiling_needs_a_compiler(open_tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("no-such-compiler",))
    torch._dynamo.reset()
    with pytest.raises(CaptionerError, match=r"can't be compiled on cpu: .*g\+\+"):
        open_tiny("smolvlm", compile=True)


def copy(folder, target, *, without=()):
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns(*without))
    return str(target)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nobody/has-this-model", r"nobody/has-this-model.*[^.]\. Check the name.*HF_TOKEN"),
        ("no such name", "no such name.*Check the name"),
        ("./no/folder", "no folder ./no/folder"),
        ("", "hf:NAME or hf:FOLDER"),
    ],
)
def test_unknown_names(source, words):
    with pytest.raises(CaptionerError, match=words):
        open_captioner(f"hf:{source}")


def test_a_model_that_reads_no_images(tmp_path):
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    config = LlamaConfig(**small, vocab_size=9, num_attention_heads=1, num_key_value_heads=1)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    with pytest.raises(CaptionerError, match="llama model, which does not caption images"):
        open_captioner(f"hf:{tmp_path}")


def test_a_model_that_needs_code_of_the_hub(tmp_path):
    config = {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CaptionerError, match="needs code of its own, which is not run"):
        open_captioner(f"hf:{tmp_path}")


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("processor_config.json", "processor"),
        ("tokenizer*", "token|processor"),
        ("*.safetensors", "safetensors"),
        ("config.json", "config.json"),
    ],
)
def test_incomplete_checkpoints(kind, hub_checkpoint, tmp_path, without, words):
    source = copy(hub_checkpoint(kind), tmp_path / "cut", without=[without])
    with pytest.raises(CaptionerError, match=words) as caught:
        open_captioner(f"hf:{source}", device="cpu")
    assert "\n" not in str(caught.value)


def test_damaged_weights(hub_checkpoint, tmp_path):
    source = copy(hub_checkpoint("blip"), tmp_path / "damaged")
    file = tmp_path / "damaged/model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CaptionerError, match="can't load"):
        open_captioner(f"hf:{source}", device="cpu")
    weights = load_file(hub_checkpoint("blip") / "model.safetensors")
    missing = sorted(weights)[0]
    del weights[missing]
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(CaptionerError, match=missing):
        open_captioner(f"hf:{source}", device="cpu")


def test_settings_that_it_has_no_use_for(open_tiny):
    with pytest.raises(CaptionerError, match="no use for revision and timeout_s"):
        open_tiny("blip", timeout_s=3.0, revision="main")


def test_the_command_line(hub_checkpoint, tmp_path, picture):
    photo = tmp_path / "photo.png"
    Image.fromarray(picture).save(photo)
    folder = hub_checkpoint("qwen2_5_vl")
    common = ("caption", photo, "--device", "cpu", "--max-tokens", FEW, "--json")
    both = mmser(*common, "--model", f"hf:{folder}", "--passes", "1,2").stdout.splitlines()
    first, second = map(json.loads, both)
    (text,), _ = generate(folder, [picture], question_of("qwen2_5_vl"))
    assert (first["caption"], second["initial_caption"]) == (text, text)
    assert second["refined"]
    wrong = mmser(*common, "--model", f"hf:{hub_checkpoint('git')}", "--passes", 2, status=1)
    assert "set refiner, such as nano" in wrong.stderr.replace("\n", " ")
