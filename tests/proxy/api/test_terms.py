import time

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


@pytest.mark.parametrize(
    "line", ['x="no-cache, no-store"', r'x="\", no-cache, \\"', 'private="a, no-store ,b", y="no-cache,"', '""']
)
def test_what_stands_in_a_quoted_string_is_no_directive(line: str):
    assert asked(line) == ANY_TERMS


@pytest.mark.parametrize(
    "line", ['x="a, b", no-store', 'no-store="a, b"', 'x="a, no-store', r'x="a\", no-store', 'x="a" , no-store, y="']
)
def test_quotes_hide_no_directive_beside_them(line: str):
    assert asked(line) == Terms(may_keep=False)


@pytest.mark.parametrize("part", ['"', '"\\', "\\", '\\"'])
def test_a_field_of_nothing_but_quotes_takes_no_time(part: str):
    begun = time.process_time()
    asked(part * 32_000)
    assert time.process_time() - begun < 1.0
