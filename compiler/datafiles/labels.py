"""Labels of classes in arrays: which there are, and how often each occurs."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable
from math import prod

from ..text.reading import TEXT
from .forms import MOST, TargetsOpen
from .npy import StoredArray

_CODES = {("i", 1): "b", ("i", 2): "h", ("i", 4): "i", ("i", 8): "q"} | {
    ("u", 1): "B",
    ("u", 2): "H",
    ("u", 4): "I",
    ("u", 8): "Q",
    ("b", 1): "B",
}
_FEW = 1_000
"""A greatest label up to this is taken as it is; above ``MOST`` it is no class. Between, there are as many samples at
least."""


def label_counts(stored: StoredArray) -> Counter[int | str] | None:
    """How often each label occurs; None where there are more of them than are read before a run.
    Raises FileDamaged."""
    header = stored.header
    if header.bytes > TEXT:
        return None
    content = stored.content()
    if header.kind == "U":
        text = content.decode("utf-32-be" if header.big_endian else "utf-32-le", "replace")
        wide = header.item // 4
        return Counter(text[i : i + wide].rstrip("\0") for i in range(0, len(text), wide)) if wide else Counter()
    numbers = array(_CODES[header.kind, header.item])
    numbers.frombytes(content)
    if header.big_endian != (sys.byteorder == "big"):
        numbers.byteswap()
    return Counter(numbers)


def class_names(labels: Iterable[int | str], classes: int | None, stored: StoredArray) -> tuple[str, ...]:
    """The classes that labels name: texts in their order, or the numbers from 0 to the greatest, or to ``classes``.
    Raises TargetsOpen for ``stored``, which labels samples to train on, where the numbers are hardly those of
    classes."""
    found = set(labels)
    if any(isinstance(label, str) for label in found):
        return tuple(sorted(str(label) for label in found))
    least, greatest = (own((int(label) for label in found), default=-1) for own in (min, max))
    if classes is None and found and least < 0:
        labelled = f"`{stored.name}` holds the label {least:,}, and classes are numbered from 0"
        advice = f", or `ignore = {least}` for positions without a class" if len(stored.header.shape) > 1 else ""
        raise TargetsOpen(stored.path, f"{labelled}; write `task = regression` for numbers{advice}")
    if classes is None and hardly_a_class(greatest, prod(stored.header.shape)):
        labelled = f"`{stored.name}` holds the label {greatest:,}, and classes are numbered from 0"
        advice = "write `task = regression` for numbers, or `classes = …` where there are so many classes"
        raise TargetsOpen(stored.path, f"{labelled}; {advice}")
    return tuple(map(str, range(classes if classes is not None else greatest + 1)))


def hardly_a_class(greatest: int, labels: int) -> bool:
    """Whether the greatest of so many labels says that they number no classes."""
    return greatest > min(MOST, max(_FEW, labels))
