"""Which words one is most likely a slip of."""

from __future__ import annotations

from collections.abc import Iterable


def alike(word: str, known: Iterable[str], n: int = 1, cutoff: float = 0.6) -> list[str]:
    """Up to ``n`` of the known words, the likest first, that share at least ``cutoff`` of their letters with it."""
    from difflib import get_close_matches  # which texts without a mistake need not wait for

    return get_close_matches(word, list(known), n, cutoff)
