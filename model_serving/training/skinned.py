"""The compiled meshes and movements of 0 A.D.: a surface on bones, and where the bones are in each frame.

The formats are those of the game's source/collada/PMDConvert.cpp and PSAConvert.cpp.
"""

import struct
from dataclasses import dataclass

import numpy as np

from model_serving.training.arrays import Floats

NO_BONE = 0xFF
BONE = np.dtype([("place", "<f4", 3), ("spin", "<f4", 4)])
FACE = np.dtype(("<u2", 3))


@dataclass(frozen=True)
class Mesh:
    """A surface at rest: Nx3 vertices and normals, Nx2 texels, Nx4 bones that move them and Nx4 weights, Mx3 faces.

    Bx4x4 are the bones at rest; sockets, where props are fastened, are a bone and a 4x4 place on it, by name.
    """

    vertices: Floats
    normals: Floats
    texels: Floats
    bones: np.ndarray
    weights: Floats
    faces: np.ndarray
    rest: Floats
    sockets: dict[str, tuple[int, Floats]]

    def posed(self, pose: Floats | None) -> tuple[Floats, Floats]:
        """Nx3 vertices and normals with the bones (Bx4x4) where the pose has them; at rest without a pose that fits."""
        if not self._fits(pose):
            return self.vertices, self.normals
        moves = np.concatenate((pose @ np.linalg.inv(self.rest), np.eye(4, dtype=np.float32)[None]))  # type: ignore[operator]
        known = np.where(self.bones < len(self.rest), self.bones, len(self.rest))
        move = np.einsum("nk,nkij->nij", self.weights, moves[known])
        vertices = np.einsum("nij,nj->ni", move[:, :3, :3], self.vertices) + move[:, :3, 3]
        return vertices, np.einsum("nij,nj->ni", move[:, :3, :3], self.normals)

    def socket(self, name: str, pose: Floats | None) -> Floats | None:
        """4x4: where a prop belongs; None where the mesh has no such socket."""
        if name == "root":
            return np.eye(4, dtype=np.float32)
        if name not in self.sockets:
            return None
        bone, place = self.sockets[name]
        bones = pose if self._fits(pose) else self.rest
        return place if bone >= len(self.rest) else np.asarray(bones[bone] @ place, np.float32)  # type: ignore[index]

    def _fits(self, pose: Floats | None) -> bool:
        return pose is not None and len(pose) == len(self.rest) > 0


def read_mesh(data: bytes) -> Mesh:
    """Of a PMD file, version 3 or 4."""
    version, _, vertices = struct.unpack_from("<3I", data, 4)
    sets = struct.unpack_from("<I", data, 16)[0] if version > 3 else 1
    vertex = np.dtype(
        [("place", "<f4", 3), ("normal", "<f4", 3), ("uv", "<f4", (sets, 2)), ("bones", "u1", 4), ("weights", "<f4", 4)]
    )
    points, at = _array(data, 20 if version > 3 else 16, vertex, vertices)
    faces, at = _counted(data, at, FACE)
    bones, at = _counted(data, at, BONE)
    weights = np.where(points["bones"] == NO_BONE, 0.0, points["weights"]).astype(np.float32)
    return Mesh(
        points["place"], points["normal"], points["uv"][:, 0], points["bones"].astype(np.int64), weights,
        faces.astype(np.int64), matrices(bones), _sockets(data, at),
    )  # fmt: skip


def read_poses(data: bytes) -> Floats:
    """FxBx4x4: of a PSA file, the bones in every frame."""
    name = struct.unpack_from("<I", data, 12)[0]
    bones, frames = struct.unpack_from("<2I", data, 16 + name + 4)
    states, _ = _array(data, 16 + name + 12, BONE, bones * frames)
    return matrices(states).reshape(frames, bones, 4, 4)


def matrices(bones: np.ndarray) -> Floats:
    """Nx4x4 of N places and quaternions (x, y, z, w)."""
    x, y, z, w = bones["spin"].T
    whole = np.zeros((len(bones), 4, 4), np.float32)
    whole[:, 0, :3] = np.stack((1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)), axis=1)
    whole[:, 1, :3] = np.stack((2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)), axis=1)
    whole[:, 2, :3] = np.stack((2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)), axis=1)
    whole[:, :3, 3] = bones["place"]
    whole[:, 3, 3] = 1.0
    return whole


def _sockets(data: bytes, at: int) -> dict[str, tuple[int, Floats]]:
    found = {}
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<I", data, at)
        name = data[at + 4 : at + 4 + length].decode("ascii")
        state, at = _array(data, at + 4 + length, BONE, 1)
        found[name] = (data[at], matrices(state)[0])
        at += 1
    return found


def _counted(data: bytes, at: int, kind: np.dtype) -> tuple[np.ndarray, int]:
    return _array(data, at + 4, kind, struct.unpack_from("<I", data, at)[0])


def _array(data: bytes, at: int, kind: np.dtype, count: int) -> tuple[np.ndarray, int]:
    return np.frombuffer(data, kind, count, at), at + count * kind.itemsize
