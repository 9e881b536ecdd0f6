"""The doors: one file each. They translate between HTTP and the predictor, and decide nothing."""

from proxy.api.doors import application
from proxy.api.service import Readiness, Service

__all__ = ["Readiness", "Service", "application"]
