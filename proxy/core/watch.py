"""Follows the model that the back end would run now."""

import asyncio
import logging
from contextlib import suppress

from proxy.core.dispatch import Dispatch
from proxy.core.events import SILENT, Events
from proxy.core.types import Backend, Description, Model
from proxy.errors import BackendAway, BackendError

logger = logging.getLogger(__name__)


class ModelWatch:
    """Knows the live model, and whether its server can be reached.

    The last known model stays when the server goes away: its masks are still right, so hits go on being answered.
    """

    def __init__(self, backend: Backend, dispatch: Dispatch, *, poll_s: float, events: Events = SILENT) -> None:
        self._backend = backend
        self._dispatch = dispatch
        self._poll_s = poll_s
        self._events = events
        self._model: Model | None = None
        self._doubt = asyncio.Event()
        self.trouble: str | None = "the model server has not been asked yet"
        """Why no inference can be made now; None when all is well."""

    @property
    def ever_ready(self) -> bool:
        return self._model is not None

    @property
    def model(self) -> Model:
        """Raises BackendAway until a worker has been ready once."""
        if self._model is None:
            raise BackendAway(f"No model has been ready yet: {self.trouble}.")
        return self._model

    def saw(self, version: str) -> None:
        """An inference came from `version`. If that is news, it is looked into at once: a late answer of the old model
        looks the same as an early one of the new."""
        if self._model is not None and version != self._model.version:
            self._doubt.set()

    async def run(self) -> None:
        """Polls until cancelled."""
        while True:
            self._doubt.clear()
            try:
                await self.look()
            except Exception:  # whatever it is, the next look may be better, and nobody else would notice
                logger.exception("the model server's description")
                self._note("its description cannot be understood")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._doubt.wait(), self._poll_s)

    async def look(self) -> None:
        """Asks once."""
        try:
            description = await self._backend.describe()
        except BackendError as error:
            self._note(str(error))
        else:
            self._follow(description)

    def _follow(self, description: Description) -> None:
        if not description.ready_workers:
            name = f"{description.model.name} {description.model.version}"
            # Which of the two it is looks the same from here.
            unready = f"no worker of {name} is ready: it is loading, or it cannot: the server's log says why"
            return self._note(description.refusal or unready)
        self._note(None)
        self._dispatch.widen(description.window)
        if description.model != self._model:
            self._model = description.model
            self._events.serves(self._model)
            logger.info("the live model is %s %s", self._model.name, self._model.version)
        return None

    def _note(self, trouble: str | None) -> None:
        if trouble != self.trouble:
            logger.log(logging.WARNING if trouble else logging.INFO, "model server: %s", trouble or "ready")
        self.trouble = trouble
