"""Data that a text declares: `extern data`, a class of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import PrivateAttr

from ..diagnostics.source import Span
from .data import Data, DataSignature, Half, InputSignature
from .tasks.targets import class_targets


class ExternData(Data):
    """What the block of a declaration states, with the arguments of a search.

    ``kind``: the name of the declaration. ``target``: the class, `my_pkg.data:Clips`. ``folder``: that of the file that
    declares it, where its module is looked for besides the usual places. ``arguments``: what the class is constructed
    with; those in ``paths`` start from the folder of the text. ``splits``: what the class is asked for one by one, as
    its argument `split`; none: it is divided.
    """

    reader: ClassVar[str | None] = "extern_data:extern_dataset"

    target: str
    folder: str | None
    arguments: dict[str, Any]
    paths: tuple[str, ...]
    stated: tuple[InputSignature, ...]
    classes: int | None = None
    splits: tuple[str, ...] = ()
    valid: Half = 0.5
    test: Half = 0.2
    changes: bool = False

    _declared: Span | None = PrivateAttr(default=None)
    _allowed: bool = PrivateAttr(default=False)

    @property
    def declared(self) -> Span | None:
        """Where it is declared."""
        return self._declared

    @property
    def allowed(self) -> bool:
        """Whether its code may be loaded."""
        return self._allowed

    def at(self, declared: Span, allowed: bool) -> ExternData:
        """The same, with the place of its declaration and leave to load its code."""
        copy = self.model_copy()
        copy._declared, copy._allowed = declared, allowed
        return copy

    def signature(self) -> DataSignature:
        return DataSignature(self.stated, class_targets(self.classes))

    def samples(self, splits: Sequence[str]) -> int | None:
        return None

    def written(self, name: str) -> str | None:
        return f"in the block of `{self.kind}`: `{name} = N`"

    def varies(self) -> bool:
        return self.changes
