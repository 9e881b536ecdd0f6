"""Image files made on the spot."""

import io

from PIL import Image

_ORIENTATION = 0x0112


def picture(width: int, height: int, kind: str = "JPEG", orientation: int = 1) -> bytes:
    """A gradient with a square on it, in a file of that kind, stored as that EXIF orientation."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image.paste((200, 30, 30), (width // 4, height // 4, width // 2, height // 2))
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    buffer = io.BytesIO()
    image.save(buffer, kind, exif=exif)
    return buffer.getvalue()
