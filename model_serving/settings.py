"""What Kedro asks of this project; it looks for this file by its name."""

from pathlib import Path
from typing import Any

CONF_SOURCE = str(Path(__file__).parent / "conf")
CONFIG_LOADER_ARGS: dict[str, Any] = {"base_env": "base", "default_run_env": "base"}
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
"""It would report every run; what it would report of the `kedro` command, .telemetry forbids."""
