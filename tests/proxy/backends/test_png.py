from proxy.backends.png import is_whole
from tests.support.fakes import grey_png

PNG = grey_png()


def test_what_pillow_writes_is_whole():
    assert is_whole(PNG)


def test_one_bit_is_enough_to_tell():
    assert not any(is_whole(PNG[:at] + bytes([PNG[at] ^ 1]) + PNG[at + 1 :]) for at in range(len(PNG)))


def test_no_part_of_one_is_whole():
    assert not any(is_whole(PNG[:length]) for length in range(len(PNG)))


def test_nothing_may_follow_its_end():
    assert not is_whole(PNG + b"\0")
    assert not is_whole(PNG + PNG)
