"""What can go wrong before a network can be measured."""


class EvaluationError(Exception):
    """Pictures that cannot be measured on. The message is one line: which file, why, and what to do."""
