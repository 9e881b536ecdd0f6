"""A predictor with real parts around it, and a back end, a cache and claims that are fakes."""

import asyncio

from proxy.core.dispatch import Dispatch
from proxy.core.fingerprint import Image, image_of
from proxy.core.oracle import Oracle
from proxy.core.predictor import Prediction, Predictor
from proxy.core.race import HeadStart
from proxy.core.renders import Renders
from proxy.core.types import ANY_TERMS, Terms
from proxy.core.watch import ModelWatch
from proxy.errors import BadImage
from tests.support.fakes import DictCache, FakeBackend, Heard, MaskRenderer
from tests.support.settling import settle

CAT, DOG = image_of(b"cat", seed=1), image_of(b"dog", seed=1)
ALONE_S = 60.0


async def measure(image: Image) -> tuple[int, int]:
    if b"".join(image.chunks) == b"text":
        await settle()  # somebody looks at the bytes, and others go on meanwhile
        raise BadImage("no image")
    return 40, 30


class House:
    """A predictor and the parts it was built from."""

    def __init__(self, backend=None, cache=None, claims=None, *, head_start_s=ALONE_S, deadline_s=60.0, max_waiting=8):
        self.backend = backend or FakeBackend()
        self.cache = cache or DictCache()
        self.dispatch = Dispatch(self.backend, max_waiting=max_waiting, max_waiting_bytes=1000)
        self.watch = ModelWatch(self.backend, self.dispatch, poll_s=60)
        self.heard = Heard()
        oracle = Oracle(
            cache=self.cache,
            claims=claims,
            dispatch=self.dispatch,
            watch=self.watch,
            measure=measure,
            events=self.heard,
        )
        self.renders = Renders(self.cache, at_once=1)
        self.predictor = Predictor(
            cache=self.cache,
            oracle=oracle,
            renders=self.renders,
            watch=self.watch,
            head_start=HeadStart(head_start_s),
            deadline_s=deadline_s,
            events=self.heard,
        )

    async def opened(self) -> "House":
        await self.watch.look()
        return self

    async def predict(self, image: Image = CAT, renderer=None, terms: Terms = ANY_TERMS) -> Prediction:
        return await self.predictor.predict(image, renderer or MaskRenderer(), terms)

    def ask(self, image: Image = CAT, terms: Terms = ANY_TERMS) -> "asyncio.Task[Prediction]":
        return asyncio.create_task(self.predict(image, terms=terms))
