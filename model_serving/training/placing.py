"""One cut-out made ready for a scene: bent, turned, dressed in other stuff, and put somewhere."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image

from model_serving.training.arrays import Floats, Pixels, blurred, floats, pixels
from model_serving.training.materials import Photos, light, material

CUT_BY_FRAME = 0.28
STANDING = 0.35
"""Share of the lowest row that is covered in what is cut off below: a portrait, which belongs at the frame's edge."""
STANDS_AT_EDGE = 0.7
TILT_SPREAD = 14.0
"""Degrees; one in eight objects is turned any way round instead."""


@dataclass(frozen=True)
class Layer:
    """Premultiplied nothing: HxWx3 colours and HxW coverage, the whole scene's size."""

    colours: Floats
    alpha: Floats

    def over(self, scene: Floats) -> Floats:
        return scene + (self.colours - scene) * self.alpha[..., None]


def place(rng: Generator, cutout: Pixels, side: int, length: float) -> Layer:
    """Somewhere in a scene of `side`, its longest side `length` pixels; sometimes running out of the frame."""
    standing = bool((cutout[-2, :, 3] > 128).mean() > STANDING and rng.random() < STANDS_AT_EDGE)
    turned = _turn(rng, cutout, length, upright=standing)
    height, width = turned.shape[:2]
    top, left = _at_edge(rng, side, height, width) if standing else _corner(rng, side, height, width)
    canvas = np.zeros((side, side, 4), np.uint8)
    y, x = max(0, top), max(0, left)
    bottom, right = min(side, top + height), min(side, left + width)
    canvas[y:bottom, x:right] = turned[y - top : bottom - top, x - left : right - left]
    layer = floats(canvas)
    return Layer(layer[..., :3], layer[..., 3])


def _turn(rng: Generator, cutout: Pixels, length: float, upright: bool) -> Pixels:
    """Resized, mirrored, turned and seen a little from the side, in one transform."""
    scale = length / max(cutout.shape[:2])
    height, width = (max(4, round(edge * scale)) for edge in cutout.shape[:2])
    image = Image.fromarray(cutout).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    any_way = not upright and rng.random() < 0.125
    angle = np.deg2rad(rng.uniform(0.0, 360.0) if any_way else rng.normal(0.0, TILT_SPREAD * (0.3 if upright else 1.0)))
    corners = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float64)
    spin = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))
    target = corners @ spin + rng.normal(0.0, 0.035, (4, 2)) * length
    target -= target.min(axis=0)
    size = (int(np.ceil(target[:, 0].max())), int(np.ceil(target[:, 1].max())))
    bent = image.transform(size, Image.Transform.PERSPECTIVE, perspective(target, corners), Image.Resampling.BILINEAR)
    return np.asarray(bent)


def perspective(target: np.ndarray, source: np.ndarray) -> list[float]:
    """The eight numbers with which Pillow reads a picture's `source` corners at the `target` corners (4x2 each)."""
    rows = [(x, y, 1, 0, 0, 0, -u * x, -u * y) for (x, y), (u, _) in zip(target, source, strict=True)]
    rows += [(0, 0, 0, x, y, 1, -v * x, -v * y) for (x, y), (_, v) in zip(target, source, strict=True)]
    return list(np.linalg.solve(np.array(rows, np.float64), np.concatenate((source[:, 0], source[:, 1]))))


def _at_edge(rng: Generator, side: int, height: int, width: int) -> tuple[int, int]:
    """What is cut off below, cut off by the frame."""
    return int(side - height * (1.0 - rng.uniform(0.04, 0.2))), int(rng.normal(0.5, 0.14) * side - width / 2)


def _corner(rng: Generator, side: int, height: int, width: int) -> tuple[int, int]:
    middle = np.clip(rng.normal(0.5, 0.14, 2), 0.2, 0.8) * side
    top, left = int(middle[0] - height / 2), int(middle[1] - width / 2)
    if rng.random() < CUT_BY_FRAME:
        out = rng.uniform(0.03, 0.35)
        if rng.random() < 0.6:
            return int(side - height * (1.0 - out)), left
        return top, int(-width * out) if rng.random() < 0.5 else int(side - width * (1.0 - out))
    return _inside(top, side - height), _inside(left, side - width)


def _inside(start: int, room: int) -> int:
    return int(np.clip(start, 0, room)) if room > 0 else room // 2


def dress(rng: Generator, layer: Layer, scene: Floats, photos: Photos) -> Layer:
    """Other materials, light and colours, down to those of what lies behind it."""
    colours, side = layer.colours, layer.alpha.shape[0]
    if rng.random() < 0.15:
        colours = _retextured(rng, colours, photos)
    colours = _recoloured(rng, colours) * light(rng, side, side, rng.uniform(0.0, 0.4))
    camouflaged = rng.random() < 0.05
    colours = _set_apart(colours, layer.alpha, scene, 0.15 if camouflaged else rng.uniform(0.22, 0.42), camouflaged)
    soft = rng.uniform(0.0, 0.7) * side / 128
    return Layer(np.clip(colours, 0.0, 1.0), blurred(layer.alpha, soft))


def _retextured(rng: Generator, colours: Floats, photos: Photos) -> Floats:
    """Another surface that keeps some of the object's own light and dark."""
    relief = colours.mean(axis=2, keepdims=True)
    keep = rng.uniform(0.0, 0.8)
    return np.asarray(material(rng, photos, *colours.shape[:2]) * (1.0 - keep + keep * (0.4 + relief)), np.float32)


def _set_apart(colours: Floats, alpha: Floats, scene: Floats, distance: float, exactly: bool) -> Floats:
    """At least (or exactly) so far in mean colour from what it covers: a salient thing can be told from its place."""
    weight = alpha[..., None] / max(1.0, float(alpha.sum()))
    own, behind = (colours * weight).sum((0, 1)), (scene * weight).sum((0, 1))
    gap = own - behind
    apart = float(np.sqrt((gap**2).mean()))
    if apart > distance and not exactly:
        return colours
    lighter = 1.0 if behind.mean() < 0.5 else -1.0
    wanted = behind + (distance * gap / apart if apart > 0.5 * distance else lighter * distance)
    return np.asarray(colours + (wanted - own), np.float32)


def _recoloured(rng: Generator, colours: Floats) -> Floats:
    gain = rng.normal(1.0, 0.1, 3).astype(np.float32) * np.float32(np.exp(rng.normal(0.08, 0.16)))
    grey = colours.mean(axis=2, keepdims=True)
    saturation = np.float32(rng.uniform(0.5, 1.2))
    return np.asarray((grey + (colours - grey) * saturation) * gain, np.float32)


def shadow(rng: Generator, alpha: Floats) -> Floats:
    """HxW darkness, 0..1, that the object throws; it is no part of the object."""
    side = alpha.shape[0]
    down, right = int(rng.uniform(-0.02, 0.08) * side), int(rng.normal(0.0, 0.05) * side)
    thrown = np.roll(alpha, (down, right), (0, 1))
    if rng.random() < 0.4:
        thrown = _flattened(thrown)
    return blurred(thrown, rng.uniform(0.01, 0.05) * side) * np.float32(rng.uniform(0.2, 0.65))


def _flattened(alpha: Floats) -> Floats:
    """The shadow on a floor: the silhouette squeezed towards its feet."""
    side = alpha.shape[0]
    rows = np.flatnonzero(alpha.max(axis=1) > 0.3)
    if not rows.size:
        return alpha
    feet, height = int(rows[-1]), int(rows[-1] - rows[0]) + 1
    squeezed = floats(Image.fromarray(pixels(alpha[rows[0] : feet + 1])).resize((side, max(2, height // 4))))
    flat = np.zeros_like(alpha)
    top = max(0, feet + 1 - squeezed.shape[0])
    flat[top : feet + 1] = squeezed[-(feet + 1 - top) :]
    return flat
