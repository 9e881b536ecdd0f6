import re
from pathlib import Path

import pytest

from model_serving.training.parameters import Parameters
from model_serving.training.pushgateway import GAUGES
from proxy.api.cutout_options import CutoutOptions
from scripts.settings_pages import ROOT, pages

WRITTEN = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_page_is_what_the_table_of_settings_makes_it(path):
    assert path.read_text() == pages()[path], "`make docs` brings it up to date"


@pytest.mark.parametrize("option", CutoutOptions.model_fields)
def test_every_option_of_a_cutout_is_on_its_page(option: str):
    assert f"`{option}" in (ROOT / "docs" / "cutouts.md").read_text()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_every_link_to_a_page_of_ours_leads_there(page: Path):
    for file, heading in LINK.findall(page.read_text()):
        target = page.parent / file
        assert target.exists(), f"{file} is not there"
        assert not heading or heading in _anchors(target), f"{file} has no heading #{heading}"


@pytest.mark.parametrize("metric", GAUGES)
def test_every_metric_of_a_training_is_on_its_page(metric: str):
    assert f"`{metric}`" in (ROOT / "docs" / "training.md").read_text()


def test_every_parameter_that_the_page_names_is_one():
    named = re.findall(r"`(?:model_training\.)(\w+)[`=]", (ROOT / "docs" / "training.md").read_text())
    assert set(named) <= set(Parameters.model_fields)
    assert named


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = HEADING.findall(page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
