# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import pre_tokenizers
from transformers import BertConfig, BertLMHeadModel, PreTrainedTokenizerFast

from mmser_ros.captioner.config import LanguageConfig
from mmser_ros.captioner.decoding.greedy import decode_one, prefill
from mmser_ros.captioner.decoding.prompt import Prompt
from mmser_ros.captioner.model.language_model import build_language_model
from mmser_ros.evaluation.bench.plain import reference_language
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.pretrained import configuration, prune_layers, read_pretrained
from mmser_ros.training.tokens import train_tokenizer

LAYERS = 4
OUTPUTS = ("o_proj", "out_proj", "down_proj", "fc2")
"""What a layer of either kind adds to its input."""


def build(config, layers=LAYERS):
    torch.manual_seed(0)
    architecture = {**config.architecture, "num_hidden_layers": layers}
    return build_language_model(replace(config, architecture=architecture))


@pytest.fixture(params=["opt", "llama"])
def model(tiny_languages, request):
    return build(tiny_languages[request.param])


def logits(model):
    tokens = torch.tensor([[1, 5, 7, 9]])
    return model.lm_head(model(model.embed(tokens), torch.arange(4)[None]))


@torch.inference_mode()
@pytest.mark.parametrize("keep", [[0, 2], [3], [0, 1, 2, 3]])
def test_pruned_layers_add_nothing(model, keep):
    pruned = prune_layers(model, keep)
    assert configuration(pruned).architecture["num_hidden_layers"] == len(keep)
    prompt = Prompt(model.embed(torch.tensor([[1, 5, 7]])), torch.arange(3)[None])
    _, reading = prefill(pruned, prompt, 1)
    stepwise = decode_one(pruned, torch.tensor([9]), reading)
    for name, weights in model.named_parameters():
        layer = [int(part) for part in name.split(".") if part.isdigit()]
        if layer and layer[0] not in keep and name.split(".")[-2] in OUTPUTS:
            weights.zero_()
    torch.testing.assert_close(logits(pruned), logits(model))
    torch.testing.assert_close(stepwise, logits(model)[:, -1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("keep", [[], [4], [-1], [1, 0], [2, 2]])
def test_layers_that_there_are_not_can_not_be_kept(model, keep):
    with pytest.raises(TrainingError, match="expected some of 0 to 3, ascending"):
        prune_layers(model, keep)


def test_a_configuration_builds_the_same_model(model):
    config = configuration(model)
    config = LanguageConfig(**json.loads(json.dumps(vars(config))))
    assert configuration(build_language_model(config)) == config
    again = build_language_model(config)
    again.load_state_dict(model.state_dict())
    torch.testing.assert_close(logits(again), logits(model))


def save(model, folder):
    reference_language(model).save_pretrained(folder)
    tokenizer = train_tokenizer(["a dog walks"], 300)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    return tokenizer


def test_a_folder_is_read(model, tmp_path):
    words = save(model, tmp_path)
    read, tokenizer = read_pretrained(str(tmp_path))
    torch.testing.assert_close(logits(read), logits(model))
    assert tokenizer.encode("a dog").ids == words.encode("a dog").ids
    assert read.tied
    assert configuration(read) == configuration(model)


def test_what_is_no_language_model_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"nothing can't be read .* expected a language model"):
        read_pretrained(str(tmp_path / "nothing"))
    bert = BertConfig(
        vocab_size=8,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        is_decoder=True,
    )
    BertLMHeadModel(bert).save_pretrained(tmp_path)
    PreTrainedTokenizerFast(tokenizer_object=train_tokenizer([], 300)).save_pretrained(tmp_path)
    with pytest.raises(TrainingError, match="kind 'bert'; expected one of llama, opt"):
        read_pretrained(str(tmp_path))


def test_weights_that_are_missing_are_named(model, tmp_path):
    save(model, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    lacking = next(name for name in weights if "layers.1" in name)
    del weights[lacking]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(TrainingError, match=f"lacks .*{lacking}.* expected all weights"):
        read_pretrained(str(tmp_path))


def write_gguf(path, model, tokenizer, splitting):
    """As llama.cpp's converter does: queries and keys with their halves interleaved."""
    import gguf

    config = SimpleNamespace(**model.architecture)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    fields = json.loads(tokenizer.to_str())["model"]
    names = sorted(fields["vocab"], key=fields["vocab"].__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(splitting)
    writer.add_token_list(names)
    writer.add_token_types([3] * 3 + [1] * (len(names) - 3))
    writer.add_token_merges([" ".join(pair) for pair in fields["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(0)
    known = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for name, value in model.state_dict().items():
        if name == "lm_head.weight":  # it is tied
            continue
        count = heads.get(name.split(".")[-2])
        turned = value.unflatten(0, (count, 2, -1)).transpose(1, 2) if count else value
        data = turned.reshape(value.shape).numpy()
        writer.add_tensor(known.get_name(name, (".weight",)), data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_file_is_read(tiny_languages, tmp_path):
    pytest.importorskip("gguf", reason="gguf is not installed: pip install '.[train]'")
    model = build(tiny_languages["llama"], layers=2)
    texts = [f"a dog walks {number}" for number in range(99)]
    words = train_tokenizer(texts, 300)
    path = tmp_path / "tiny.gguf"
    write_gguf(path, model, words, "smollm")
    read, tokenizer = read_pretrained(str(path))
    torch.testing.assert_close(logits(read), logits(model))
    assert (read.begin, read.end, read.tied) == (1, 2, True)
    words.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    )
    assert tokenizer.encode("a dog walks 1234").tokens == words.encode("a dog walks 1234").tokens
    write_gguf(path, model, words, "klingon")
    with pytest.raises(TrainingError, match="pre-tokenizer 'klingon'; expected default"):
        read_pretrained(str(path))
