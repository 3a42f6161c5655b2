"""Memory that lies free between what is used goes back to the machine."""

import ctypes
import subprocess
import sys

import psutil

from pbm360.memory import ARENAS, give_back

C = ctypes.CDLL(None)
C.malloc.restype, C.malloc.argtypes, C.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
BLOCK, BLOCKS = 32_000, 3_000  # each smaller than what the C library would map and unmap by itself
MEGABYTE = 1e6


def resident() -> float:
    return psutil.Process().memory_info().rss / MEGABYTE


def test_what_lies_free_between_what_is_used_goes_back():
    blocks = [C.malloc(BLOCK) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    kept = set(blocks[49::50])  # so that the heap can't shrink from its end
    for block in blocks:
        if block not in kept:
            C.free(block)
    before = resident()
    give_back()
    if hasattr(C, "malloc_trim"):  # glibc; others give back by themselves
        assert before - resident() > 0.5 * BLOCK * BLOCKS / MEGABYTE
    for block in kept:
        C.free(block)


THREADS_THAT_ALLOCATE = """
import ctypes, re, tempfile, threading
from pbm360.memory import share_arenas
share_arenas()
C = ctypes.CDLL(None)
C.malloc.restype, C.fopen.restype = ctypes.c_void_p, ctypes.c_void_p
together = threading.Barrier(12)
def allocate():
    together.wait()
    for _ in range(2000): C.malloc(5000)
threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
if hasattr(C, "malloc_info"):
    with tempfile.NamedTemporaryFile() as told:
        file = ctypes.c_void_p(C.fopen(told.name.encode(), b"w"))
        C.malloc_info(0, file); C.fclose(file)
        print(len(re.findall("<heap nr=", open(told.name).read())))
else:
    print(1)
"""


def test_threads_share_a_few_arenas():
    few = subprocess.run([sys.executable, "-c", THREADS_THAT_ALLOCATE], capture_output=True, text=True, check=True)
    assert int(few.stdout) <= ARENAS
