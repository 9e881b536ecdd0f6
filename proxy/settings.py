"""The one reader of the environment. Every setting is a row of this table: name, default, one sentence."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

PREFIX = "REMATTE_"
MIB = 1024 * 1024

ELSEWHERE = {
    "REMATTE_REQUIRE_DEVICE": "The handler's: `cuda` makes the model's start fail where there is no GPU.",
    "REMATTE_API_KEY": "The key that `rematte mask` and `rematte cutout` bring.",
}
"""Variables with our prefix that others than the server read."""

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^/]+")]


def _listed(given: object) -> object:
    """`a, b` as a list; a list is one already."""
    return [item for item in map(str.strip, given.split(",")) if item] if isinstance(given, str) else given


def _place(place: str) -> str:
    """Raises ValueError for a network that is none. What has only letters, digits, `-` and `.` may be a name."""
    if not re.fullmatch(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?", place) or place.rstrip(".").split(".")[-1].isdecimal():
        ip_network(place)
    return place


class BadSetting(Exception):
    """A setting that is unknown or has a bad value. `str(error)` is one line that names it and the remedy."""


class Settings(BaseModel):
    """`REMATTE_PORT=9000` sets `port`, and so on."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    host: str = Field(default="127.0.0.1", description="Address that the proxy listens on.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=8000, description="Port that the proxy listens on.")
    redis_url: Annotated[str, Field(pattern=r"^(redis|rediss|unix)://")] | None = Field(
        default=None,
        description="Redis to share masks through; unset: `rematte up` starts one, `rematte serve` has none.",
    )
    torchserve_url: HttpUrl | None = Field(
        default=None,
        description="TorchServe's inference address; unset: `rematte up` starts one, `rematte serve` takes "
        "http://127.0.0.1:8080.",
    )
    torchserve_management_url: HttpUrl | None = Field(
        default=None, description="TorchServe's management address; unset: port 8081 of the inference address's host."
    )
    model: str = Field(default="inspyrenet", min_length=1, description="Name of the model in TorchServe.")
    idle_ttl_s: Annotated[float, Field(ge=1)] = Field(
        default=1800, description="Seconds that an entry lives after it was last read."
    )
    memory_bytes: Annotated[int, Field(ge=0)] = Field(
        default=256 * MIB, description="Bytes of entries kept in the proxy's own memory; 0 switches that tier off."
    )
    race_head_start_ms: Literal["auto"] | NonNegativeFloat = Field(
        default="auto",
        description="Milliseconds that a lookup runs before the inference joins the race: "
        "`auto` (the p99 of recent lookups, within 1 to 5; 1 where most take longer), a number, or `0` for the "
        "literal race.",
    )
    redis_timeout_ms: PositiveFloat = Field(
        default=100, description="Milliseconds after which a silent Redis counts as a miss."
    )
    deadline_s: PositiveFloat = Field(default=60, description="Seconds until a request without an answer gets a 504.")
    drain_s: NonNegativeFloat = Field(
        default=8, description="Seconds that images under way are given when the server is told to stop."
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, description="Processes that share the port; more than one want a Redis to share masks through."
    )
    max_image_bytes: PositiveInt = Field(default=32 * MIB, description="Largest upload, in bytes.")
    max_image_pixels: PositiveInt = Field(default=50_000_000, description="Largest image, in pixels.")
    pixel_names_max_pixels: Annotated[int, Field(ge=0)] = Field(
        default=16_000_000,
        description="Largest image, in pixels, that is known again in other bytes (saved anew, or without its "
        "metadata); 0 switches that off.",
    )
    url_allow: Annotated[tuple[Annotated[str, AfterValidator(_place)], ...], BeforeValidator(_listed)] = Field(
        default=(),
        description="Private networks and names that `image_url` may lead to, as in `10.0.0.0/8,images.lan`; unset: "
        "the public internet alone.",
    )
    url_timeout_s: PositiveFloat = Field(
        default=10, description="Seconds that fetching an `image_url` may take, redirects included."
    )
    batch_max_images: PositiveInt = Field(default=100, description="Pictures that one batch may have.")
    batch_max_bytes: PositiveInt = Field(
        default=256 * MIB, description="Bytes of all the pictures that are uploaded with one batch."
    )
    label_studio_url: HttpUrl | None = Field(
        default=None,
        description="Label Studio's address, for tasks whose images were uploaded there; unset: those are refused.",
    )
    label_studio_token: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        repr=False,
        description="A legacy token of Label Studio's, which is shown to `REMATTE_LABEL_STUDIO_URL` alone.",
    )
    max_queue: PositiveInt = Field(default=64, description="Images that may wait for the model; one more gets a 503.")
    max_queue_bytes: PositiveInt = Field(
        default=256 * MIB, description="Bytes of images that may wait for the model; more gets a 503."
    )
    model_poll_s: PositiveFloat = Field(default=1, description="Seconds between two looks at which model is live.")
    api_keys: Annotated[tuple[Annotated[str, Field(pattern=r"^[!-+\--~]{16,}$")], ...], BeforeValidator(_listed)] = (
        Field(
            default=(),
            repr=False,
            description="Keys, with commas between them, of which callers must bring one in `X-API-Key` or "
            "`Authorization: Bearer`; each of 16 visible ASCII characters at least; unset: nobody is asked for one.",
        )
    )
    open: bool = Field(
        default=False,
        description="`true`: `REMATTE_HOST` may be an address that others reach although nobody is asked for a key.",
    )
    admin_token: Annotated[str, Field(min_length=16)] | None = Field(
        default=None,
        repr=False,
        description="Secret for `/admin` and `DELETE`, 16 characters at least; unset: those doors are not there.",
    )
    removebg_default_size: Literal["preview", "full", "auto"] = Field(
        default="preview",
        description="What `/v1.0/removebg` takes a request without `size` for: remove.bg's own `preview` (0.25 "
        "megapixels), or `full` (`auto` is the same).",
    )
    removebg_deadline_s: PositiveFloat = Field(
        default=18,
        description="Seconds until `/v1.0/removebg` gives a 504: its clients hang up after 20 and ask again.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="How it is logged: lines for people, or a JSON object in each line."
    )

    @property
    def may_be_reached(self) -> bool:
        """By others than this machine's users."""
        return self.open or bool(self.api_keys)

    @property
    def head_start_s(self) -> float | None:
        """None means `auto`."""
        return None if self.race_head_start_ms == "auto" else self.race_head_start_ms / 1000


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`, whose other variables are ignored.

    Raises BadSetting for an unknown `REMATTE_*` variable or a bad value: a typing error must not pass for a default.
    """
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    known = {PREFIX + field.upper(): field for field in Settings.model_fields}
    if unknown := sorted(given.keys() - known.keys() - ELSEWHERE.keys()):
        raise BadSetting(f"{unknown[0]} is no setting of Rematte; docs/settings.md lists those there are.")
    try:
        return Settings.model_validate({known[name]: value for name, value in given.items() if name in known})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        name, meaning = PREFIX + field.upper(), Settings.model_fields[field].description
        shown = f"{name}={given[name]!r}" if Settings.model_fields[field].repr else name  # a secret stays one
        raise BadSetting(f"{shown}: {error.errors()[-1]['msg']}. It means: {meaning}") from None
