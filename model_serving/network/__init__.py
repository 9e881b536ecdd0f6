"""InSPyReNet, part by part."""

from model_serving.network.inspyrenet import InSPyReNet, Output, Pyramid

__all__ = ["InSPyReNet", "Output", "Pyramid"]
