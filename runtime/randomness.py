"""Randomness as a pure function of names and numbers.

Nothing in a run draws from a generator that someone else advances: every random quantity is computed from a *key*, a
hash of the seed and of what it is for (``key(seed, "order", "train", epoch)``). So sample i of epoch e does not
depend on who asked for what before, on the number of loader workers, or on whether the run was interrupted.

Arrays of numbers come from SplitMix64 used as a counter-based generator (G. L. Steele, D. Lea, C. H. Flood, "Fast
splittable pseudorandom number generators", OOPSLA 2014): number j of key k is a hash of k + j·γ.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
Reals: TypeAlias = npt.NDArray[np.float64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def key(*parts: int | str) -> int:
    """A 63-bit number that stands for the parts; different parts give (for all purposes) unrelated numbers."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def _mix(z: Keys) -> Keys:
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    mixed: Keys = z ^ (z >> np.uint64(31))
    return mixed


def keys(base: int, indices: npt.ArrayLike) -> Keys:
    """One key for each index, (N,), all under the key ``base``."""
    return _mix(np.uint64(base) + (np.asarray(indices, dtype=np.uint64) + np.uint64(1)) * _GAMMA)


def uniform(keys: Keys, count: int, start: int = 0) -> Reals:
    """Numbers ``start`` to ``start + count`` of each key, in [0, 1), of shape (N, count)."""
    counters = np.arange(start + 1, start + count + 1, dtype=np.uint64) * _GAMMA
    bits = _mix(keys[:, None] + counters)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(keys: Keys, count: int, start: int = 0) -> Reals:
    """Standard normal numbers (N, count) by Box and Muller's method; number j is made of the uniform numbers of one
    pair.
    """
    pairs = (count + 1) // 2
    u = uniform(keys, 2 * pairs, start)
    radius = np.sqrt(-2.0 * np.log1p(-u[:, :pairs]))
    angle = 2.0 * np.pi * u[:, pairs:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)[:, :count]


def permutation(base: int, n: int) -> npt.NDArray[np.int64]:
    """A uniformly random order of 0 … n - 1 that depends on ``base`` alone."""
    return np.argsort(uniform(keys(base, np.arange(n)), 1)[:, 0], kind="stable")


@contextmanager
def seeded(*parts: int | str) -> Iterator[None]:
    """torch's global generators hold numbers that depend on ``parts`` alone; afterwards they are as before."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(key(*parts))
        yield


def seed_torch(*parts: int | str) -> None:
    """Set torch's global generators to what ``parts`` say (dropout and drop-path of one step)."""
    import torch

    torch.manual_seed(key(*parts))
