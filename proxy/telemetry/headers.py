"""How an answer came about, as the response's headers tell it."""

from collections.abc import Mapping

from proxy.core.predictor import Prediction
from proxy.core.types import Found, Rendered

CACHE = "rematte"
LOOKUPS = ("lookup", "pixels")


def cache_status(prediction: Prediction) -> str:
    """`Cache-Status` (RFC 9211). `detail` is `rendered` for an answer that lay finished, `pixels` for the mask of
    the same picture in another file, else the tier of its mask."""
    if prediction.found:
        return f"{CACHE}; hit; ttl={int(prediction.found.ttl_s)}; detail={_detail(prediction.found)}"
    forwarded = f"{CACHE}; fwd={'bypass' if prediction.bypassed else 'miss'}"
    return forwarded + "; stored" * prediction.stored + "; collapsed" * prediction.collapsed


def _detail(found: Found) -> str:
    if isinstance(found.entry, Rendered):
        return "rendered"
    return "pixels" if found.by_pixels else found.tier


def server_timing(stages_s: Mapping[str, float], found: Found | None = None) -> str:
    """`Server-Timing` (W3C), in milliseconds. The description of a lookup is the tier that it found the entry in."""
    return ", ".join(
        f"{stage};dur={seconds * 1000:.3f}" + (f';desc="{found.tier}"' if found and stage in LOOKUPS else "")
        for stage, seconds in stages_s.items()
    )
