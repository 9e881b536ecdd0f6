import io
from asyncio import to_thread
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageFilter

from proxy.core.types import Answer, Renderer
from proxy.errors import TooManyPixels
from proxy.imaging.backgrounds import WHITE, Backdrop, Blur, Colour, Gradient
from proxy.imaging.composition import Composition, Cutout, composed, subject_box
from proxy.imaging.geometry import Length, Margins, Placing, Region
from proxy.imaging.refinement import Refinement
from proxy.imaging.shadow import Shadow
from tests.proxy.imaging.pictures import corners, file_of, image, linear_rgb_profile, mask, picture_in

LIMIT = 10_000
PROFILE = linear_rgb_profile()
HALF, WHOLE = Length(0.5, relative=True), Length(1, relative=True)
SUBJECT = (20, 10, 44, 30)


def grey(*boxes: tuple[int, int, int, int], level: int = 255) -> bytes:
    levels = Pillow.new("L", (60, 40))
    for box in boxes:
        levels.paste(level, box)
    return file_of(levels)


def answer(composition: Composition, picture: bytes | None = None, png: bytes | None = None) -> Answer:
    picture = picture or file_of(corners(60, 40))
    return composed(image(picture), mask(60, 40, png or grey(SUBJECT)), composition, LIMIT)


def shown(composition: Composition, picture: bytes | None = None, png: bytes | None = None) -> Pillow.Image:
    return picture_in(answer(composition, picture, png).body)


def facts(composition: Composition, png: bytes | None = None) -> dict[str, int]:
    return dict(answer(composition, png=png).facts)


def colour_at(composition: Composition, at: tuple[int, int], picture: bytes | None = None) -> object:
    return shown(composition, picture).getpixel(at)


def test_half_of_a_white_background_is_taken_out_of_a_soft_edge():
    alpha = grey(SUBJECT)
    soft = Pillow.open(io.BytesIO(alpha)).filter(ImageFilter.GaussianBlur(3))
    seen = Pillow.composite(Pillow.new("RGB", (60, 40), "navy"), Pillow.new("RGB", (60, 40), "white"), soft)
    edge = min(((x, 20) for x in range(10, 30)), key=lambda at: abs(soft.getpixel(at) - 128))
    picture, png = file_of(seen), file_of(soft)
    assert max(shown(Composition(), picture, png).getpixel(edge)[:2]) < 20
    assert shown(Composition(edges="plain"), picture, png).getpixel(edge)[:3] == seen.getpixel(edge)


def test_the_mask_is_refined_first():
    lost = shown(Composition(Refinement(largest=True)), png=grey(SUBJECT, (0, 0, 4, 4))).getchannel("A")
    assert lost.getbbox() == SUBJECT


def test_holes_of_the_image_stay_holes_whatever_is_refined():
    picture = corners(60, 40).convert("RGBA")
    picture.putpixel((30, 20), (0, 0, 0, 0))
    assert colour_at(Composition(Refinement(fill_holes=True)), (30, 20), file_of(picture)) == (0, 0, 0, 0)


def test_what_lies_outside_the_region_of_interest_is_background():
    roi = Region(HALF, Length(0), WHOLE, Length(20))
    assert shown(Composition(roi=roi)).getchannel("A").getbbox() == (30, 10, 44, 20)


def test_a_region_beyond_the_picture_holds_nothing():
    roi = Region(Length(100), Length(0), Length(200), Length(20))
    assert shown(Composition(roi=roi)).getchannel("A").getbbox() is None


def test_a_cropped_cutout_keeps_its_pixels():
    whole, cropped = shown(Composition()), shown(Composition(placing=Placing(Margins())))
    assert cropped.tobytes() == whole.crop(SUBJECT).tobytes()


def test_a_margin_beyond_the_picture_is_empty():
    cropped = shown(Composition(placing=Placing(Margins(left=Length(30)))))
    assert cropped.size == (54, 20)
    assert cropped.getchannel("A").getbbox() == (30, 0, 54, 20)


def test_faint_levels_do_not_count_as_subject():
    faint = Pillow.new("L", (60, 40), 12)
    faint.paste(13, SUBJECT)
    assert subject_box(faint) == SUBJECT


def test_a_scaled_subject_fills_its_part_of_the_canvas():
    assert shown(Composition(placing=Placing(scale=1.0))).getchannel("A").getbbox() == (6, 0, 54, 40)


def test_a_moved_subject_touches_the_edge():
    box = shown(Composition(placing=Placing(position=(1, 1)))).getchannel("A").getbbox()
    assert box == (36, 20, 60, 40)


def test_only_the_mask_is_placed_likewise():
    placing = Placing(Margins(left=Length(5)))
    levels = shown(Composition(placing=placing, channels="alpha"))
    assert levels.mode == "L"
    assert levels.tobytes() == shown(Composition(placing=placing)).getchannel("A").tobytes()


def test_a_colour_lies_behind():
    sky = Colour(1, 2, 3)
    assert colour_at(Composition(background=sky), (2, 2)) == (1, 2, 3)
    assert colour_at(Composition(background=sky), (25, 15)) == (255, 0, 0)


def test_a_colour_that_can_be_seen_through_stays_so():
    assert colour_at(Composition(background=Colour(1, 2, 3, 40)), (2, 2)) == (1, 2, 3, 40)


@pytest.mark.parametrize(
    "background", [Blur(), Gradient((WHITE, Colour(0, 0, 0))), Backdrop("d", image(file_of(corners(9, 9))))]
)
def test_the_subject_lies_on_every_background(background: Blur | Gradient | Backdrop):
    composition = Composition(
        background=background, placing=Placing(Margins(Length(4), Length(4), Length(4), Length(4)))
    )
    picture = shown(composition)
    assert (picture.mode, picture.size) == ("RGB", (32, 28))
    assert picture.getpixel((6, 6)) == (255, 0, 0)


def test_a_shadow_lies_between_subject_and_background():
    shadow = Shadow(1, Length(0), Length(10), Length(0))
    on_white = Composition(background=WHITE, shadow=shadow)
    assert [colour_at(on_white, at) for at in ((25, 15), (50, 15), (58, 15))] == [
        (255, 0, 0),
        (0, 0, 0),
        (255, 255, 255),
    ]
    assert [colour_at(Composition(shadow=shadow), at) for at in ((50, 15), (58, 15))] == [(0, 0, 0, 255), (0, 0, 0, 0)]


def test_jpeg_has_white_behind_or_what_was_asked_for():
    assert min(colour_at(Composition(format="jpeg"), (2, 2))) > 250  # type: ignore[call-overload]
    assert max(colour_at(Composition(format="jpeg", background=Colour(0, 0, 0)), (2, 2))) < 5  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "composition",
    [
        Composition(),
        Composition(background=Blur()),
        Composition(shadow=Shadow()),
        Composition(channels="rgba", format="webp"),
    ],
)
def test_the_images_own_profile_is_kept_with_nothing_but_the_image(composition: Composition):
    picture = file_of(corners(60, 40), icc_profile=PROFILE)
    assert shown(composition, picture).info["icc_profile"] == PROFILE


@pytest.mark.parametrize(
    "composition",
    [
        Composition(background=Colour(1, 2, 3)),
        Composition(background=Backdrop("d", image(file_of(corners(9, 9))))),
        Composition(shadow=Shadow(colour=Colour(200, 0, 0))),
    ],
)
def test_colours_are_srgb_once_others_come_in(composition: Composition):
    half_the_light = file_of(Pillow.new("RGB", (60, 40), (128, 128, 128)), icc_profile=PROFILE)
    picture = shown(composition, half_the_light)
    assert "icc_profile" not in picture.info
    assert 186 <= picture.getpixel((25, 15))[0] <= 190  # type: ignore[index]


def test_facts_tell_the_size_and_the_subjects_place_in_the_image():
    placing = Placing(Margins(left=Length(36)), max_pixels=300)
    assert facts(Composition(placing=placing, format="jpeg")) == {
        "width": 30,
        "height": 10,
        "max_width": 60,
        "max_height": 20,
        "foreground_top": 10,
        "foreground_left": 20,
        "foreground_width": 24,
        "foreground_height": 20,
    }


def test_facts_tell_that_nothing_stands_out():
    empty = facts(Composition(placing=Placing(Margins(), scale=0.5)), grey())
    assert (empty["foreground_width"], empty["width"]) == (0, 60)


def test_an_answer_is_no_larger_than_an_image_may_be():
    wide = Margins(*[Length(500)] * 4)
    size = shown(Composition(placing=Placing(wide))).size
    assert size[0] * size[1] <= LIMIT


async def test_the_renderer_answers_with_all_of_it():
    renderer: Renderer = Cutout(Composition(format="webp"), LIMIT)
    rendered = await renderer.render(image(file_of(corners(60, 40))), mask(60, 40, grey(SUBJECT)), to_thread)
    assert isinstance(rendered, Answer)
    assert (rendered.media_type, len(rendered.facts)) == ("image/webp", 8)


async def test_an_image_above_the_limit_is_refused():
    with pytest.raises(TooManyPixels):
        await Cutout(Composition(), 2399).render(image(file_of(corners(60, 40))), mask(60, 40), to_thread)


lengths = st.builds(Length, st.floats(0, 1), st.booleans())
colours = st.builds(Colour, *[st.integers(0, 255)] * 4)
compositions = st.builds(
    Composition,
    refinement=st.builds(Refinement, grow=st.integers(-9, 9), feather=st.floats(0, 9), largest=st.booleans()),
    roi=st.none() | st.builds(Region, lengths, lengths, lengths, lengths),
    placing=st.builds(
        Placing,
        crop=st.none() | st.builds(Margins, lengths, lengths, lengths, lengths),
        scale=st.none() | st.floats(0.1, 1),
        position=st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)),
        max_pixels=st.none() | st.integers(1, 5000),
    ),
    background=st.none()
    | colours
    | st.builds(Blur, lengths)
    | st.builds(Gradient, st.lists(colours, min_size=2, max_size=3).map(tuple), st.floats(0, 360))
    | st.builds(Backdrop, st.text("ab"), st.just(image(file_of(corners(7, 5))))),
    shadow=st.none() | st.builds(Shadow, st.floats(0, 1), lengths, lengths, lengths, colours),
    channels=st.sampled_from(["rgba", "alpha"]),
    format=st.sampled_from(["png", "webp", "jpeg", "auto", "zip"]),
)


@given(one=compositions, other=compositions)
def test_other_wishes_have_another_name(one: Composition, other: Composition):
    assert (one.name == other.name) == (one == other)
    assert replace(one).name == one.name


def test_without_a_wish_the_name_is_the_plain_cutouts():
    assert Composition().name == "cutout.png"


@given(composition=compositions)
def test_any_composition_can_be_made(composition: Composition):
    made = answer(composition)
    size = dict(made.facts)
    if made.media_type != "application/zip":
        assert picture_in(made.body).size == (size["width"], size["height"])
