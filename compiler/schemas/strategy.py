"""The settings of a strategy, whatever its family."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, SerializeAsAny

from .base import Placed

_KNOWN: dict[str, type["Strategy"]] = {}


class Strategy(Placed):
    """Base of the settings of all families. ``family``: the name of the family, a literal with that default."""

    family: str

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        name = cls.model_fields["family"].default
        if isinstance(name, str):
            _KNOWN[name] = cls


def _of_its_family(data: Any) -> Any:
    """The settings that ``model_dump`` gave, as the model of their family; the family must have been looked up."""
    if isinstance(data, dict) and data.get("family") in _KNOWN:
        return _KNOWN[data["family"]].load(data)
    return data


CHANGES: Final = "changes"
"""Marks a setting that is written as a section of those settings of the search's strategy that are others."""

AnyStrategy = Annotated[SerializeAsAny[Strategy], BeforeValidator(_of_its_family)]
