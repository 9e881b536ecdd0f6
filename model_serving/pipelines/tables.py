"""What the pipelines leave on the disk for each other, as Kedro's catalog asks for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from pydantic import TypeAdapter, ValidationError

from model_serving.datasets.errors import DataError
from model_serving.datasets.manifest import Pair, read_manifest, read_rows, write_manifest
from model_serving.datasets.pairing import LeftOut
from model_serving.datasets.preprocessing import LEFT_OUT_HEADER, write_left_out
from model_serving.datasets.wanted import Ingested

_INGESTED = TypeAdapter(list[Ingested])


class _File:
    """A path below the working directory, unless it is absolute."""

    def __init__(self, filepath: str) -> None:
        self._file = Path(filepath)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._file)}

    def _exists(self) -> bool:
        return self._file.exists()


class IngestedFile(_File, AbstractDataset[list[Ingested], list[Ingested]]):
    """The data sets that lie ready."""

    def load(self) -> list[Ingested]:
        try:
            return _INGESTED.validate_json(self._file.read_bytes())
        except FileNotFoundError as error:
            raise DataError(f"{self._file}: nothing was ingested yet; run data_ingestion, or `make data`") from error
        except ValidationError as error:
            raise DataError(f"{self._file}: cannot be understood; run data_ingestion again") from error

    def save(self, data: list[Ingested]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_name(f".{self._file.name}.part")
        unfinished.write_bytes(_INGESTED.dump_json(data, indent=2))
        unfinished.replace(self._file)


class ManifestFile(_File, AbstractDataset[Sequence[Pair], list[Pair]]):
    """The pairs, as `model_serving.datasets.manifest` reads and writes them."""

    def load(self) -> list[Pair]:
        return read_manifest(self._file)

    def save(self, data: Sequence[Pair]) -> None:
        write_manifest(self._file, data)


class LeftOutFile(_File, AbstractDataset[Sequence[LeftOut], list[LeftOut]]):
    """The files that are not used, each with the reason."""

    def load(self) -> list[LeftOut]:
        return [LeftOut(Path(file), source, reason) for file, source, reason in read_rows(self._file, LEFT_OUT_HEADER)]

    def save(self, data: Sequence[LeftOut]) -> None:
        write_left_out(self._file, data)
