"""Every number of the model: the variants, and the networks built from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypedDict, Unpack

from model_serving.network.blocks import Size
from model_serving.network.decoder import AxialDecoder
from model_serving.network.encoder import AxialEncoder
from model_serving.network.inspyrenet import InSPyReNet
from model_serving.network.res2net import Res2Net50
from model_serving.network.sica import ContextAttention
from model_serving.network.swin import Swin


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is common to all networks. `base_size` (h, w) sets SICA's grids and is in no checkpoint."""

    base_size: Size
    threshold: int | None = None
    depth: int = 64

    def backbone(self) -> Swin | Res2Net50:
        return Res2Net50()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwinVariant(Variant):
    """A network on Swin; the defaults are SwinB."""

    embed_dim: int = 128
    depths: tuple[int, ...] = (2, 2, 18, 2)
    num_heads: tuple[int, ...] = (4, 8, 16, 32)
    window_size: int = 12
    drop_path: float = 0.2

    def backbone(self) -> Swin:
        return Swin(self.embed_dim, self.depths, self.num_heads, self.window_size, self.drop_path)


VARIANTS: Mapping[str, Variant] = {
    "base": SwinVariant(base_size=(1024, 1024)),
    "fast": SwinVariant(base_size=(384, 384)),
    "res2net50": Variant(base_size=(384, 384)),
    "small": SwinVariant(
        base_size=(384, 384),
        threshold=512,
        depth=16,
        embed_dim=32,
        depths=(2, 2, 2, 2),
        num_heads=(1, 2, 4, 8),
        drop_path=0.0,
    ),
}


class Overrides(TypedDict, total=False):
    """What may be asked for besides a variant; the Swin fields on Swin variants only."""

    base_size: int | Sequence[int]
    threshold: int | None
    depth: int
    embed_dim: int
    depths: Sequence[int]
    num_heads: Sequence[int]
    window_size: int
    drop_path: float


def build_network(variant: str = "base", **overrides: Unpack[Overrides]) -> InSPyReNet:
    """A network in eval mode with random weights; nothing is downloaded.

    `base_size` is one number or (height, width). ValueError names the choices when the variant or an override is none
    of them, and the numbers when they do not fit together.
    """
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r}: choose one of {', '.join(VARIANTS)}")
    return _assemble(_with_overrides(variant, dict(overrides))).eval()


def _with_overrides(name: str, overrides: dict[str, Any]) -> Variant:
    variant = VARIANTS[name]
    choices = [field.name for field in fields(variant)]
    if unknown := [key for key in overrides if key not in choices]:
        raise ValueError(f"{name} has no {', '.join(unknown)}: choose from {', '.join(choices)}")
    changed = replace(variant, **{key: _frozen(key, value) for key, value in overrides.items()})
    _check(changed)
    return changed


def _frozen(key: str, value: Any) -> Any:
    if key == "base_size" and isinstance(value, int):
        return (value, value)
    return tuple(value) if isinstance(value, list | tuple) else value


def _check(variant: Variant) -> None:
    if len(variant.base_size) != 2 or min(variant.base_size) < 4:
        raise ValueError(f"base_size must be one number or (height, width), at least 4: not {variant.base_size}")
    if variant.depth < 8 or variant.depth % 8:
        raise ValueError(f"depth must be a multiple of 8, not {variant.depth}")
    if isinstance(variant, SwinVariant):
        _check_swin(variant)


def _check_swin(variant: SwinVariant) -> None:
    if len(variant.depths) != 4 or len(variant.num_heads) != 4:
        raise ValueError("depths and num_heads must have four entries, one for each stage")
    if variant.window_size < 1:
        raise ValueError(f"window_size must be positive, not {variant.window_size}")
    dims = [variant.embed_dim << stage for stage in range(4)]
    if any(dim % heads for dim, heads in zip(dims, variant.num_heads, strict=True)):
        raise ValueError(f"num_heads {variant.num_heads} must divide the stages' channels {tuple(dims)}")


def _assemble(variant: Variant) -> InSPyReNet:
    backbone, depth = variant.backbone(), variant.depth
    height, width = variant.base_size
    quarter, half = (height // 4, width // 4), (height // 2, width // 2)
    return InSPyReNet(
        backbone=backbone,
        encoders=[AxialEncoder(channels, depth) for channels in backbone.channels],
        decoder=AxialDecoder(depth),
        refiners=[
            ContextAttention(2 * depth, depth, quarter, sees_detail=False),
            ContextAttention(2 * depth, depth, half, sees_detail=True),
            ContextAttention(depth, depth, variant.base_size, sees_detail=True),
        ],
        base_size=variant.base_size,
        threshold=variant.threshold,
    )
