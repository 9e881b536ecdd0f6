"""Waiting for tasks, and for no time."""

import asyncio


async def settle() -> None:
    """Lets every task run until it waits for something outside."""
    for _ in range(20):
        await asyncio.sleep(0)
