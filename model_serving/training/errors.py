"""What can end a training early."""


class TrainingError(Exception):
    """The training cannot begin, or cannot go on. The message is one line: what is wrong, and what to do."""


class Stopped(KeyboardInterrupt):
    """Somebody asked for the end; all is saved. The message is one line: how to go on."""
