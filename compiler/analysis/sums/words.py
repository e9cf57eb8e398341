"""Whole numbers of any size in arrays: an axis of 40-bit words, the lowest first.

Where nothing can exceed one machine word there is one word, which is then not limited to 40 bits. Floating-point
numbers stand in the same place where counts are only needed nearly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Words: TypeAlias = npt.NDArray[Any]
    """(words, …): int64, or float64 with one word."""
    Places: TypeAlias = npt.NDArray[np.int64]

BITS = 40
"""Sums of 2²² such words, as cumulative ones are, fit in 64 bits."""

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


def cumulative(numbers: Words) -> Words:
    """The sums from the beginning along every axis behind the first, (words, …)."""
    import numpy as np

    for axis in range(1, numbers.ndim):
        numbers = carried(np.cumsum(numbers, axis=axis))
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
