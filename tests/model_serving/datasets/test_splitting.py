from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from model_serving.datasets.checking import Sound
from model_serving.datasets.layouts import Side
from model_serving.datasets.pairing import Candidate
from model_serving.datasets.splitting import distinct, split

CONTENTS = st.lists(st.integers(0, 60), max_size=60)


def sound(content: int, number: int = 0, source: str = "mine", side: Side = "split", own: float | None = None) -> Sound:
    file = Path(f"/{source}/{side}/{number}.jpg")
    return Sound(Candidate(file, file.with_suffix(".png"), source, side, own), content.to_bytes(32, "big"))


def sides(pictures: list[Sound], share: float = 0.3, seed: int = 1) -> dict[Path, str]:
    return {pair.image: pair.split for pair in split(pictures, share, seed)}


@given(CONTENTS, CONTENTS, CONTENTS, st.integers(0, 2**64 - 1))
def test_the_same_bytes_are_never_on_both_sides(ours: list[int], theirs: list[int], tests: list[int], seed: int):
    pictures = [
        *(sound(content, n) for n, content in enumerate(ours)),
        *(sound(content, n, "theirs") for n, content in enumerate(theirs)),
        *(sound(content, n, "test", "held-out") for n, content in enumerate(tests)),
        *(sound(content, n, "scenes", "train") for n, content in enumerate(ours)),
    ]
    kept = distinct(pictures)
    pairs = split(kept.kept, 0.3, seed)
    digests = {one.candidate.image: one.digest for one in pictures}
    train, held_out = ({digests[pair.image] for pair in pairs if pair.split == side} for side in ("train", "held-out"))
    assert not train & held_out
    assert len(pairs) + len(kept.left_out) == len(pictures)
    assert {pair.image for pair in pairs if pair.source == "test"} == {
        one.candidate.image for one in pictures if one.candidate.source == "test"
    }
    assert all(pair.split == "held-out" for pair in pairs if pair.source == "test")


@given(st.sets(st.integers(0, 500), min_size=2, max_size=60), st.sets(st.integers(501, 900), max_size=60))
def test_more_pictures_move_none_to_the_other_side(first: set[int], later: set[int]):
    before = sides([sound(content, content) for content in sorted(first)], share=0.5)
    after = sides([sound(content, content) for content in sorted(first | later)], share=0.5)
    moved = {image for image, side in before.items() if after[image] != side}
    assert not moved or (len(moved) == 1 and list(before.values()).count("held-out") == 1)


def test_every_source_has_its_share():
    pictures = [sound(n * 7 + len(source), n, source) for source in ("mine", "theirs") for n in range(1000)]
    held_out = [pair.source for pair in split(pictures, 0.1, 3) if pair.split == "held-out"]
    assert 70 < held_out.count("mine") < 130
    assert 70 < held_out.count("theirs") < 130


def test_a_small_source_holds_one_out_and_a_single_picture_is_trained_on():
    assert list(sides([sound(n, n) for n in range(3)], share=0.001).values()).count("held-out") == 1
    assert list(sides([sound(1)], share=0.001).values()) == ["train"]
    assert "held-out" not in sides([sound(n, n) for n in range(50)], share=0.0).values()


def test_a_source_may_have_a_share_of_its_own():
    assert set(sides([sound(n, n, own=1.0) for n in range(5)], share=0.0).values()) == {"held-out"}


def test_the_seed_decides():
    pictures = [sound(n, n) for n in range(100)]
    assert sides(pictures, seed=1) == sides(pictures, seed=1) != sides(pictures, seed=2)


def test_of_equal_pictures_the_first_is_kept_and_the_test_sets_stay_whole():
    ours, again = sound(1, 1), sound(1, 2)
    test, other_test, tested = sound(2, 3, "a", "held-out"), sound(2, 4, "b", "held-out"), sound(2, 5)
    told = distinct([ours, again, tested, test, other_test])
    assert told.kept == [ours, test, other_test]
    assert [(one.file.name, one.reason) for one in told.left_out] == [
        ("2.jpg", "same picture: as /mine/split/1.jpg"),
        ("5.jpg", "same picture: as /a/held-out/3.jpg"),
    ]
