"""Code of the user's that a setting names: what its declaration and the setting say of it."""

from typing import Any, Self

from pydantic import PrivateAttr

from ..diagnostics.source import Span
from .base import Constructor


class ExternCode(Constructor):
    """``kind``: the name of the declaration. ``target``: the class, `my_pkg.data:Clips`. ``folder``: that of the file
    that declares it, where its module is looked for besides the usual places. ``arguments``: what the class is
    constructed with."""

    kind: str
    target: str
    folder: str | None
    arguments: dict[str, Any]

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

    def at(self, declared: Span, allowed: bool) -> Self:
        """The same, with the place of its declaration and leave to load its code."""
        copy = self.model_copy()
        copy._declared, copy._allowed = declared, allowed
        return copy
