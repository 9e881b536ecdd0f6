"""The door through which timm comes in, on the CUDA build of torch and on the CPU-only one.

`import timm` imports torchvision, whose published wheel is a CUDA build: over CPU-only torch its C++ library does not
load, and its import fails because two operators were never declared. They are declared here, without code behind
them: nothing in this package calls them.
"""

import importlib
import sys

import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_libraries: list[torch.library.Library] = []  # a library that is collected takes its operators with it


def _declare_missing_operators() -> None:
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        library.define(name + _SCHEMA)  # type: ignore[no-untyped-call]
    _libraries.append(library)


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]


def _make_torchvision_importable() -> None:
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        _forget("torchvision")
        _declare_missing_operators()
        importlib.import_module("torchvision")


_make_torchvision_importable()

from timm.layers import PatchEmbed  # noqa: E402  torchvision has to be importable first
from timm.models.res2net import res2net50d  # noqa: E402
from timm.models.resnet import ResNet  # noqa: E402
from timm.models.swin_transformer import (  # noqa: E402
    PatchMerging,
    SwinTransformerBlock,
    window_partition,
    window_reverse,
)

__all__ = [
    "PatchEmbed",
    "PatchMerging",
    "ResNet",
    "SwinTransformerBlock",
    "res2net50d",
    "window_partition",
    "window_reverse",
]
