import pytest

from proxy.api.cutout_options import CutoutOptions
from scripts.settings_pages import ROOT, pages


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_page_is_what_the_table_of_settings_makes_it(path):
    assert path.read_text() == pages()[path], "`make docs` brings it up to date"


@pytest.mark.parametrize("option", CutoutOptions.model_fields)
def test_every_option_of_a_cutout_is_on_its_page(option: str):
    assert f"`{option}" in (ROOT / "docs" / "cutouts.md").read_text()
