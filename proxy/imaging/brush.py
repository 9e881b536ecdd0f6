"""Label Studio's brush: run lengths of an RGBA picture, packed bit by bit.

That is thi.ng's rle-pack, whose JavaScript stands in the docstring of `label_studio_sdk.converter.brush`.

A head of 32 bits for the number of values, 5 for the word's size less 1, four times 4 for the lengths' sizes less 1.
Then for each run one bit (1: a run), two that name its length's size, its length less 1, and its value.
"""

import numpy as np
from numpy.typing import NDArray

from proxy.imaging.run_lengths import Solid, runs

CHANNELS = 4
VALUE_BITS = 8
LENGTH_BITS = np.array([3, 4, 8, 16])
LONGEST = 1 << 16

Bits = NDArray[np.uint8]


def brush(solid: Solid) -> bytes:
    """A mask HxW as Label Studio keeps it, byte for byte as its SDK's `encode_rle` makes it of 0 and 255."""
    lengths = runs(solid.ravel()) * CHANNELS
    values = np.where(np.arange(len(lengths)) % 2, 255, 0)
    packed = np.concatenate((_head(solid.size * CHANNELS), _packed(lengths[lengths > 0], values[lengths > 0])))
    # The SDK fills the last byte with zeros, and adds one of nothing but zeros where it is full already.
    return np.packbits(np.append(packed, np.zeros(8 - len(packed) % 8, np.uint8))).tobytes()


def _head(count: int) -> Bits:
    fields = [(count, 32), (VALUE_BITS - 1, 5), *((int(bits) - 1, 4) for bits in LENGTH_BITS)]
    return np.array([int(bit) for value, width in fields for bit in f"{value:0{width}b}"], np.uint8)


def _packed(lengths: NDArray[np.int64], values: NDArray[np.int64]) -> Bits:
    """Which size a length has is told by the whole run; of a run above 65,536, each piece has the largest."""
    sizes = np.searchsorted(1 << LENGTH_BITS, np.minimum(lengths, LONGEST))
    pieces = (lengths - 1) // LONGEST + 1
    last = np.cumsum(pieces) - 1
    cut = np.full(int(pieces.sum()), LONGEST)
    cut[last] = lengths - (pieces - 1) * LONGEST
    sizes, values = np.repeat(sizes, pieces), np.repeat(values, pieces)
    widths = LENGTH_BITS[sizes]
    codes = ((4 + sizes) << widths | (cut - 1)) << VALUE_BITS | values
    return _in_a_row(codes, 3 + widths + VALUE_BITS)


def _in_a_row(codes: NDArray[np.int64], widths: NDArray[np.int64]) -> Bits:
    """The lowest `widths` bits of each code, the highest first. No width is above 32."""
    aligned = (codes << (32 - widths)).astype(">u4")
    bits = np.unpackbits(aligned.view(np.uint8).reshape(-1, 4), axis=1)
    return bits[np.arange(32) < widths[:, None]]
