"""`rematte mask` and `rematte cutout`: pictures to a running server and back, whoever runs it."""

from proxy.client.errands import BadErrand, Errand, plan
from proxy.client.sending import CUTOUTS, MASKS, Door, Kind, Outcome, ServerAway, fetch, send_all
from proxy.client.tally import Tally

__all__ = [
    "CUTOUTS",
    "MASKS",
    "BadErrand",
    "Door",
    "Errand",
    "Kind",
    "Outcome",
    "ServerAway",
    "Tally",
    "fetch",
    "plan",
    "send_all",
]
