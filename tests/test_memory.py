"""Memory that lies free between what is used goes back to the machine."""

import ctypes

import psutil

from pbm360.memory import give_back

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
