import signal

import pytest
from hypothesis import settings

# A suite started in the background of a shell is deaf to Ctrl-C, and so would be the processes that it sends one to.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("rematte", deadline=None)  # a busy machine is no failure
settings.load_profile("rematte")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
