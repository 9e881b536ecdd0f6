"""What `/v1.0/removebg` answers with: the file itself or JSON that holds it, and remove.bg's header fields."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Mapping

from fastapi import Response

from proxy.api.dialect import wants_json
from proxy.api.fields import Fields
from proxy.api.removebg.errors import CORS
from proxy.api.removebg.order import most_pixels
from proxy.api.removebg.wishes import Wishes
from proxy.core.predictor import Prediction
from proxy.core.types import Rendered
from proxy.telemetry.headers import cache_status, server_timing

FOREGROUND = ("foreground_top", "foreground_left", "foreground_width", "foreground_height")
RATE = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "500"}
"""Nothing is limited here; clients that read these fields read the best news."""
RATE_WINDOW_S = 60
CREDITS = "0"
TYPES_1 = frozenset({"person", "product", "animal", "car"})
TYPES_2 = TYPES_1 | {"car_interior", "car_part", "transportation", "graphics"}


async def answer(prediction: Prediction, wishes: Wishes, fields: Fields, stages_s: Mapping[str, float]) -> Response:
    rendered, facts = prediction.rendered, dict(prediction.rendered.facts)
    headers = _headers(rendered, facts, wishes) | {
        "Cache-Status": cache_status(prediction),
        "Server-Timing": server_timing(stages_s, prediction.found),
    }
    if not wants_json(fields):
        return Response(rendered.body, 200, headers | {"ETag": prediction.etag}, rendered.media_type)
    body = await asyncio.to_thread(_json, rendered, facts)
    # Weak: the same answer, in other bytes (RFC 9110, 8.8.1).
    return Response(body, 200, headers | {"ETag": f"W/{prediction.etag}"}, "application/json; charset=utf-8")


def _json(rendered: Rendered, facts: Mapping[str, int]) -> bytes:
    """Base64 and names need no escapes."""
    told = "".join(f',"{name}":{facts[name]}' for name in FOREGROUND)
    return b'{"data":{"result_b64":"' + b64encode(rendered.body) + b'"' + told.encode() + b"}}"


def _headers(rendered: Rendered, facts: Mapping[str, int], wishes: Wishes) -> dict[str, str]:
    width, height = _in_full(rendered, facts)
    return {
        **CORS,
        **RATE,
        "X-RateLimit-Reset": str(int(time.time()) + RATE_WINDOW_S),
        "X-Credits-Charged": CREDITS,
        "X-Width": str(facts["width"]),
        "X-Height": str(facts["height"]),
        "X-Max-Width": str(width),
        "X-Max-Height": str(height),
        **{f"X-{name.replace('_', '-').title()}": str(facts[name]) for name in FOREGROUND},
        **_type(wishes),
        "Cache-Control": "private, no-cache",
        "X-Image-Digest": rendered.digest,
        "X-Model-Version": rendered.model_version,
    }


def _in_full(rendered: Rendered, facts: Mapping[str, int]) -> tuple[int, int]:
    """Width and height that `size=full` would have."""
    width, height = facts["max_width"], facts["max_height"]
    most = most_pixels("full", "png" if rendered.media_type == "image/png" else "jpeg", has_holes=False)
    ratio = min(1.0, (most / (width * height)) ** 0.5)
    return int(width * ratio), int(height * ratio)


def _type(wishes: Wishes) -> dict[str, str]:
    """What the caller said that it is; this model does not tell."""
    if wishes.type_level == "none":
        return {}
    known = TYPES_1 if wishes.type_level == "1" else TYPES_2
    named = {"graphic": "graphics"}.get(wishes.type.lower(), wishes.type.lower())
    return {"X-Type": named if named in known else "other"}
