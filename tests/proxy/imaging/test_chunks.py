import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.imaging.chunks import open_chunks

seeks = st.tuples(st.integers(0, 60), st.sampled_from([io.SEEK_SET, io.SEEK_END]))
reads = st.integers(-1, 30)


@given(chunks=st.lists(st.binary(max_size=20)), steps=st.lists(st.one_of(seeks, reads)))
def test_chunks_read_and_seek_as_one_file_of_their_bytes(chunks: list[bytes], steps: list[tuple[int, int] | int]):
    ours, theirs = open_chunks(chunks), io.BytesIO(b"".join(chunks))
    for step in steps:
        if isinstance(step, int):
            assert ours.read(step) == theirs.read(step)
        else:
            assert ours.seek(*step) == theirs.seek(*step)
        assert ours.tell() == theirs.tell()


def test_a_seek_may_start_from_where_the_reader_is():
    file = open_chunks([b"ab", b"cdef"])
    file.read(1)
    assert file.seek(2, io.SEEK_CUR) == 3
    assert file.read() == b"def"


def test_a_seek_in_front_of_the_first_byte_is_an_error_as_in_any_file():
    file = open_chunks([b"ab"])
    with pytest.raises(OSError, match="no byte -1"):
        file.seek(-3, io.SEEK_END)
