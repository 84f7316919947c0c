"""The heap of a served bank: what stands before it serves never changes, and is not searched.

A collection of all of it takes 150 ms, and one came every few dozen requests.
https://docs.python.org/3/library/gc.html#gc.freeze
"""

import gc

NEW_OBJECTS = 20_000  # between two collections of the youngest; Python's own is 700


def settle() -> None:
    """Take what there is out of all later collections, and let more objects come between them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
