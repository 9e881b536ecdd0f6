"""What happened, for whoever counts it. The core says it and does not know who listens."""

from typing import Literal

from proxy.core.types import Model, Tier

Answer = Literal["hit", "miss", "error"]
Result = Literal["hit", "miss", "bypass"]
Stage = Literal["read", "lookup", "queue", "infer", "render"]
Upstream = Literal["torchserve", "redis"]


class Events:
    """Silent by itself; a listener overrides what it wants to hear. Called on the event loop: it must be quick and may
    not raise."""

    def looked_up(self, tier: Tier, answer: Answer) -> None:
        """A tier was asked what it holds for an image that came to a prediction."""

    def refuted(self) -> None:
        """An entry or a mask in the air was another image's, and was not believed."""

    def predicted(self, result: Result) -> None:
        """A prediction is over. `hit`: answered from the cache; `bypass`: the caller forbade that; `miss`: the others,
        whatever came of them."""

    def recalled(self, found: bool) -> None:
        """An image was asked for by its digest."""

    def took(self, stage: Stage, seconds: float) -> None:
        """A stage is over."""

    def took_off(self) -> None:
        """A flight to the model began."""

    def collapsed(self) -> None:
        """A caller shares a flight that another began."""

    def withdrew(self) -> None:
        """A flight that nobody waited for was called back before the model had it."""

    def shared(self) -> None:
        """A flight took the mask that another replica had just made."""

    def recognised(self) -> None:
        """A flight took the mask that was kept for another file of the same picture."""

    def wasted(self) -> None:
        """An inference landed with a mask, and nobody waited for it: a lookup was quicker, or all had left."""

    def queued(self, waiting: int, waiting_bytes: int, inside: int) -> None:
        """Images that wait for the model now, their bytes, and those that it has."""

    def failed(self, upstream: Upstream, error: Exception) -> None:
        """What was asked of another server did not work."""

    def left_alone(self, is_so: bool) -> None:
        """Redis failed several times in a row and is not asked for a while; or it is asked again."""

    def renewed(self) -> None:
        """An entry's expiry in Redis was pushed forward."""

    def serves(self, model: Model) -> None:
        """Another model is live."""


SILENT = Events()
