"""How an answer came about, as the response's headers tell it."""

from collections.abc import Mapping

from proxy.core.predictor import Prediction
from proxy.core.types import Found, Rendered

CACHE = "rematte"


def cache_status(prediction: Prediction) -> str:
    """`Cache-Status` (RFC 9211). `detail` is `rendered` for an answer that lay finished, else the tier of its mask."""
    if prediction.found:
        detail = "rendered" if isinstance(prediction.found.entry, Rendered) else prediction.found.tier
        return f"{CACHE}; hit; ttl={int(prediction.found.ttl_s)}; detail={detail}"
    forwarded = f"{CACHE}; fwd={'bypass' if prediction.bypassed else 'miss'}"
    return forwarded + "; stored" * prediction.stored + "; collapsed" * prediction.collapsed


def server_timing(stages_s: Mapping[str, float], found: Found | None = None) -> str:
    """`Server-Timing` (W3C), in milliseconds. The lookup's description is the tier that it found the entry in."""
    return ", ".join(
        f"{stage};dur={seconds * 1000:.3f}" + (f';desc="{found.tier}"' if found and stage == "lookup" else "")
        for stage, seconds in stages_s.items()
    )
