import pytest

from proxy.core.caller import Trace
from proxy.telemetry.trace import trace_of

ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{ID}-{PARENT}-01"


def of(*parents: str, states: tuple[str, ...] = ()) -> Trace | None:
    lines = {"host": ("rematte",), "traceparent": parents, "tracestate": states}
    return trace_of({name: ", ".join(values) for name, values in lines.items() if values})


def test_a_trace_is_taken_as_it_came_and_knows_its_id():
    trace = of(GOOD, states=("congo=t61", "rojo=1"))
    assert trace == Trace(GOOD, "congo=t61, rojo=1")
    assert trace.id == ID


@pytest.mark.parametrize("later", [f"cc-{ID}-{PARENT}-01", f"cc-{ID}-{PARENT}-01-what.comes"])
def test_a_later_version_is_understood_as_far_as_it_is_known(later):
    assert of(later).id == ID


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "what?",
        GOOD.upper(),
        GOOD + "-more",
        GOOD + "\n",
        GOOD[:-1],
        GOOD.replace(ID, "0" * 32),
        GOOD.replace(PARENT, "0" * 16),
        f"ff-{ID}-{PARENT}-01",
        f"cc-{ID}-{PARENT}-01.",
        f"cc-{ID}-{PARENT}-01-\x00",
        f"cc-{ID}-{PARENT}-01-" + "x" * 201,
    ],
)
def test_a_malformed_one_is_none(parent):
    assert of(parent) is None


def test_two_are_none_and_none_is_none():
    assert of(GOOD, GOOD) is None
    assert of() is None
    assert of(states=("congo=t61",)) is None


def test_a_state_has_no_blanks_around_it():
    """The client library would refuse to send them."""
    assert of(GOOD, states=(" congo=t61,\trojo=1 ",)).state == "congo=t61,\trojo=1"


@pytest.mark.parametrize("state", ["", "a\x00b", "caf\xe9", "x" * 513])
def test_a_state_that_cannot_be_handed_on_is_left_behind(state):
    assert of(GOOD, states=(state,)) == Trace(GOOD)
