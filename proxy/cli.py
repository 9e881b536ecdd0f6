"""The `rematte` command."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from dotenv import dotenv_values
from rich.console import Console

from proxy.listening import CannotListen, url_of
from proxy.settings import PREFIX, BadSetting, Settings, read_settings

if TYPE_CHECKING:
    from proxy.client import Kind

CHECKOUT = Path(__file__).parents[1]
USAGE, INTERRUPTED = 2, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Removes image backgrounds, and never computes the same picture twice.",
)

Host = Annotated[str | None, typer.Option(help="Address to listen on; goes before REMATTE_HOST.", show_default=False)]
Port = Annotated[int | None, typer.Option(help="Port to listen on; goes before REMATTE_PORT.", show_default=False)]
Home = Annotated[
    Path, typer.Option(help="Folder of model-store and .run; by default the checkout.", show_default=False)
]
Files = Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.", show_default=False)]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder for the files.", show_default=False)]
MasksOut = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--out",
        help="Folder for the files; files that are no pictures lie beside theirs without it.",
        show_default=False,
    ),
]
Format = Annotated[str, typer.Option("--format", help="As `format` of /v1/mask: labelme, coco, yolo and others.")]
CutoutFormat = Annotated[str, typer.Option("--format", help="As `format` of /v1/cutout: webp, avif, jpeg, zip.")]
Url = Annotated[
    str | None,
    typer.Option(
        help="The server; without it the one that REMATTE_HOST and REMATTE_PORT describe.", show_default=False
    ),
]
Key = Annotated[
    str | None,
    typer.Option(help="One of the server's keys; without it REMATTE_API_KEY, if that is set.", show_default=False),
]
Jobs = Annotated[int, typer.Option(min=1, max=64, help="Pictures under way at once.")]


@app.command()
def serve(host: Host = None, port: Port = None) -> None:
    """Start the proxy alone, in front of a TorchServe and a Redis that run already."""
    settings = _settings(_environment(host, port))
    from proxy.serving import serve as serve_until_stopped
    from proxy.workers import CannotStart

    try:
        serve_until_stopped(settings)
    except (CannotListen, CannotStart, ValueError) as error:
        _refuse(str(error))
    except KeyboardInterrupt:
        raise typer.Exit from None


@app.command()
def up(host: Host = None, port: Port = None, home: Home = CHECKOUT) -> None:
    """Start Redis, TorchServe and the proxy, until Ctrl-C."""
    environment = _environment(host, port)
    settings = _settings(environment)
    from proxy.up import CannotRun, Occupied, Report
    from proxy.up import up as up_until_stopped

    try:
        up_until_stopped(settings, environment, home, Report(Console()))
    except (CannotListen, Occupied) as error:
        _refuse(str(error))
    except CannotRun as error:
        _refuse(_with_last_words(error.said, str(error)))
    except OSError as error:
        _refuse(f"{error.filename or home}: {error.strerror}.")


@app.command()
def mask(
    files: Files, out: MasksOut = None, format: Format = "png", url: Url = None, key: Key = None, jobs: Jobs = 4
) -> None:
    """Fetch the masks of pictures from a running server."""
    from proxy.client import BadErrand, lies_beside, masks, suffix_of

    try:
        kind = masks(format)
    except BadErrand as error:
        _refuse(str(error), status=USAGE)
    if out is None and not lies_beside(format):
        _refuse(f"--format {format}: pictures need a folder of their own; name one with -o.", status=USAGE)
    _send(kind, files, out, url, key, jobs, suffix_of(format))


@app.command()
def cutout(
    files: Files, out: Out, format: CutoutFormat = "png", url: Url = None, key: Key = None, jobs: Jobs = 4
) -> None:
    """Fetch pictures without their background from a running server."""
    from proxy.client import BadErrand, cutouts

    try:
        kind, suffix = cutouts(format)
    except BadErrand as error:
        _refuse(str(error), status=USAGE)
    _send(kind, files, out, url, key, jobs, suffix)


def main() -> None:
    app()


def _send(
    kind: "Kind",
    files: list[Path],
    out: Path | None,
    url: str | None,
    key: str | None,
    jobs: int,
    suffix: str,
) -> None:
    from proxy.client import BadErrand, ServerAway, Tally, fetch, plan

    try:
        errands = plan(files, out, suffix)
        with Tally(Console(), len(errands)) as tally:
            asyncio.run(fetch(errands, url or _own_url(), kind, jobs, tally.tell, key or _own_key()))
    except BadErrand as error:
        _refuse(str(error), status=USAGE)
    except ServerAway as error:
        _refuse(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(bool(tally.failures))


def _own_url() -> str:
    settings = _settings(_environment())
    return url_of(settings.host, settings.port)


def _own_key() -> str | None:
    return _environment().get("REMATTE_API_KEY")


def _environment(host: str | None = None, port: int | None = None) -> dict[str, str]:
    """What was typed goes before the environment, and that before the file `.env` of this folder."""
    file = {name: value for name, value in dotenv_values(".env").items() if name.startswith(PREFIX) and value}
    typed = {"REMATTE_HOST": host, "REMATTE_PORT": port}
    return file | dict(os.environ) | {name: str(value) for name, value in typed.items() if value is not None}


def _settings(environment: Mapping[str, str]) -> Settings:
    try:
        return read_settings(environment)
    except BadSetting as error:
        _refuse(str(error), status=USAGE)


def _with_last_words(said: Sequence[str], message: str) -> str:
    """A single line of them goes on the same line."""
    return f"{message} {said[0]}" if len(said) == 1 else "\n  | ".join([message, *said])


def _refuse(message: str, status: int = 1) -> NoReturn:
    print(f"rematte: {message}", file=sys.stderr)
    raise typer.Exit(status)


if __name__ == "__main__":
    main()
