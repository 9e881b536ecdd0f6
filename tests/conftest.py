import pytest
from hypothesis import settings

settings.register_profile("rematte", deadline=None)  # a busy machine is no failure
settings.load_profile("rematte")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
