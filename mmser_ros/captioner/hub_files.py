# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Configuration, processor and model of a captioner of transformers, read from hub or folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from transformers import (
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
    PROCESSOR_MAPPING,
    AutoConfig,
    AutoImageProcessor,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
    BitsAndBytesConfig,
    CompileConfig,
    GenerationMixin,
)

from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.quantization.formats import MODES, QuantizationError, dynamic_int8
from mmser_ros.core.errors import MmserError

DTYPES = {"none": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
BITS = ("int8", "int4")


def resolve(mode: str, device: str) -> str:
    """Resolve a quantization mode of a model of the hub.

    Returns:
        The mode. `auto` becomes `bf16` on a GPU that computes in it, else `fp16`; on a CPU `none`,
        because what int8 costs these models was not measured.

    Raises:
        QuantizationError: the mode is unknown or does not run on the device.
    """
    modes = (*MODES, "int4")
    if mode not in modes:
        msg = f"unknown quantization {mode!r}; expected one of {', '.join(modes)}"
        raise QuantizationError(msg)
    on_cpu = device == "cpu"
    if mode == "auto":
        return "none" if on_cpu else _half()
    if mode in ("fp16", "int4") and on_cpu:
        msg = f"{mode} of a model of the hub needs a GPU and the device is cpu; use bf16, int8 or "
        msg += "none there"
        raise QuantizationError(msg)
    return mode


def _half() -> str:
    """The 16-bit format that the GPU computes in; models that learned in bf16 overflow in fp16."""
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


def read_config(source: str, revision: str) -> Any:
    """Read a model's configuration.

    Raises:
        CaptionerError: there is none, or its model reads no images or needs code of the hub.
    """
    with _in_words(source):
        config = AutoConfig.from_pretrained(
            _place(source), revision=revision or None, trust_remote_code=False
        )
    if type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        return config
    msg = f"hf:{source} is a {config.model_type} model, which does not caption images; expected an "
    msg += "image-text-to-text model, such as hf:Salesforce/blip-image-captioning-base"
    raise CaptionerError(msg)


def load_processor(source: str, revision: str, config: Any) -> Any:
    """Load a model's processor of images and text.

    Raises:
        CaptionerError: there is none.
    """
    place, options = _place(source), {"revision": revision or None}
    with _in_words(source):
        processor_class: Any = PROCESSOR_MAPPING.get(type(config), None)
        if processor_class and "video_processor" in processor_class.get_attributes():
            processor = _still_processor(processor_class, place, options)
        else:
            processor = AutoProcessor.from_pretrained(place, trust_remote_code=False, **options)
    if not hasattr(processor, "image_processor") or not hasattr(processor, "tokenizer"):
        msg = f"transformers finds no processor of images and text for hf:{source}; expected "
        msg += "processor_config.json or preprocessor_config.json, and a tokenizer"
        raise CaptionerError(msg)
    tokenizer, expected = processor.tokenizer, getattr(config.get_text_config(), "vocab_size", 0)
    if len(tokenizer) < expected / 2:  # without its files transformers makes an empty one
        msg = f"the tokenizer of hf:{source} has {len(tokenizer)} tokens and its model {expected}; "
        msg += "expected tokenizer.json, or the files of an older tokenizer, beside the weights"
        raise CaptionerError(msg)
    if not config.is_encoder_decoder:
        tokenizer.padding_side = "left"  # the answer goes on where the question ends
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return processor


def load_model(source: str, revision: str, device: str, quantize: str) -> Any:
    """Load a model to a device.

    Raises:
        CaptionerError: its weights can't be loaded.
        QuantizationError: a package for the quantization is missing.
    """
    options: dict[str, Any] = {"revision": revision or None, "trust_remote_code": False}
    options["dtype"] = DTYPES.get(quantize, torch.float32)
    if quantize in BITS and device != "cpu":
        options["dtype"] = DTYPES[_half()]
        options |= {"quantization_config": _bits(quantize), "device_map": {"": device}}
    with _in_words(source):
        read: Any = AutoModelForImageTextToText.from_pretrained
        model, loaded = read(_place(source), output_loading_info=True, **options)
    if loaded["missing_keys"]:
        some = ", ".join(sorted(loaded["missing_keys"])[:3])
        msg = f"hf:{source} lacks {len(loaded['missing_keys'])} weights, such as {some}; expected "
        msg += f"those of a {model.config.model_type} model"
        raise CaptionerError(msg)
    if quantize == "int8" and device == "cpu":
        dynamic_int8(model)
    elif quantize not in BITS:
        model.to(device)
    return model.eval()


def compile_decoding(model: Any) -> None:
    """Let torch compile a decoding step as transformers does it: with a cache of a fixed size.

    Raises:
        CaptionerError: the captions of this model are decoded in another way.
    """
    quantizer = getattr(model, "hf_quantizer", None)
    if type(model).generate is not GenerationMixin.generate:
        msg = f"a {model.config.model_type} model decodes with code of its own"
        raise CaptionerError(msg)
    if quantizer and not quantizer.is_compileable:
        msg = f"weights in {quantizer.quantization_config.quant_method} do not compile"
        raise CaptionerError(msg)
    options = CompileConfig()
    options._compile_all_devices = True  # type: ignore[assignment]  # on a CPU, too
    model.generation_config.cache_implementation = "static"
    model.generation_config.compile_config = options


def _bits(quantize: str) -> BitsAndBytesConfig:
    """What bitsandbytes does: LLM.int8() (arXiv 2208.07339) or NF4 (arXiv 2305.14314)."""
    try:
        import accelerate  # noqa: F401
        import bitsandbytes  # noqa: F401
    except ImportError as error:
        msg = f"{quantize} on a GPU needs bitsandbytes and accelerate: {error}; "
        msg += "pip install 'mmser_ros[hub]'"
        raise QuantizationError(msg) from error
    if quantize == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=DTYPES[_half()]
    )


def without_videos(processor_class: Any) -> Any:
    """The class of a processor whose part for videos, which needs torchvision, is left out."""
    parts = [one for one in processor_class.get_attributes() if one != "video_processor"]
    members = {
        "get_attributes": classmethod(lambda _: parts),
        "video_processor": SimpleNamespace(num_frames=None, fps=None),
    }
    return type(processor_class.__name__, (processor_class,), members)


def _still_processor(processor_class: Any, place: str, options: dict[str, Any]) -> Any:
    """Load a processor without its part for videos."""
    parts = {
        "image_processor": AutoImageProcessor.from_pretrained(place, **options),
        "tokenizer": AutoTokenizer.from_pretrained(place, **options),
        "video_processor": None,
    }
    settings, _ = processor_class.get_processor_dict(place, **options)
    settings.pop("video_processor", None)
    names = processor_class.get_attributes()
    still = without_videos(processor_class)
    return still.from_args_and_dict([parts[name] for name in names], settings)


def is_folder(source: str) -> bool:
    """Whether a model is in a folder, not on the hub."""
    return Path(source).expanduser().is_dir()


def _place(source: str) -> str:
    """A folder's path, or the name of a model on the hub."""
    if not source:
        msg = "model 'hf:' has no name; expected hf:NAME or hf:FOLDER"
        raise CaptionerError(msg)
    if is_folder(source):
        return str(Path(source).expanduser())
    if source[0] in "./~":
        msg = f"no folder {source}; expected a folder with a model of transformers"
        raise CaptionerError(msg)
    return source


@contextmanager
def _in_words(source: str) -> Iterator[None]:
    """Say what is wrong with a model in one line."""
    try:
        yield
    except MmserError:
        raise
    except Exception as error:  # transformers raises any kind
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        msg = f"can't load hf:{source}: {reason}"
        if isinstance(error, OSError) and not is_folder(source):
            msg += ". Check the name, the network, and for a gated model the variable HF_TOKEN"
        if "trust_remote_code" in reason:
            msg = f"hf:{source} needs code of its own, which is not run; use a model of which "
            msg += "transformers has the code, or load it in a class of yours: python:MODULE.CLASS"
        raise CaptionerError(msg) from error
