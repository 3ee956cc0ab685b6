"""The fixed work that a worker's speed is measured by. Runs as a program in a box; imports the standard library only.

Prints, for each part, the CPU seconds of its fastest of some rounds, in the order of PARTS. Never change what a part does:
figures of different workers, and of different versions of tierline, would no longer compare.

    integer        big powers: multiplications and carries in compiled code, no memory to speak of
    memory         a chain of reads all over 8 MiB, each of which needs the one before
    allocation     many small objects, and fresh pages from the kernel
    interpreter    what Python programs mostly do: dictionaries, strings, sorting, calls, loops over a list
"""

import sys
import time
from array import array
from random import Random

_CELLS = 1 << 21
_MODULUS = (1 << 1021) - 9


def integer() -> int:
    """Three powers of 1021 bits."""
    number = 3
    for _ in range(3):
        number = pow(number, _MODULUS - 2, _MODULUS)
    return number


def memory(cells: "array[int]") -> int:
    """60,000 reads. The number of the step is mixed in so that the chain never becomes a short circle."""
    mask, place = _CELLS - 1, 0
    for step in range(60_000):
        place = (cells[place] ^ step) & mask
    return place


def allocation() -> int:
    """40,000 tuples and as many lists, and 15 MiB of fresh pages."""
    size = 0
    for _ in range(5):
        rows = [(number, [number]) for number in range(8_000)]
        pages = bytearray(3 << 20)
        size += len(rows) + len(pages)
    return size


def interpreter() -> int:
    """Counting words, sorting them, a sieve, and a recursion."""
    total = 0
    for _ in range(2):
        counts: dict[str, int] = {}
        for number in range(12_000):
            word = str(number % 977)
            counts[word] = counts.get(word, 0) + number * 7 % 11
        total += len(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        flags = [True] * 20_000
        for number in range(2, 142):
            if flags[number]:
                for multiple in range(number * number, 20_000, number):
                    flags[multiple] = False
        total += sum(flags) + _fibonacci(16)
    return total


def _fibonacci(number: int) -> int:
    return number if number < 2 else _fibonacci(number - 1) + _fibonacci(number - 2)


PARTS = ("integer", "memory", "allocation", "interpreter")


def main(rounds: int) -> None:
    """Measure and print."""
    cells = array("I", Random(1).randbytes(4 * _CELLS))
    works = {"integer": integer, "memory": lambda: memory(cells), "allocation": allocation, "interpreter": interpreter}
    best = dict.fromkeys(PARTS, float("inf"))
    for _ in range(rounds):
        for name in PARTS:
            started = time.process_time()
            works[name]()
            best[name] = min(best[name], time.process_time() - started)
    print(*best.values())


if __name__ == "__main__":
    main(int(sys.stdin.readline()))
