"""Data that a text declares: `extern data`, a class of the user's."""

from collections.abc import Sequence
from typing import ClassVar

from ..datafiles.forms import Kind
from .data import Data, DataSignature, Half, InputSignature
from .extern_code import ExternCode
from .tasks.targets import TargetSignature


class ExternData(ExternCode, Data):
    """What the block of a declaration states, with the arguments of a search.

    The arguments in ``paths`` start from the folder of the text. ``splits``: what the class is asked for one by one, as
    its argument `split`; none: it is divided. ``targets``, ``count`` and ``positions`` say what is to be told; None: as
    many classes as the class names. ``names``: what each is called, where the block says so. ``ignore``: the label of
    positions without a class.
    """

    reader: ClassVar[str | None] = "own.extern_data:extern_dataset"

    paths: tuple[str, ...]
    stated: tuple[InputSignature, ...]
    targets: Kind = "classes"
    count: int | None = None
    names: tuple[str, ...] | None = None
    positions: tuple[int, ...] = ()
    ignore: int | None = None
    splits: tuple[str, ...] = ()
    valid: Half = 0.5
    test: Half = 0.2
    changes: bool = False

    def signature(self) -> DataSignature:
        return DataSignature(self.stated, self.told)

    @property
    def told(self) -> TargetSignature:
        """What is to be told of a sample."""
        return TargetSignature(self.targets, self.count, self.names, self.positions)

    def samples(self, splits: Sequence[str]) -> int | None:
        return None

    def written(self, name: str) -> str | None:
        return f"in the block of `{self.kind}`: `{name} = N`"

    def varies(self) -> bool:
        return self.changes
