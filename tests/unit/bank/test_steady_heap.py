"""What a served bank's process frees in large blocks goes back to the system."""

import subprocess
import sys

import pytest

HASHES = """
import hashlib, sys, threading
import psutil
from bank import steady_heap

if sys.argv[1] == "given back":
    steady_heap.give_large_blocks_back()
held, process = [], psutil.Process()

def sign_in():
    hashlib.scrypt(b"password", salt=b"salt", n=2**14, r=8, p=1, maxmem=2**25)
    held.append(bytes(300_000))

def hashed(times):
    for _ in range(times):
        thread = threading.Thread(target=sign_in)
        thread.start()
        thread.join()
    return process.memory_info().rss

before = hashed(1)
print((hashed(5) - before) / 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is of glibc")
@pytest.mark.parametrize(("how", "least", "most"), [("kept", 12, 200), ("given back", -1, 8)])
def test_the_memory_of_a_passwords_hash_is_given_back(how: str, least: int, most: int) -> None:
    """glibc's own way keeps it, which shows that the test sees what it looks for."""
    command = [sys.executable, "-c", HASHES, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    assert least < float(done.stdout) < most
