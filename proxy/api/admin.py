"""Counting and forgetting, for whoever knows `REMATTE_ADMIN_TOKEN`. Where it is not set, these doors are not there."""

import asyncio
import hmac
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from proxy.api.kept import Digest
from proxy.api.openapi import admin_problems
from proxy.api.openapi_examples import shown
from proxy.api.service import service_of
from proxy.cache import keeper
from proxy.errors import Unauthorised

_bearer = HTTPBearer(
    scheme_name="AdministrationToken", auto_error=False, description="The value of `REMATTE_ADMIN_TOKEN`."
)


def require_token(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Raises Unauthorised; a plain 404 where no token is set."""
    token = service_of(request).admin_token
    if token is None:
        raise HTTPException(404)
    if given is None or not hmac.compare_digest(given.credentials.encode(), token.encode()):
        raise Unauthorised("Send `Authorization: Bearer` and the value of REMATTE_ADMIN_TOKEN.")


router = APIRouter(tags=["administration"], dependencies=[Depends(require_token)])


class Holding(BaseModel):
    """What one tier holds, and how well it served."""

    entries: int
    bytes: int
    idle_s: float | None = Field(description="How long the oldest entry has not been read; null: there is none.")
    hit_ratio: float | None = Field(
        ge=0,
        le=1,
        description="Of the times that this server (all its processes, since its start) asked this tier for an image "
        "that was sent: Redis is asked for what memory does not have. Null: it never did.",
    )

    @classmethod
    def of(cls, holding: keeper.Holding, hit_ratio: float | None) -> Self:
        return cls(entries=holding.entries, bytes=holding.bytes, idle_s=holding.idle_s, hit_ratio=hit_ratio)


class Contents(BaseModel):
    """What the cache holds now."""

    idle_ttl_s: float = Field(description="Seconds that an entry lives after it was last read.")
    memory: Holding = Field(description="Of the process that answers.")
    redis: Holding | None = Field(description="Shared by all replicas; null where there is none.")


class Forgotten(BaseModel):
    """Entries that are gone: an image has one for its mask and one for each finished answer."""

    model_config = ConfigDict(from_attributes=True)

    memory: int = Field(description="Of the process that answers; the other replicas forget too.")
    redis: int | None = Field(description="Null where there is no Redis.")


_HELD = {"entries": 40, "bytes": 3_145_728, "idle_s": 1204.5, "hit_ratio": 0.95}
_CONTENTS = {"idle_ttl_s": 1800.0, "memory": _HELD, "redis": _HELD}

Model = Annotated[
    str | None,
    Query(min_length=1, pattern=r"^[^*]+$", description="Only what this version made, as `X-Model-Version` says it."),
]


@router.get(
    "/admin/cache",
    operation_id="cache_contents",
    summary="What the cache holds",
    responses=admin_problems() | {200: shown("What each tier holds.", _CONTENTS)},
)
async def contents(request: Request) -> Contents:
    """Entries, bytes, age and hit ratio by tier. Looks at every entry in Redis: for people, not for every second."""
    service = service_of(request)
    in_redis = await service.keeper.in_redis()
    ratios = await asyncio.to_thread(service.metrics.hit_ratios)  # it reads the files of several processes
    return Contents(
        idle_ttl_s=service.idle_ttl_s,
        memory=Holding.of(service.keeper.in_memory(), ratios["memory"]),
        redis=Holding.of(in_redis, ratios["redis"]) if in_redis else None,
    )


@router.delete(
    "/admin/cache",
    operation_id="purge",
    summary="Forget everything",
    responses=admin_problems() | {200: shown("How much was forgotten.", {"memory": 12, "redis": 40})},
)
async def purge(request: Request, model: Model = None) -> Forgotten:
    """Forgets all entries, or those of one model, in every tier of every replica. Nothing needs this: a new archive's
    masks have new names. It is for a disk that is full, or a model that should not have been live.
    """
    return Forgotten.model_validate(await service_of(request).keeper.purge(model))


@router.delete(
    "/v1/masks/{digest}",
    operation_id="forget",
    summary="Forget one image",
    status_code=204,
    response_class=Response,
    response_description="Nothing of it is kept any more.",
    responses=admin_problems(),
)
async def forget(request: Request, digest: Digest) -> None:
    """Forgets all that was made of an image, mask and cutouts, in every tier of every replica. Whether there was
    anything makes no difference to the answer.
    """
    await service_of(request).keeper.forget(digest)
