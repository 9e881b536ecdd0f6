import pytest

from proxy.api.fields import fields_of
from proxy.api.terms import terms_of
from proxy.core.types import ANY_TERMS, Terms


def asked(*lines: str) -> Terms:
    return terms_of(fields_of({"headers": [(b"cache-control", line.encode()) for line in lines]}))


@pytest.mark.parametrize("lines", [(), ("max-age=0",), ("no-transform, immutable",), ("",), ("no-cachet",)])
def test_what_says_nothing_of_these_allows_everything(lines: tuple[str, ...]):
    assert asked(*lines) == ANY_TERMS


@pytest.mark.parametrize(
    ("line", "terms"),
    [
        ("no-cache", Terms(may_find=False)),
        ("No-Store", Terms(may_keep=False)),
        ("max-age=0, only-if-cached", Terms(may_infer=False)),
        ("no-cache,no-store", Terms(may_find=False, may_keep=False)),
    ],
)
def test_each_directive_forbids_its_own(line: str, terms: Terms):
    assert asked(line) == terms


def test_several_lines_count_as_one():
    assert asked("no-cache", "only-if-cached") == Terms(may_find=False, may_infer=False)
