import numpy as np
import pytest

from model_serving.training.skinned import read_mesh, read_poses
from tests.model_serving.training.compiled import AT_REST, QUARTER_TURN, mesh, movement

CORNER = 2
"""The vertex at (1, 1, 0)."""


@pytest.mark.parametrize("version", [3, 4])
def test_a_mesh_is_read_with_its_triangles_and_texels(version: int):
    square = read_mesh(mesh([], {}, version))
    assert square.vertices.tolist()[CORNER] == [1, 1, 0]
    assert square.texels.tolist()[CORNER] == [1, 1]
    assert square.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert not square.sockets


def test_a_pose_moves_the_vertices_with_their_bone():
    square = read_mesh(mesh([(0, 0, 0)], {}))
    rest, lifted, turned = read_poses(
        movement([[((0, 0, 0), AT_REST)], [((0, 5, 0), AT_REST)], [((0, 0, 0), QUARTER_TURN)]])
    )
    assert np.allclose(square.posed(rest)[0][CORNER], (1, 1, 0))
    assert np.allclose(square.posed(lifted)[0][CORNER], (1, 6, 0))
    assert np.allclose(square.posed(turned)[0][CORNER], (-1, 1, 0), atol=1e-6)


def test_normals_turn_and_are_not_moved():
    square = read_mesh(mesh([(0, 0, 0)], {}))
    (pose,) = read_poses(movement([[((0, 5, 0), QUARTER_TURN)]]))
    assert np.allclose(square.posed(pose)[1], (0, 0, 1), atol=1e-6)


def test_a_bone_turns_about_its_own_place():
    square = read_mesh(mesh([(1, 1, 0)], {}))
    (pose,) = read_poses(movement([[((1, 1, 0), QUARTER_TURN)]]))
    assert np.allclose(square.posed(pose)[0][CORNER], (1, 1, 0), atol=1e-6)


def test_a_pose_of_other_bones_leaves_the_mesh_at_rest():
    square = read_mesh(mesh([(0, 0, 0)], {}))
    (pose,) = read_poses(movement([[((0, 5, 0), AT_REST)] * 2]))
    assert np.array_equal(square.posed(pose)[0], square.vertices)


def test_a_socket_goes_where_its_bone_goes():
    square = read_mesh(mesh([(0, 0, 0)], {"hand": (0, (1, 0, 0)), "ground": (255, (2, 0, 0))}))
    (pose,) = read_poses(movement([[((0, 5, 0), QUARTER_TURN)]]))
    places = {name: square.socket(name, pose) for name in ("hand", "ground", "root")}
    assert {name: np.round(place[:3, 3], 5).tolist() for name, place in places.items() if place is not None} == {
        "hand": [0, 6, 0],
        "ground": [2, 0, 0],
        "root": [0, 0, 0],
    }
    assert square.socket("tail", pose) is None
