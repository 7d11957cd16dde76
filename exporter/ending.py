"""How a program of ours is told to end: SIGTERM by systemd or Docker, SIGINT by a person."""

import asyncio
import signal


def told_to_end() -> asyncio.Event:
    """Return what is set by the first SIGTERM or SIGINT; from now on they do nothing else."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told
