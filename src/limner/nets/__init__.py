"""Architectures and losses: tensor to tensor. They know no patient, no file, no label name.

One registry, name to dotted path; a net is built with ``build(name, in_channels, out_channels, **options)``.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import Any

NETS: dict[str, str] = {
    "unet": "limner.nets.unet:UNet",
    "cbam-unet": "limner.nets.unet:CBAMUNet",
    "unet++": "limner.nets.monai:unet_plus_plus",
    "basic-unet": "limner.nets.monai:basic_unet",
    "dynunet": "limner.nets.dynunet:DynUNet",
    "swin-unetr": "limner.nets.swin:SwinUNETR",
    "attention-unet": "limner.nets.monai:attention_unet",
    "resnet18": "limner.nets.classifiers:resnet18",
    "resnet50": "limner.nets.classifiers:resnet50",
    "densenet121": "limner.nets.classifiers:densenet121",
    "center-net": "limner.nets.detector:CenterNet",
    "sharpen": "limner.nets.sharpen:Sharpen",
    "sharpen-vae": "limner.nets.sharpen_vae:SharpenVAE",
    "stylegan2": "limner.nets.stylegan2:StyleGAN2",
    "vae": "limner.nets.vae:VAE",
    "casnet": "limner.nets.medgan:CasNet",
    "cyclegan": "limner.nets.medgan:CycleNet",
}


def build(name: str, in_channels: int, out_channels: int, **options: Any) -> Any:
    """A net by name: a ``torch.nn.Module`` that returns a tuple of logits, the finest first.

    Args:
        name: a key of :data:`NETS`.
        in_channels: channels of the input ``(N, C, Z, Y, X)``.
        out_channels: channels of each output.
        options: of that net.

    Raises:
        KeyError: for an unknown name, with the nearest known one.
    """
    if name not in NETS:
        near = difflib.get_close_matches(name, NETS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"Unknown net {name!r}; known are {', '.join(NETS)}.{hint}")
    module, attribute = NETS[name].split(":")
    return getattr(import_module(module), attribute)(in_channels, out_channels, **options)


def load(name: str, in_channels: int, out_channels: int, weights: str | Path, **options: Any) -> Any:
    """A net with the weights of a safetensors file, in float32 and ready to answer.

    Args:
        weights: that :func:`build` with the same arguments once had; half precision is widened.
    """
    from safetensors.torch import load_file

    net = build(name, in_channels, out_channels, **options)
    net.load_state_dict({key: value.float() for key, value in load_file(weights).items()})
    return net.eval()
