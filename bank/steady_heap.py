"""The heap of a served bank: what stands before it serves is not searched, what is free is given
back.

A collection of all of it takes 150 ms, and one came every few dozen requests.
https://docs.python.org/3/library/gc.html#gc.freeze
"""

import ctypes
import gc
from contextlib import suppress

NEW_OBJECTS = 20_000  # between two collections of the youngest; Python's own is 700
LARGE = 4 * 2**20  # bytes of a block
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h


def give_large_blocks_back() -> None:
    """Let malloc return each large block to the system at once, as long as the process lives.

    glibc raises its threshold to the largest block that was freed. The 16 MB of a password's hash
    stayed then, once for each sign-in. https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    with suppress(AttributeError):  # another C library
        malloc = ctypes.CDLL(None)
        malloc.mallopt(_MMAP_THRESHOLD, LARGE)
        # Twice as much is glibc's own rule. Else each smaller block may be given back and be asked
        # for anew: 20,000 blocks of 300 KB took 1.9 s, not 0.1.
        malloc.mallopt(_TRIM_THRESHOLD, 2 * LARGE)


def settle() -> None:
    """Take what there is out of all later collections, and let more objects come between them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
