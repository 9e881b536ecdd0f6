"""`python tied.py PARENT COMMAND...` becomes COMMAND, and is sent a SIGTERM when the process PARENT ends in any way.

A script of its own because code between fork and exec (`preexec_fn`) can deadlock in a process that has threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(f"Process {parent} ended before {command[0]} was started.")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
