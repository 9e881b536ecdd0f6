"""The one error of this package."""


class DataError(Exception):
    """Data that cannot be used. The message is one line: which data set or file, why, and what to do."""
