"""`rematte up`: one file for each thing that it starts, and one for the story (`supervisor`)."""

from proxy.up.crew import CannotRun
from proxy.up.place import Occupied
from proxy.up.report import Report
from proxy.up.supervisor import up

__all__ = ["CannotRun", "Occupied", "Report", "up"]
