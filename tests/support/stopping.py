"""Stopping a task wherever it happens to be."""

import asyncio

TURNS = 40
"""Of the event loop: more than redis-py takes to connect."""


async def stop_after(turns: int, task: asyncio.Task[None]) -> None:
    """Fails if the task goes on."""
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    stopped, _ = await asyncio.wait({task}, timeout=10)
    task.cancel()  # once more, so that the test can end
    assert stopped, f"cancelled after {turns} turns, it goes on"
