import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy.imaging.geometry import Box, Length, Margins, Placing, Region, laid_out

SIZE = (100, 80)
SUBJECT = Box(40, 20, 60, 50)
MOST = 1_000_000


def part(percent: float) -> Length:
    return Length(percent / 100, relative=True)


def every(margin: Length) -> Margins:
    return Margins(margin, margin, margin, margin)


def layout_of(most: int = MOST, subject: Box | None = SUBJECT, **placing: object):
    return laid_out(SIZE, subject, Placing(**placing), most)  # type: ignore[arg-type]


def test_without_a_wish_everything_stays():
    whole = Box(0, 0, 100, 80)
    assert layout_of() == (SIZE, whole, whole, SIZE)


def test_a_cropped_canvas_is_the_subject():
    layout = layout_of(crop=Margins())
    assert (layout.canvas, layout.source, layout.target) == ((20, 30), SUBJECT, (0, 0, 20, 30))


def test_margins_are_pixels_or_parts_of_the_subjects_own_side():
    layout = layout_of(crop=Margins(top=part(10), right=Length(5), bottom=Length(0), left=part(50)))
    assert layout.canvas == (10 + 20 + 5, 3 + 30)
    assert layout.source == (30, 17, 65, 50)


def test_margins_reach_beyond_the_picture():
    layout = layout_of(crop=every(Length(40)))
    assert layout.canvas == (100, 110)
    assert layout.source == (0, 0, 100, 80)
    assert layout.target == (0, 20, 100, 100)


def test_margins_end_at_half_the_subject_and_at_500_pixels():
    assert layout_of(crop=every(part(90))).canvas == (40, 60)
    assert layout_of(crop=every(Length(900)), most=2_000_000).canvas == (1020, 1030)


def test_a_scaled_subject_lies_in_the_middle_and_fills_its_part_of_the_scarcer_side():
    layout = layout_of(scale=0.75)
    assert layout.source == SUBJECT
    assert layout.target == (30, 10, 70, 70)


@pytest.mark.parametrize(
    ("position", "corner"), [((0, 0), (0, 0)), ((1, 1), (80, 50)), ((0.5, 0.5), (40, 25)), ((0.25, 1), (20, 50))]
)
def test_a_position_is_the_part_of_the_room_left_over(position: tuple[float, float], corner: tuple[int, int]):
    layout = layout_of(position=position)
    assert layout.target[:2] == corner
    assert (layout.target.width, layout.target.height) == (20, 30)


@given(
    side=st.integers(1, 80), position=st.tuples(*[st.floats(0, 1)] * 2), beside=st.tuples(*[st.integers(0, 500)] * 2)
)
@example(side=31, position=(0.5, 0.5), beside=(100, 81))
def test_a_subject_that_is_only_moved_keeps_its_pixels(
    side: int, position: tuple[float, float], beside: tuple[int, int]
):
    size, subject = (side + beside[0], side + beside[1]), Box(0, 0, side, side)
    layout = laid_out(size, subject, Placing(position=position), MOST)
    assert (layout.target.width, layout.target.height) == (side, side)


@given(width=st.integers(1, 100), scale=st.floats(0.01, 1), limit=st.integers(1, 10_000))
def test_a_subject_at_an_edge_touches_it_however_it_is_scaled(width: int, scale: float, limit: int):
    ends = [
        layout_of(subject=Box(0, 0, width, 80), position=(edge, edge), scale=scale, max_pixels=limit) for edge in (0, 1)
    ]
    assert ends[0].target[:2] == (0, 0)
    assert ends[1].target[2:] == ends[1].canvas


def test_a_cropped_subject_can_be_scaled_within_its_margins():
    layout = layout_of(crop=every(part(50)), scale=0.5)
    assert (layout.canvas, layout.target) == ((40, 60), (10, 15, 30, 45))


def test_a_limit_on_pixels_scales_canvas_and_subject_and_tells_the_full_size():
    layout = layout_of(max_pixels=2000, scale=0.75)
    assert (layout.canvas, layout.full) == ((50, 40), SIZE)
    assert layout.target == (15, 5, 35, 35)


def test_no_canvas_exceeds_what_the_house_allows():
    layout = layout_of(crop=every(Length(500)), most=10_000)
    assert layout.canvas == layout.full
    assert layout.canvas[0] * layout.canvas[1] <= 10_000


def test_without_a_subject_only_the_size_changes():
    layout = layout_of(subject=None, crop=Margins(), scale=0.5, position=(0, 0), max_pixels=2000)
    assert (layout.canvas, layout.target) == ((50, 40), (0, 0, 50, 40))


@given(
    box=st.tuples(*[st.integers(0, 30)] * 4),
    margin=st.floats(0, 60),
    scale=st.none() | st.floats(0.1, 1),
    position=st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)),
    limit=st.none() | st.integers(1, 10_000),
    crop=st.booleans(),
)
def test_a_subject_always_lies_on_its_canvas(box, margin, scale, position, limit, crop):
    left, top, width, height = box
    subject = Box(left, top, left + width + 1, top + height + 1)
    placing = Placing(every(Length(margin)) if crop else None, scale, position, limit)
    layout = laid_out(SIZE, subject, placing, MOST)
    assert min(layout.canvas) >= 1
    assert layout.target.right > layout.target.left
    assert layout.target.left >= 0
    assert layout.target.top >= 0
    assert layout.target.right <= layout.canvas[0] + 1
    assert layout.target.bottom <= layout.canvas[1] + 1


def test_a_region_is_in_pixels_or_parts_of_the_picture():
    assert Region(part(10), Length(5), part(100), part(50)).of(SIZE) == (10, 5, 100, 40)
