# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tiny checkpoints of captioners of transformers: random weights, real processors."""

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

WORDS = "a the of in on dog cat chair table red blue picture room person two sits stands with"
LETTERS = "abcdefghijklmnopqrstuvwxyz.,?"
TEXT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
CHAT = (
    "{% for message in messages %}{{ bos_token }}{{ message['role'] }}: "
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def save_blip(folder):
    from transformers import (
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessorPil,
        BlipProcessor,
    )

    tokenizer = _bert()
    vision = {**TEXT, "intermediate_size": 64, "image_size": 32, "patch_size": 16}
    text = {
        **TEXT,
        "encoder_hidden_size": 32,
        "intermediate_size": 64,
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "max_position_embeddings": 64,
    }
    model = BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision))
    images = BlipImageProcessorPil(size={"height": 32, "width": 32})
    _save(folder, model, BlipProcessor(images, tokenizer))


def save_git(folder):
    from transformers import CLIPImageProcessorPil, GitConfig, GitForCausalLM, GitProcessor

    tokenizer = _bert()
    config = GitConfig(
        vision_config={**TEXT, "intermediate_size": 64, "image_size": 32, "patch_size": 16},
        **TEXT,
        intermediate_size=64,
        vocab_size=len(tokenizer),
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
    )
    images = CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    _save(folder, GitForCausalLM(config), GitProcessor(images, tokenizer))


def save_florence2(folder):
    from transformers import (
        CLIPImageProcessorPil,
        Florence2Config,
        Florence2ForConditionalGeneration,
        Florence2Processor,
    )

    tokenizer = _bytes(image="<image>")
    vision = {
        "embed_dim": [8, 16],
        "depths": [1, 1],
        "num_heads": [1, 2],
        "num_groups": [1, 2],
        "patch_size": [7, 3],
        "patch_stride": [4, 2],
        "patch_padding": [3, 1],
        "patch_prenorm": [False, True],
        "window_size": 4,
        "projection_dim": 32,
    }
    text = {
        "model_type": "bart",
        "vocab_size": len(tokenizer),
        "d_model": 32,
        "encoder_layers": 1,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "max_position_embeddings": 256,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "decoder_start_token_id": tokenizer.eos_token_id,
        "forced_eos_token_id": None,
    }
    config = Florence2Config(
        text_config=text,
        vision_config=vision,
        image_token_id=tokenizer.image_token_id,
        is_encoder_decoder=True,
    )
    images = CLIPImageProcessorPil(size={"height": 32, "width": 32}, do_center_crop=False)
    images.image_seq_length = 17  # 4x4 cells and their mean
    model = Florence2ForConditionalGeneration(config)
    _save(folder, model, Florence2Processor(images, tokenizer))


def save_smolvlm(folder):
    from transformers import (
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessorPil,
        SmolVLMProcessor,
    )

    from mmser_ros.captioner.hub_files import without_videos

    more = ["<fake_token_around_image>", "<global-img>", "<row_1_col_1>"]
    tokenizer = _bytes(image="<image>", more=more)
    vision = {**TEXT, "intermediate_size": 64, "image_size": 16, "patch_size": 4}
    text = {"model_type": "llama", **_llama(tokenizer)}
    config = SmolVLMConfig(
        text_config=text,
        vision_config=vision,
        scale_factor=2,
        image_token_id=tokenizer.image_token_id,
    )
    images = SmolVLMImageProcessorPil(
        size={"longest_edge": 16}, max_image_size={"longest_edge": 16}, do_image_splitting=False
    )
    processor = without_videos(SmolVLMProcessor)(
        images, tokenizer, None, image_seq_len=4, chat_template=_chat("<image>")
    )
    _save(folder, SmolVLMForConditionalGeneration(config), processor)


def save_qwen2_5_vl(folder):
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessorPil,
    )

    from mmser_ros.captioner.hub_files import without_videos

    ends = ["<|vision_start|>", "<|vision_end|>", "<|video_pad|>"]
    tokenizer = _bytes(image="<|image_pad|>", more=ends)
    start, end, video = tokenizer.convert_tokens_to_ids(ends)
    vision = {
        "depth": 1,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "out_hidden_size": 32,
        "patch_size": 14,
        "window_size": 56,
        "fullatt_block_indexes": [0],
    }
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}
    config = Qwen2_5_VLConfig(
        text_config={**_llama(tokenizer), "rope_parameters": rope},
        vision_config=vision,
        image_token_id=tokenizer.image_token_id,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    images = Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=56 * 56)
    chat = _chat("<|vision_start|><|image_pad|><|vision_end|>")
    processor = without_videos(Qwen2_5_VLProcessor)(images, tokenizer, None, chat_template=chat)
    _save(folder, Qwen2_5_VLForConditionalGeneration(config), processor)


def save_paligemma(folder):
    from transformers import (
        PaliGemmaConfig,
        PaliGemmaForConditionalGeneration,
        PaliGemmaProcessor,
        SiglipImageProcessorPil,
    )

    tokenizer = _bytes(image="<image>")
    text = {"model_type": "gemma", **_llama(tokenizer), "head_dim": 16}
    config = PaliGemmaConfig(
        text_config=text,
        vision_config={**_clip("siglip_vision_model"), "vision_use_head": False},
        image_token_index=tokenizer.image_token_id,
        projection_dim=32,
        hidden_size=32,
    )
    images = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    images.image_seq_length = 4
    model = PaliGemmaForConditionalGeneration(config)
    _save(folder, model, PaliGemmaProcessor(images, tokenizer))


def save_llava(folder):
    from transformers import (
        CLIPImageProcessorPil,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = _bytes(image="<image>")
    config = LlavaConfig(
        text_config={"model_type": "llama", **_llama(tokenizer)},
        vision_config=_clip("clip_vision_model"),
        image_token_index=tokenizer.image_token_id,
    )
    images = CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    processor = LlavaProcessor(
        images,
        tokenizer,
        patch_size=16,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_chat("<image>"),
    )
    _save(folder, LlavaForConditionalGeneration(config), processor)


CHECKPOINTS = {
    "blip": save_blip,
    "git": save_git,
    "florence2": save_florence2,
    "smolvlm": save_smolvlm,
    "qwen2_5_vl": save_qwen2_5_vl,
}
FURTHER = {"paligemma": save_paligemma, "llava": save_llava}
"""Of models that nothing here was written for."""


def _save(folder, model, processor):
    import torch

    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:  # else it says one word again and again
                parameter.normal_(std=0.2, generator=random)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


def _clip(model_type):
    vision = {**TEXT, "intermediate_size": 64, "image_size": 32, "patch_size": 16}
    return {"model_type": model_type, "projection_dim": 32, **vision}


def _chat(image):
    return CHAT.replace("IMAGE", image)


def _llama(tokenizer):
    return {
        **TEXT,
        "num_key_value_heads": 1,
        "intermediate_size": 64,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 1024,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }


def _bert():
    """WordPiece over a few words and all letters."""
    from transformers import BertTokenizer

    pieces = [*WORDS.split(), *LETTERS, *(f"##{one}" for one in LETTERS)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(pieces)]
    return BertTokenizer(vocab={token: number for number, token in enumerate(vocabulary)})


def _bytes(image, more=()):
    """BPE over the bytes of printable ASCII."""
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "</s>", image, *more]
    letters = ["\u0120", "\u010a", *map(chr, range(33, 127))]  # a space and a new line first
    vocabulary = {token: number for number, token in enumerate([*special, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.add_special_tokens(special)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        extra_special_tokens={"image_token": image},
        additional_special_tokens=[*more],
    )
