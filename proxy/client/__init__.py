"""`rematte mask` and `rematte cutout`: pictures to a running server and back, whoever runs it."""

from proxy.client.errands import BadErrand, Errand, plan
from proxy.client.kinds import CUTOUTS, MASKS, Kind, cutouts, lies_beside, masks, suffix_of
from proxy.client.sending import Door, Outcome, ServerAway, fetch, send_all
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
    "cutouts",
    "fetch",
    "lies_beside",
    "masks",
    "plan",
    "send_all",
    "suffix_of",
]
