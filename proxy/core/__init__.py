"""The race itself: asyncio, dataclasses and hashing. No wire, no disk."""
