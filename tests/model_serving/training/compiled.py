"""Meshes and movements as 0 A.D. compiles them, small enough to think about."""

import struct

Bone = tuple[float, float, float]
AT_REST = (0.0, 0.0, 0.0, 1.0)
QUARTER_TURN = (0.0, 0.0, 0.5**0.5, 0.5**0.5)
"""About z: what points right then points up."""


def mesh(bones: list[Bone], sockets: dict[str, tuple[int, Bone]], version: int = 4) -> bytes:
    """A square of two triangles in x and y from 0 to 1, moved by the first bone where there is one."""
    owner = 0 if bones else 255
    body = struct.pack("<2I" if version > 3 else "<I", *((4, 1) if version > 3 else (4,)))
    for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)):
        body += struct.pack("<8f4B4f", x, y, 0, 0, 0, 1, x, y, owner, 255, 255, 255, 1, 0, 0, 0)
    body += struct.pack("<I6H", 2, 0, 1, 2, 0, 2, 3)
    body += struct.pack("<I", len(bones)) + b"".join(struct.pack("<7f", *bone, *AT_REST) for bone in bones)
    body += struct.pack("<I", len(sockets))
    for name, (bone, place) in sockets.items():
        body += struct.pack("<I", len(name)) + name.encode() + struct.pack("<7fB", *place, *AT_REST, bone)
    return struct.pack("<4s2I", b"PSMD", version, len(body)) + body


def movement(frames: list[list[tuple[Bone, tuple[float, float, float, float]]]]) -> bytes:
    """Places and turns of every bone in every frame."""
    body = struct.pack("<I4sf2I", 4, b"walk", 33.3, len(frames[0]), len(frames))
    body += b"".join(struct.pack("<7f", *place, *spin) for frame in frames for place, spin in frame)
    return struct.pack("<4s2I", b"PSSA", 1, len(body)) + body
