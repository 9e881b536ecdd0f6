import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from proxy.core.caller import Caller, Trace, caller
from proxy.telemetry.logs import JsonFormatter

TRACE = Trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


def line(*args: object, exception: bool = False) -> dict[str, str]:
    record = logging.LogRecord("proxy.core.watch", logging.WARNING, "", 0, "it said\n%s", args, None)
    record.exc_info = sys.exc_info() if exception else None
    written = JsonFormatter().format(record)
    assert "\n" not in written
    given: dict[str, str] = json.loads(written)
    return given


@pytest.fixture
def asked() -> Iterator[None]:
    token = caller.set(Caller("job-7", TRACE))
    yield
    caller.reset(token)


def test_a_line_is_an_object_however_many_lines_it_tells():
    given = line('"no"')
    assert (given["level"], given["logger"], given["message"]) == ("warning", "proxy.core.watch", 'it said\n"no"')
    assert datetime.fromisoformat(given["time"]).utcoffset() is not None
    assert set(given) == {"time", "level", "logger", "message"}


def test_it_names_the_request_and_the_trace(asked):
    given = line("no")
    assert (given["request_id"], given["trace_id"]) == ("job-7", TRACE.id)


def test_a_request_without_a_trace_has_none():
    caller.set(Caller("job-8"))
    assert "trace_id" not in line("no")
    caller.set(None)


def test_an_exception_is_told_with_its_traceback():
    try:
        raise ZeroDivisionError("once")
    except ZeroDivisionError:
        assert "ZeroDivisionError: once" in line("no", exception=True)["exception"]
