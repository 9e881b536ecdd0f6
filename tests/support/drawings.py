"""Masks as a test's reader sees them: `#` is object, `+` soft, `.` background."""

from textwrap import dedent

from PIL import Image as Pillow

LEVELS = {".": 0, "+": 64, "#": 255}


def drawn(drawing: str) -> Pillow.Image:
    rows = dedent(drawing).strip().splitlines()
    return Pillow.frombytes("L", (len(rows[0]), len(rows)), bytes(LEVELS[sign] for row in rows for sign in row))


def levels_of(grey: Pillow.Image) -> str:
    signs = {level: sign for sign, level in LEVELS.items()}
    text = "".join(signs.get(level, "?") for level in grey.tobytes())
    return "\n".join(text[start : start + grey.width] for start in range(0, len(text), grey.width))
