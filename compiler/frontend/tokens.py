"""What the parser works on: tokens, and trees of them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Token(str):
    """The text of a token with its type and place. Lines and columns count from 1, positions from 0. It equals any text
    that is the same, and a token of the same type."""

    __slots__ = ("column", "end_column", "end_line", "end_pos", "line", "start_pos", "type")

    type: str
    """The name of its terminal; `$END` of what stands behind the last one."""
    start_pos: int | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    end_pos: int | None

    def __new__(
        cls,
        type: str,
        value: str,
        start_pos: int | None = None,
        line: int | None = None,
        column: int | None = None,
        end_line: int | None = None,
        end_column: int | None = None,
        end_pos: int | None = None,
    ) -> Token:
        self = str.__new__(cls, value)
        self.type = type
        self.start_pos = start_pos
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column
        self.end_pos = end_pos
        return self

    def update(self, type: str, value: str | None = None) -> Token:
        """Another token in the same place."""
        return Token(type, str(self) if value is None else value, *self._place())

    def __reduce__(self) -> tuple[Any, ...]:
        """For copies and pickles."""
        return Token, (self.type, str(self), *self._place())

    def _place(self) -> tuple[int | None, ...]:
        return self.start_pos, self.line, self.column, self.end_line, self.end_column, self.end_pos

    def __repr__(self) -> str:
        return f"Token({self.type!r}, {str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Token) and self.type != other.type:
            return False
        return str.__eq__(self, other)

    __hash__ = str.__hash__


class Tree(Generic[T]):
    """What a rule of the grammar has made of tokens and trees, None for an optional part that is absent. ``data``: the
    rule."""

    __slots__ = ("children", "data")
    __match_args__ = ("data", "children")

    def __init__(self, data: str, children: list[Tree[T] | T]) -> None:
        self.data = data
        self.children = children

    def __repr__(self) -> str:
        return f"Tree({self.data!r}, {self.children!r})"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Tree) and (self.data, self.children) == (other.data, other.children)

    __hash__ = None  # type: ignore[assignment]
