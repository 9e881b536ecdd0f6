"""Images that nobody has sent before."""

from itertools import count

from tests.support.pictures import picture

_serials = count()


def new_image(width: int = 96, height: int = 64, **options: int) -> bytes:
    """A JPEG; what comes after its end is another's business, but makes its bytes new."""
    return picture(width, height, **options) + next(_serials).to_bytes(8, "big")
