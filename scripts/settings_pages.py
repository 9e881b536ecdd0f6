"""`python -m scripts.settings_pages` writes what is made from the table of settings: docs/settings.md, .env.example."""

from pathlib import Path

from proxy.settings import ELSEWHERE, PREFIX, Settings

ROOT = Path(__file__).parents[1]


def pages() -> dict[Path, str]:
    """Each page with its content."""
    return {ROOT / "docs" / "settings.md": _manual(), ROOT / ".env.example": _example()}


def _rows() -> list[tuple[str, str, str]]:
    """Name, default (empty for none) and meaning of every variable."""
    fields = Settings.model_fields.items()
    ours = [(PREFIX + name.upper(), _text(field.default), field.description or "") for name, field in fields]
    return ours + [(name, "", meaning) for name, meaning in ELSEWHERE.items()]


def _text(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default in (None, ()) else str(default)


def _manual() -> str:
    rows = ((f"`{name}`", f"`{default}`" if default else "unset", meaning) for name, default, meaning in _rows())
    return _MANUAL + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _example() -> str:
    settings = [f"# {meaning}\n#{name}={default}\n" for name, default, meaning in _rows()]
    return "\n".join([_EXAMPLE, *settings])


_MANUAL = """\
# Settings

Environment variables, or lines of a file `.env` in the folder where `rematte` (or `make`) is started; the environment
goes before the file. An unknown variable with this prefix or a bad value stops the start with one line that names it.

This page is made from `proxy/settings.py` by `make docs`.

| variable | default | meaning |
|---|---|---|
"""

_EXAMPLE = """\
# Copy to .env and uncomment what you change. Made from proxy/settings.py by `make docs`; see docs/settings.md.
"""


def main() -> None:
    for path, content in pages().items():
        path.write_text(content)


if __name__ == "__main__":
    main()
