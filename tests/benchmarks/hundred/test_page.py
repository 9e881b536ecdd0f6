from benchmarks.hundred.__main__ import page
from tests.benchmarks.hundred.sittings import sitting
from tests.proxy.imaging.pictures import corners, file_of


def test_the_slowest_picture_is_named_with_its_stages():
    pictures = [file_of(corners(), "JPEG"), file_of(corners(32, 24), "PNG")]
    told = page("Here.", [sitting()], pictures).splitlines()
    assert "| small, auto auto, batch 1 | PNG, 32 x 24 | 250 | 0 | 0 | 0 | 0 | 200 | 0 | 0 | 0 |" in told
