"""Names of a text: no two alike, some of them awkward."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

WORDS = """
f F _true None_ torch Supernet None True False self x y nn forward Tensor Network Module Cell drop_path ROWS def class
lambda import pass async await global nonlocal with yield del is try raise print range super int float weights
decisions derive probabilities passes source training parameters modules buffers state_dict train eval __init__
__class__ __dict__ __doc__ _modules _parameters __ _0 a__b A_ output input inputs outputs name module functional math
copy typing annotations mix mixture softmax_ conv_ Conv2d relu_ Sequential Identity ops_ cell_ meta_ space_ on_ then_
batch device dtype shape size_ depth_ gate keep_ choice count_ zeros ones interface label node edge graph Any Final
cast float32 e1 E1 K M G T l O I1 layers network stdsl_ repeat_ x1x1 type id hash object property staticmethod list
dict set tuple str bool len_ max_ min_ abs_ sum_ mean_ concat_
"""
AWKWARD = tuple(WORDS.split())
"""Allowed by the grammar, and words of Python, of torch, or of what is generated."""


@dataclass
class Names:
    """``awkward``: how often a name is one of :data:`AWKWARD`."""

    awkward: float = 0.0
    many: int = 0
    taken: set[str] = field(default_factory=set)

    def fresh(self, stem: str, rng: random.Random) -> str:
        if self.awkward and rng.random() < self.awkward:
            name = rng.choice(AWKWARD)
            if name not in self.taken:
                self.taken.add(name)
                return name
        self.many += 1
        name = f"{stem}{self.many}"
        self.taken.add(name)
        return name
