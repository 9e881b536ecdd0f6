"""docs/training.md, as far as the archive; that no old mask is served then is tests/end_to_end/test_new_archive.py."""

import re
from pathlib import Path

import pytest
import yaml

from model_serving import archive
from model_serving.datasets.manifest import read_manifest
from model_serving.pipelines.__main__ import main
from tests.support.training import manifest_of, parameters


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """images/0.png, masks/0.png, ..."""
    for pair in read_manifest(manifest_of(tmp_path / "made", learned=12, held_out=0)):
        for file, folder in ((pair.image, "images"), (pair.mask, "masks")):
            target = tmp_path / "pictures" / folder / pair.image.name
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
    return tmp_path / "pictures"


def test_a_folder_of_pictures_and_masks_becomes_an_archive(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    mine = {
        "data": str(tmp_path / "data"),
        "data_ingestion": {"datasets": [{"name": "mine", "from": str(pictures)}]},
        "model_training": parameters(tmp_path, epochs=1).model_dump(mode="json"),
    }
    (tmp_path / "mine.yml").write_text(yaml.safe_dump(mine))
    pipelines = ["data_ingestion", "data_preprocessing", "model_training"]
    main([*pipelines, "--config", str(tmp_path / "mine.yml")])
    weights = tmp_path / "training" / "small.safetensors"
    capsys.readouterr()
    archive.main(["--weights", str(weights), "--runtime", "torch", "--out", str(tmp_path / "store")])
    assert re.search(r"inspyrenet.mar: small-[0-9a-f]{8}\n$", capsys.readouterr().out)
