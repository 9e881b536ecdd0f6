"""Which data sets the parameters ask for: their list `datasets`, read and checked."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from model_serving.datasets.errors import DataError
from model_serving.datasets.files import Pattern
from model_serving.datasets.layouts import COMPOSITES, FOLDER, LAYOUTS, layout_named

_STRICT = ConfigDict(extra="forbid", frozen=True)
_CHECKSUMS = ("sha256", "md5")


class Place(BaseModel):
    """Where a data set, or a part of it, is: a folder, an archive, or the URL of one with its checksum."""

    model_config = _STRICT
    where: str = Field(alias="from", min_length=1)
    sha256: str | None = Field(None, pattern="^[0-9a-fA-F]{64}$")
    md5: str | None = Field(None, pattern="^[0-9a-fA-F]{32}$")

    @property
    def is_url(self) -> bool:
        return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", self.where) is not None

    @property
    def path(self) -> Path:
        return Path(self.where).expanduser()

    @property
    def checksum(self) -> tuple[str, str] | None:
        """Its algorithm, as hashlib calls it, and its value in lower case."""
        told = ((name, getattr(self, name)) for name in _CHECKSUMS)
        return next(((name, value.lower()) for name, value in told if value), None)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.is_url and not self.where.lower().startswith(("http://", "https://")):
            raise ValueError(f"{self.where} is no http or https URL")
        if self.is_url and self.checksum is None:
            raise ValueError(f"{self.where} needs its sha256 or md5, or anybody's file would do")
        return self


class Wanted(BaseModel):
    """One data set. `layout` is one of LAYOUTS; `images` and `masks` are patterns, for that of one's own folder.

    `held_out` is the share of it that is never trained on, instead of the one for all. The last four are of composites.
    """

    model_config = _STRICT
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    layout: str
    places: tuple[Place, ...] = Field((), alias="from")
    images: str | None = None
    masks: str | None = None
    held_out: float | None = Field(None, ge=0.0, le=1.0)
    pairs: int = Field(2000, ge=1)
    side: int = Field(384, ge=32)
    seed: int = Field(1, ge=0)
    assets: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, entry: Any) -> Any:
        """`from` may be one place or several; a checksum beside it is that of the one; the name may tell the layout."""
        if not isinstance(entry, Mapping):
            raise ValueError("must be a mapping with a name")
        told = dict(entry)
        told.setdefault("layout", layout_named(str(told.get("name"))) or FOLDER)
        places = told.pop("from", [])
        checksums = {name: told.pop(name) for name in _CHECKSUMS if name in told}
        if isinstance(places, str):
            told["from"] = [{"from": places, **checksums}]
            return told
        if checksums:
            raise ValueError("with several places, each has its own checksum: from: [{from: ..., sha256: ...}]")
        listed = places if isinstance(places, list | tuple) else [places]
        told["from"] = [{"from": place} if isinstance(place, str) else place for place in listed]
        return told

    @field_validator("layout")
    @classmethod
    def _known(cls, layout: str) -> str:
        if layout not in LAYOUTS:
            raise ValueError(f"there is no layout {layout}: choose from {', '.join(LAYOUTS)}")
        return layout

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if bool(self.places) == (self.layout == COMPOSITES):
            raise ValueError(
                "composites are made and not taken `from` anywhere" if self.places else "`from` is missing"
            )
        patterns = [pattern for pattern in (self.images, self.masks) if pattern is not None]
        if len(patterns) == 1 or (patterns and self.layout != FOLDER):
            raise ValueError("`images` and `masks` come together, and only in the layout `folder`")
        for pattern in patterns:
            _parsed(pattern)
        return self


class Ingested(BaseModel):
    """A data set that lies ready: what it was called, and the folders that hold it."""

    model_config = _STRICT
    name: str
    layout: str
    roots: tuple[Path, ...]
    images: str | None = None
    masks: str | None = None
    held_out: float | None = None


def read_wanted(entries: Any) -> list[Wanted]:
    """The parameters' list. DataError names the first entry that is wrong, and what is."""
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise DataError("datasets: must be a list of data sets, each with a name and where it is `from`")
    wanted = [_read(number, entry) for number, entry in enumerate(entries, start=1)]
    names = [one.name.lower() for one in wanted]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise DataError(f"datasets: two are called {wanted[number].name}; each needs a name of its own")
    return wanted


def _read(number: int, entry: Any) -> Wanted:
    try:
        return Wanted.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        name = entry.get("name") if isinstance(entry, Mapping) else None
        place = ".".join(str(step) for step in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise DataError(f"datasets: {name or f'number {number}'}: {f'{place}: ' if place else ''}{message}") from error


def _parsed(pattern: str) -> None:
    try:
        Pattern.parse(pattern)
    except DataError as error:
        raise ValueError(str(error)) from error
