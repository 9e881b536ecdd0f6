"""remove.bg's API, version 1.0, on our own masks: parse in, format out."""

from proxy.api.removebg.door import router
from proxy.api.removebg.errors import shape

__all__ = ["router", "shape"]
