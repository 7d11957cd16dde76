"""How the C library and the garbage collector keep memory: as a program does that runs for months.

Left alone, glibc gives each thread a heap of its own and learns from one large block that was freed
to put the next ones of its size into the heap, among small ones that stay: the bodies of scrapes
then never go back. Source: mallopt(3).
"""

import contextlib
import ctypes
import gc

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # malloc.h
_LARGE = 128 * 1024  # bytes; glibc begins with that, and keeps it once it is set


def settle() -> None:
    """Take what is there now as there for good, and return large blocks when they are freed.

    The collector does not look again at what the start-up made, which is most of what there is: a
    look at all of it would keep the event loop from receiving.
    """
    gc.collect()
    gc.freeze()
    with contextlib.suppress(AttributeError, OSError):  # not glibc, which alone needs it
        libc = ctypes.CDLL(None)
        libc.mallopt(_ARENA_MAX, 1)
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)
        libc.malloc_trim(0)
