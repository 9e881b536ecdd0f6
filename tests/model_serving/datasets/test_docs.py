"""docs/datasets.md says what the code does."""

import re
from pathlib import Path

import yaml

from model_serving.datasets.layouts import COMPOSITES, FOLDER, LAYOUTS
from model_serving.datasets.wanted import read_wanted

PAGE = (Path(__file__).parents[3] / "docs/datasets.md").read_text()


def row(name: str) -> str:
    return next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))


def test_every_layout_is_in_the_table_with_its_parts_and_folders():
    for name in set(LAYOUTS) - {COMPOSITES, FOLDER}:
        for part in LAYOUTS[name]:
            assert part.source in row(name)
            for folder in part.choices[0]:
                assert f"`{folder.rpartition('/')[2] if name == 'DIS5K' else folder}`" in row(name)


def test_every_example_is_understood():
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        assert read_wanted(yaml.safe_load(example)["data_ingestion"]["datasets"])
