"""The parts as `app.py` puts them together, with nothing faked but the network to TorchServe."""

import pytest

from proxy.settings import Settings
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fake_torchserve import FakeTorchServe, open_house

TYPE = {"content-type": "application/octet-stream"}


@pytest.mark.parametrize(("max_pixels", "inferences"), [(48 * 32, 1), (48 * 32 - 1, 2), (0, 2)])
async def test_a_picture_is_known_in_another_file_up_to_the_limit(max_pixels: int, inferences: int):
    torchserve = FakeTorchServe()
    async with open_house(torchserve, Settings(pixel_names_max_pixels=max_pixels)) as (_app, client):
        for kind in ("PNG", "BMP"):
            answer = await client.post("/v1/mask", content=file_of(corners(), kind), headers=TYPE)
            assert answer.status_code == 200
    assert len(torchserve.requests) == inferences
