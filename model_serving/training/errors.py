"""What can end a training early."""


class TrainingError(Exception):
    """The training cannot begin, or cannot go on. The message is one line: what is wrong, and what to do."""


class Stopped(KeyboardInterrupt):
    """Somebody asked for the end; all is saved. The message is one line: how to go on."""


def reader_killed(error: Exception) -> str | None:
    """In words, where it is torch's of a DataLoader's process that died: it has no error of its own for it."""
    said = " ".join(str(error).split()).rstrip(".")
    if not said.startswith("DataLoader worker"):
        return None
    return f"a process that reads pictures was killed ({said}), as where memory runs out"
