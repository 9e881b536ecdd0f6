"""The end by Ctrl-C, as all commands of this package tell it."""

import sys
from typing import NoReturn

INTERRUPTED = 130
"""What a shell calls it."""


def interrupted(line: str) -> NoReturn:
    """Says the line below the terminal's ^C, and ends the process."""
    print(f"\n{line}", file=sys.stderr)
    sys.exit(INTERRUPTED)
