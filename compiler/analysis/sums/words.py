"""Whole numbers of any size in arrays: an axis of 40-bit words, the lowest first.

Where nothing can exceed one machine word there is one word, which is then not limited to 40 bits. Floating-point
numbers stand in the same place where counts are only needed nearly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Words: TypeAlias = npt.NDArray[Any]
    """(words, …): int64, or float64 with one word."""
    Places: TypeAlias = npt.NDArray[np.int64]

BITS = 40
"""Sums of 2²² such words, as cumulative ones are, fit in 64 bits."""

PIECE = 1 << 22
"""So many are added up at once."""

SOME_BITS = 10
"""To take fewer bits at a time is slower than to take all numbers apart."""

ALONE = 62
"""Numbers of so many bits are kept in one word."""

_MASK = (1 << BITS) - 1


def words_for(greatest: int) -> int:
    """How many words numbers up to this one take."""
    bits = greatest.bit_length()
    return 1 if bits <= ALONE else -(-bits // BITS)


def carried(numbers: Words) -> Words:
    """The same numbers, in place, with words of 40 bits, where there are several."""
    for word in range(len(numbers) - 1):
        numbers[word + 1] += numbers[word] >> BITS
        numbers[word] &= _MASK
    return numbers


def cumulative(numbers: Words, axes: Sequence[bool]) -> Words:
    """The sums from the beginning along those of the axes behind the first that ``axes`` says, (words, …)."""
    import numpy as np

    for axis, summed in enumerate(axes, 1):
        if not summed:
            continue
        n = numbers.shape[axis]
        if len(numbers) == 1 or n <= PIECE:
            numbers = carried(np.cumsum(numbers, axis=axis))
            continue
        numbers = numbers.copy()
        along = np.moveaxis(numbers, axis, 1)
        for begin in range(0, n, PIECE):
            piece = along[:, begin : begin + PIECE]
            if begin:
                piece[:, 0] += along[:, begin - 1]
            piece[...] = carried(np.cumsum(piece, axis=1))
    return numbers


def integers(numbers: Words) -> Words:
    """Python's whole numbers, an object array of the shape behind the first axis; floating-point ones as they are."""
    if numbers.dtype.kind == "f":
        nearly: Words = numbers[0]
        return nearly
    found: Words = numbers[-1].astype(object)
    for word in range(len(numbers) - 2, -1, -1):
        found = (found << BITS) + numbers[word]
    return found


def integer(numbers: Words) -> int:
    """The number of an array without further axes."""
    return sum(int(word) << BITS * place for place, word in enumerate(numbers))


def dot(numbers: Places, others: Places) -> int:
    """The sum of the products of two arrays of numbers below 2⁶², of any length."""
    import numpy as np

    if not len(numbers):
        return 0
    greatest, other = int(numbers.max()), int(others.max())
    if greatest < other:
        numbers, others, greatest, other = others, numbers, other, greatest
    # The greater numbers are taken some bits at a time, so that sums stay below 2⁶³.
    bits = 63 - (other * len(others)).bit_length()
    if bits < SOME_BITS:
        return product(numbers[None], others[None])
    if greatest.bit_length() <= bits:
        return int(np.dot(numbers, others))
    total, mask = 0, (1 << bits) - 1
    for first in range(0, greatest.bit_length(), bits):
        total += int(np.dot((numbers >> first) & mask, others)) << first
    return total


def product(numbers: Words, others: Words) -> int:
    """The sum of the products, place by place, of any number of numbers, (words, n)."""
    import numpy as np

    total = 0
    for begin in range(0, numbers.shape[1], PIECE):
        some = slice(begin, begin + PIECE)
        digits = _digits(others[:, some])
        for i, own in _digits(numbers[:, some]):
            for j, other in digits:
                total += int(np.dot(own, other)) << i + j
    return total


_DIGIT = BITS // 2
"""Bits; the product of two, summed up over 2²² places, fits in 64."""


def _digits(numbers: Words) -> list[tuple[int, Any]]:
    """The digits of numbers that are not all 0, each with the bit that it begins at."""
    found = []
    alone = len(numbers) == 1
    for word, values in enumerate(numbers):
        for part in range(4 if alone else 2):
            digit = (values >> part * _DIGIT) & ((1 << _DIGIT) - 1)
            if digit.any():
                found.append((word * BITS + part * _DIGIT, digit))
    return found
