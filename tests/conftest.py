import gc
import signal

import pytest
from hypothesis import settings

# A suite started in the background of a shell is deaf to Ctrl-C, and so would be the processes that it sends one to.
signal.signal(signal.SIGINT, signal.default_int_handler)

gc.disable()  # until all tests are imported

settings.register_profile("rematte", deadline=None)  # a busy machine is no failure
settings.load_profile("rematte")


def pytest_collection_finish() -> None:
    """What was imported stays to the end: a million objects that no collection shall walk through again."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
