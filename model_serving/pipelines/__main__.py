"""Runs pipelines: `python -m model_serving.pipelines data_ingestion --params data=build/other`."""

import argparse
import ast
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from model_serving.interruption import interrupted

FOLDER = Path(__file__).parent
QUIET = FOLDER.parent / "conf" / "logging.yml"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if not options.verbose:
        _hush()
    name = "parameters"
    try:
        from model_serving.pipelines.running import read_parameters, run

        parameters = read_parameters(options.config, options.params)
        for name in options.pipelines:
            run(name, parameters)
    except KeyboardInterrupt as interrupt:
        interrupted(f"{name}: {str(interrupt) or 'stopped; run it again to go on'}")
    except Exception as error:
        if options.verbose or (line := _line(error)) is None:
            raise
        sys.exit(f"{name}: {line}")


def _hush() -> None:
    """Kedro reads where its log goes when it is imported, and uses a name that omegaconf would have changed."""
    os.environ["KEDRO_LOGGING_CONFIG"] = str(QUIET)
    warnings.filterwarnings("ignore", "register_new_resolver", UserWarning)


def _line(error: BaseException | None) -> str | None:
    """What an error of ours or of the disk has to say, also where Kedro wrapped it; None for a bug."""
    while error is not None:
        if isinstance(error, OSError) or type(error).__module__.startswith("model_serving."):
            return str(error)
        error = error.__cause__
    return None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    pipelines = _pipelines()
    parser = argparse.ArgumentParser(
        prog="python -m model_serving.pipelines",
        description="Runs pipelines one after the other, in the working directory.",
        epilog="\n".join(["pipelines:", *(f"  {name:20} {summary}" for name, summary in pipelines.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pipelines", nargs="+", choices=pipelines, metavar="PIPELINE", help="one of those below")
    parser.add_argument(
        *("--params", "-p"),
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="instead of what conf/base says; the value is YAML, the name may be name.inner",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="a YAML file of such parameters")
    parser.add_argument("--verbose", action="store_true", help="Kedro's log, and the whole traceback of an error")
    return parser.parse_args(arguments)


def _pipelines() -> Mapping[str, str]:
    """Name and first line of every pipeline, read and not imported: help is wanted at once."""
    files = sorted(FOLDER.glob("*/__init__.py"))
    return {file.parent.name: (ast.get_docstring(ast.parse(file.read_text())) or "").split("\n")[0] for file in files}


if __name__ == "__main__":
    main()
