import httpx
import pytest

from proxy.api import Readiness
from tests.proxy.api.house import house
from tests.support.fakes import MODEL

STARTING = Readiness(ready=False, degraded=("the model server has not been asked yet",))
READY = Readiness(ready=True, model=MODEL)
STOPPING = Readiness(ready=True, model=MODEL, stopping=True)
DEGRADED = Readiness(ready=True, degraded=("Redis is away",), model=MODEL)


async def ask(path: str, readiness: Readiness) -> httpx.Response:
    async with house(readiness=lambda: readiness) as it:
        return await it.client.get(path)


@pytest.mark.parametrize("readiness", [STARTING, READY, DEGRADED])
async def test_the_process_is_alive_whatever_else_is_down(readiness: Readiness):
    answer = await ask("/livez", readiness)
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize(
    ("path", "readiness", "status", "word"),
    [
        ("/readyz", STARTING, 503, "starting"),
        ("/readyz", READY, 200, "ready"),
        ("/readyz", DEGRADED, 200, "degraded"),
        ("/readyz?strict", STARTING, 503, "starting"),
        ("/readyz?strict", READY, 200, "ready"),
        ("/readyz?strict", DEGRADED, 503, "degraded"),
        ("/readyz?strict=1", DEGRADED, 503, "degraded"),
        ("/readyz", STOPPING, 503, "stopping"),
    ],
)
async def test_readiness_is_a_status_and_a_word(path: str, readiness: Readiness, status: int, word: str):
    answer = await ask(path, readiness)
    assert (answer.status_code, answer.json()["status"]) == (status, word)


async def test_readiness_tells_what_is_away_and_which_model_is_live():
    assert (await ask("/readyz", DEGRADED)).json() == {
        "status": "degraded",
        "degraded": ["Redis is away"],
        "model": {"name": "inspyrenet", "version": "small-00000000"},
    }
    assert (await ask("/readyz", STARTING)).json()["model"] is None


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_health_is_never_cached(path: str):
    assert (await ask(path, READY)).headers["Cache-Control"] == "no-store"


async def test_verbose_readiness_shows_each_part():
    answer = await ask("/readyz?verbose", READY)
    assert answer.json()["checks"] == [{"name": "queue", "ok": True, "detail": "0 images wait"}]
