"""A body that is read whole, and not further than it may be long."""

from fastapi import Request

from proxy.errors import UploadTooLarge


async def body_of(request: Request, limit: int) -> bytes:
    """Raises UploadTooLarge; ClientDisconnect when the caller leaves in mid-body."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise UploadTooLarge(f"A request may have {limit:,} bytes here, and this one has more; send fewer images.")
        pieces.append(piece)
    return b"".join(pieces)
