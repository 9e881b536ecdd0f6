"""What is measured: a model of one variant, in one runtime, with one batch size, in an archive of its own."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from model_serving.archive import SERVING, Archive, build_archive
from model_serving.build import build_network
from model_serving.exporting.realising import Wish
from model_serving.weights import SHIPPED, save_weights


@dataclass(frozen=True, slots=True)
class Entrant:
    variant: str
    runtime: str = "auto"
    precision: str = "auto"
    batch: int = 1

    @property
    def name(self) -> str:
        return f"{self.variant}, {self.runtime} {self.precision}, batch {self.batch}"

    def build(self, store: Path) -> Archive:
        """Its archive. Weights that are not shipped are random: they take as long, and mean nothing."""
        with TemporaryDirectory(dir=store) as work:
            weights = SHIPPED if self.variant == "small" else random_weights(self.variant, Path(work))
            return build_archive(
                self.variant,
                weights,
                store,
                serving=_serving(self.batch, Path(work)),
                wish=Wish(self.runtime, self.precision),
                say=lambda _: None,
            )


def random_weights(variant: str, folder: Path) -> Path:
    file = folder / f"{variant}.safetensors"
    save_weights(file, build_network(variant), variant, {})
    return file


def _serving(batch: int, folder: Path) -> Path:
    """As we ship it, with another batch size and 50 ms for a batch to fill."""
    settings = yaml.safe_load(SERVING.read_text()) | {"batchSize": batch, "maxBatchDelay": 50 if batch > 1 else 5}
    file = folder / "model-config.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file
