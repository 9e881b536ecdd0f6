"""Drawn cut-outs: objects of one or several parts and materials, with holes, hair and thin limbs."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from model_serving.training.arrays import Floats, Pixels
from model_serving.training.canvas import SIDE, Canvas, blob, crop_to_alpha
from model_serving.training.materials import Photos


def draw(rng: Generator, photos: Photos) -> Pixels:
    """HxWx4 uint8, cropped to what is visible."""
    canvas = Canvas(rng, photos)
    KINDS[rng.integers(len(KINDS))](canvas, rng)
    return crop_to_alpha(canvas.cutout())


def lump(canvas: Canvas, rng: Generator) -> None:
    canvas.polygon(blob(rng, 0.5, 0.5, 0.33, rng.uniform(0.1, 0.5)))
    canvas.fill()


def shard(canvas: Canvas, rng: Generator) -> None:
    corners = int(rng.integers(3, 12))
    angles = np.sort(rng.uniform(0.0, 2.0 * np.pi, corners))
    radii = rng.uniform(0.2, 0.48, corners)
    canvas.polygon(list(zip(0.5 + radii * np.cos(angles), 0.5 + radii * np.sin(angles), strict=True)))
    canvas.polygon(blob(rng, 0.5, 0.5, 0.15))
    canvas.fill()


def ring(canvas: Canvas, rng: Generator) -> None:
    """One to three holes through which the background shows."""
    canvas.polygon(blob(rng, 0.5, 0.5, 0.4, 0.15))
    for _ in range(rng.integers(1, 4)):
        x, y = rng.uniform(0.36, 0.64, 2)
        canvas.polygon(blob(rng, x, y, rng.uniform(0.08, 0.2), 0.15), ink=0)
    canvas.fill()


def hairy(canvas: Canvas, rng: Generator) -> None:
    """A body whose rim dissolves into strands."""
    outline = blob(rng, 0.5, 0.5, 0.28, 0.2, points=220)
    canvas.polygon(outline)
    length, lean = rng.uniform(0.03, 0.17), rng.uniform(-0.6, 0.6)
    for x, y in outline:
        angle = np.arctan2(y - 0.5, x - 0.5) + lean + rng.normal(0.0, 0.25)
        reach = length * rng.uniform(0.3, 1.0)
        canvas.stroke([(x, y), (x + reach * np.cos(angle), y + reach * np.sin(angle))], 0.003)
    canvas.fill()


def branch(canvas: Canvas, rng: Generator) -> None:
    """Thin limbs that fork: a plant, antlers, a stand."""

    def grow(x: float, y: float, angle: float, length: float, width: float) -> None:
        if width < 0.008 or length < 0.04:
            return
        tip = (x + length * np.cos(angle), y + length * np.sin(angle))
        canvas.stroke([(x, y), tip], width)
        for _ in range(rng.integers(2, 4)):
            grow(*tip, angle + rng.normal(0.0, 0.5), length * rng.uniform(0.6, 0.85), width * rng.uniform(0.55, 0.8))

    grow(0.5, 0.95, -np.pi / 2, rng.uniform(0.2, 0.3), rng.uniform(0.03, 0.09))
    canvas.fill()
    if rng.random() < 0.6:
        for _ in range(rng.integers(3, 14)):
            canvas.polygon(blob(rng, rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.6), rng.uniform(0.03, 0.12)))
        canvas.fill()


def table_set(canvas: Canvas, rng: Generator) -> None:
    """Saucer, cup, what is in it, a handle and a spoon: one subject, five materials."""
    tilt, wide = rng.uniform(0.3, 0.95), rng.uniform(0.36, 0.47)
    side = 1.0 if rng.random() < 0.5 else -1.0
    for share in (1.0, 0.65):
        canvas.ellipse(0.5, 0.6, wide * share, wide * share * tilt)
        canvas.fill()
    _cup(canvas, rng, 0.5 + rng.uniform(-0.06, 0.06), wide * rng.uniform(0.45, 0.75), tilt, side)
    if rng.random() < 0.7:
        end = (0.5 - side * wide * rng.uniform(0.7, 1.0), 0.6 + wide * rng.uniform(-0.2, 0.7))
        canvas.stroke([end, (0.5 - side * wide * 0.35, 0.65)], 0.02)
        canvas.ellipse(*end, 0.05, 0.035)
        canvas.fill()


def _cup(canvas: Canvas, rng: Generator, x: float, rim: float, tilt: float, side: float) -> None:
    """Seen more from above the nearer `tilt` is to 1; its handle is on `side`."""
    drop = rim * (1.0 - tilt) * rng.uniform(0.8, 1.5)
    handle, middle = x + side * rim * 1.05, 0.5 + drop * 0.4
    canvas.ellipse(handle, middle, rim * 0.4, rim * 0.3)
    canvas.ellipse(handle, middle, rim * 0.22, rim * 0.15, ink=0)
    canvas.fill()
    canvas.polygon([(x - rim, 0.5), (x + rim, 0.5), (x + rim * 0.7, 0.56 + drop), (x - rim * 0.7, 0.56 + drop)])
    canvas.ellipse(x, 0.56 + drop, rim * 0.7, rim * 0.7 * tilt)
    canvas.fill()
    for share in (1.0, 0.87):
        canvas.ellipse(x, 0.5, rim * share, rim * share * tilt)
        canvas.fill()


def bust(canvas: Canvas, rng: Generator) -> None:
    """Hair, head, neck, shoulders, things on the chest: a person cut by the lower edge."""
    x, y, r = 0.5 + rng.normal(0.0, 0.05), rng.uniform(0.24, 0.36), rng.uniform(0.1, 0.17)
    neck = y + r * 1.35
    if rng.random() < 0.6:
        canvas.polygon(blob(rng, x, y + r * rng.uniform(-0.2, 0.6), r * rng.uniform(1.3, 1.8), 0.2))
        canvas.fill()
    canvas.polygon([(x - r * 0.5, y), (x + r * 0.5, y), (x + r * 0.55, neck + 0.1), (x - r * 0.55, neck + 0.1)])
    canvas.ellipse(x, y, r, r * 1.3)
    canvas.fill(_skin(rng))
    _clothes(canvas, rng, x, neck, r)
    canvas.polygon(blob(rng, x, y - r * 0.9, r * rng.uniform(0.75, 1.05), 0.2))
    canvas.fill()


def _skin(rng: Generator) -> Floats:
    tone = np.array((0.85, 0.64, 0.52)) * rng.uniform(0.3, 1.15)
    return np.broadcast_to(tone, (SIDE, SIDE, 3)).astype(np.float32)


def _clothes(canvas: Canvas, rng: Generator, x: float, neck: float, r: float) -> None:
    spread, slope = rng.uniform(0.24, 0.48), neck + rng.uniform(0.05, 0.2)
    left = [(x - spread * 1.1, 1.0), (x - spread, slope), (x - r * 0.6, neck)]
    right = [(2.0 * x - edge, down) for edge, down in reversed(left)]
    canvas.polygon(left + right)
    canvas.fill()
    for _ in range(rng.integers(0, 4)):
        spot = (x + rng.uniform(-spread, spread), rng.uniform(neck + 0.1, 0.95))
        canvas.polygon(blob(rng, *spot, rng.uniform(0.02, 0.1)))
        canvas.fill()


def figure(canvas: Canvas, rng: Generator) -> None:
    """A standing figure or a thing on legs, its limbs apart."""
    top, hip, foot = rng.uniform(0.16, 0.24), rng.uniform(0.5, 0.6), 0.97
    lean = rng.normal(0.0, 0.05)
    for side in (-1.0, 1.0):
        knee = (0.5 + side * rng.uniform(0.02, 0.13), (hip + foot) / 2)
        canvas.stroke([(0.5, hip - 0.03), knee, (0.5 + side * rng.uniform(0.03, 0.2), foot)], rng.uniform(0.05, 0.1))
    canvas.fill()
    for side in (-1.0, 1.0):
        elbow = (0.5 + lean + side * rng.uniform(0.1, 0.24), rng.uniform(top + 0.08, hip))
        hand = (0.5 + side * rng.uniform(0.0, 0.4), rng.uniform(top, hip + 0.1))
        canvas.stroke([(0.5 + lean + side * 0.08, top + 0.06), elbow, hand], rng.uniform(0.03, 0.07))
    canvas.fill()
    wide = rng.uniform(0.07, 0.14)
    waist = wide * 0.9
    canvas.polygon([(0.5 + lean - wide, top), (0.5 + lean + wide, top), (0.5 + waist, hip), (0.5 - waist, hip)])
    canvas.fill()
    canvas.ellipse(0.5 + lean, top - 0.07, 0.055, 0.075)
    canvas.fill()


def animal(canvas: Canvas, rng: Generator) -> None:
    """Body, legs, head, ears and tail, each of its own stuff or of one."""
    body, high = rng.uniform(0.2, 0.3), rng.uniform(0.1, 0.18)
    for x in (0.5 - body * 0.8, 0.5 - body * 0.55, 0.5 + body * 0.5, 0.5 + body * 0.8):
        canvas.stroke([(x, 0.5), (x + rng.normal(0.0, 0.04), rng.uniform(0.75, 0.92))], rng.uniform(0.03, 0.07))
    canvas.stroke([(0.5 - body, 0.48), (0.5 - body - 0.12, rng.uniform(0.2, 0.6))], rng.uniform(0.01, 0.05))
    if rng.random() < 0.5:
        canvas.fill()
    canvas.ellipse(0.5, 0.5, body, high)
    head, up = 0.5 + body + rng.uniform(0.0, 0.08), rng.uniform(0.25, 0.45)
    canvas.stroke([(0.5 + body * 0.7, 0.48), (head, up)], rng.uniform(0.06, 0.12))
    canvas.polygon(blob(rng, head, up, rng.uniform(0.07, 0.13), 0.2))
    for side in (-0.05, 0.05):
        ear = head + side
        canvas.polygon([(ear - 0.03, up - 0.05), (ear + 0.03, up - 0.05), (head + side * 1.5, up - 0.18)])
    canvas.fill()


def face(canvas: Canvas, rng: Generator) -> None:
    """A furred head filling the frame: ears, eyes, muzzle."""
    canvas.polygon(blob(rng, 0.5, 0.55, 0.36, 0.12, points=160))
    for side in (-1.0, 1.0):
        tip = (0.5 + side * rng.uniform(0.22, 0.36), 0.06)
        canvas.polygon([(0.5 + side * 0.33, 0.42), (0.5 + side * 0.1, 0.3), tip])
    canvas.polygon(blob(rng, 0.5 + rng.uniform(-0.1, 0.1), 0.95, 0.36, 0.2))
    canvas.fill()
    canvas.polygon(blob(rng, 0.5, rng.uniform(0.6, 0.75), rng.uniform(0.08, 0.18)))
    canvas.fill()
    size = rng.uniform(0.02, 0.06)
    for side in (-1.0, 1.0):
        canvas.ellipse(0.5 + side * 0.15, 0.48, size, size)
    canvas.fill()


def vessel(canvas: Canvas, rng: Generator) -> None:
    """A turned profile (bottle, vase, rocket, lamp) in one to four bands."""
    levels = np.linspace(0.03, 0.97, 24)
    profile = np.interp(levels, np.linspace(0.0, 1.0, 6), rng.uniform(0.04, 0.26, 6))
    cuts = np.sort(rng.integers(1, 23, int(rng.integers(0, 4))))
    for first, last in zip((0, *cuts), (*cuts, 23), strict=True):
        band = slice(first, last + 1)
        left = list(zip(0.5 - profile[band], levels[band], strict=True))
        right = list(zip(0.5 + profile[band], levels[band], strict=True))
        canvas.polygon(left + right[::-1])
        canvas.fill()


def box(canvas: Canvas, rng: Generator) -> None:
    """A block in three-quarter view, a face per material, or a vehicle if it gets wheels."""
    w, h, dx, dy = rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.5), rng.uniform(0.05, 0.25), rng.uniform(0.03, 0.2)
    x, y = 0.5 - (w + dx) / 2, 0.5 - (h - dy) / 2
    canvas.polygon([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
    canvas.fill()
    canvas.polygon([(x, y), (x + w, y), (x + w + dx, y - dy), (x + dx, y - dy)])
    canvas.fill()
    canvas.polygon([(x + w, y), (x + w + dx, y - dy), (x + w + dx, y + h - dy), (x + w, y + h)])
    canvas.fill()
    if rng.random() < 0.4:
        for wheel in (0.2, 0.8):
            canvas.ellipse(x + w * wheel, y + h, 0.07, 0.07)
        canvas.fill()


def assembly(canvas: Canvas, rng: Generator) -> None:
    """Two to six overlapping parts that only their nearness joins."""
    x, y = 0.5, 0.5
    for _ in range(rng.integers(2, 7)):
        canvas.polygon(blob(rng, x, y, rng.uniform(0.06, 0.22), rng.uniform(0.05, 0.4), int(rng.choice((5, 8, 60)))))
        canvas.fill()
        x, y = np.clip(rng.normal((x, y), 0.13), 0.25, 0.75)


KINDS: tuple[Callable[[Canvas, Generator], None], ...] = (
    lump, shard, ring, hairy, branch, table_set, table_set, bust, bust, bust, figure, animal, face, vessel, box,
    assembly,
)  # fmt: skip
