"""Lines for people, or a JSON object in each line for machines."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal

from proxy.core.caller import caller

TEXT = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


class JsonFormatter(logging.Formatter):
    """`time` (RFC 3339, UTC, milliseconds), `level`, `logger`, `message`; where they are known `request_id`, `trace_id`
    (both the caller's) and `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        return json.dumps(line | _caller() | self._exception(record))

    def _exception(self, record: logging.LogRecord) -> dict[str, str]:
        return {"exception": self.formatException(record.exc_info)} if record.exc_info else {}


def set_up(level: str, form: Literal["text", "json"]) -> None:
    """Everything that is logged goes to standard error. Done once, where a process begins."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TEXT)
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for chatty in ("uvicorn", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _caller() -> dict[str, str]:
    asked = caller.get()
    if asked is None:
        return {}
    return {"request_id": asked.request_id} | ({"trace_id": asked.trace.id} if asked.trace else {})
