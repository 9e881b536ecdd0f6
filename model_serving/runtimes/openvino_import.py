"""The door through which OpenVINO comes in: without its converter, which reports every import to Google Analytics.

`import openvino` brings `openvino.tools.ovc` along where it can be imported, and that sends an event through
`openvino_telemetry` as soon as it is. Neither is needed to run or to convert, so neither is found from here on.
"""

import importlib
import sys
from typing import Any

from model_serving.runtimes.runtime import RuntimeUnavailable

_CALLING_HOME = ("openvino.tools.ovc", "openvino_telemetry")


def import_openvino(submodule: str = "") -> Any:
    """`openvino`, or a module of it. Raises RuntimeUnavailable where it is not installed."""
    for name in _CALLING_HOME:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as documented: its import fails
    try:
        return importlib.import_module(f"openvino{submodule}")
    except ImportError as error:
        raise RuntimeUnavailable(f"the runtime openvino ({error}): pip install openvino") from error
