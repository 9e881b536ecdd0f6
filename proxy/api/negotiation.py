"""Which of its formats an answer has: the one that an option names, or what `Accept` likes best (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from multipart import parse_options_header

from proxy.api.fields import Fields
from proxy.errors import NotAcceptable

Name = TypeVar("Name", bound=str)

_PLAIN = frozenset({"*/*", "image/*", "image/png"})
# RFC 9110, 5.6.1 and 5.6.4. Possessive, and a quote need not be closed: read in linear time, whatever comes.
_MEMBER = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*+"?)++')


@dataclass(frozen=True, slots=True)
class _Range:
    """`quality` 0 to 1; 0 is what the caller does not want."""

    type: str
    subtype: str
    parameters: frozenset[tuple[str, str]]
    quality: float = 1.0

    @property
    def precedence(self) -> tuple[bool, bool, int]:
        """Of several ranges that match, the most specific counts."""
        return self.type != "*", self.subtype != "*", len(self.parameters)

    def matches(self, media: "_Range") -> bool:
        return (
            self.type in ("*", media.type)
            and self.subtype in ("*", media.subtype)
            and self.parameters <= media.parameters
        )


def is_plain(fields: Fields) -> bool:
    """Whether the caller takes a PNG as gladly as anything else: what hits are asked with, told at a glance."""
    return fields.get("accept", "*/*") in _PLAIN


def choose(formats: Mapping[Name, str], accept: str, named: Name | None = None, option: str = "format") -> Name:
    """One of `formats` (name to media type, our own favourite first). `named` is what the caller's `option` says.

    Of formats that the caller likes equally well, the first: `application/json; format=coco` tells it from others of
    its media type. A field that is empty or nonsense likes everything. Raises NotAcceptable when the caller likes
    none; never for what is named.
    """
    if named is not None:
        return named
    ranges = list(_ranges(accept))
    if not ranges:
        return next(iter(formats))
    liked = {name: _quality(_media(f"{type_}; format={name}"), ranges) for name, type_ in formats.items()}
    best = max(liked, key=lambda name: liked[name])
    if not liked[best]:
        there_are = ", ".join(f"{media_type} (`{option}={name}`)" for name, media_type in formats.items())
        raise NotAcceptable(f"`Accept: {accept[:100]}` matches nothing that there is; these are: {there_are}.")
    return best


def _quality(media: _Range, ranges: list[_Range]) -> float:
    fitting = [(range_.precedence, range_.quality) for range_ in ranges if range_.matches(media)]
    return max(fitting)[1] if fitting else 0.0


def _ranges(accept: str) -> Iterator[_Range]:
    """What is no media range is passed over."""
    for member in _MEMBER.findall(accept):
        range_ = _media(member)
        if range_.type and range_.subtype:
            yield range_


def _media(text: str) -> _Range:
    """A media type or range. What follows its weight (`accept-ext` of older RFCs) counts as parameters too."""
    essence, options = parse_options_header(text)
    type_, _, subtype = ("*/*" if essence == "*" else essence).partition("/")  # Java's own client sends a lone `*`
    quality = _weight(options.pop("q", "1"))
    return _Range(type_.strip(), subtype.strip(), frozenset(options.items()), quality)


def _weight(text: str) -> float:
    """RFC 9110, 12.4.2. What is no weight is none at all: 1."""
    return float(text) if re.fullmatch(r"(?:0(?:\.\d*)?|\.\d+|1(?:\.0*)?)", text) else 1.0
