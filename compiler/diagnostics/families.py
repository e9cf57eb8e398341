"""E055x: families of strategies that other packages announce."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, kind


@kind
class FamilyNotAllowed(Diagnostic):
    """A family that is Python code of another package."""

    name: str
    target: str

    code: ClassVar[str] = "E0551"
    title: ClassVar[str] = "a family of another package without permission"
    explanation: ClassVar[str] = """\
An installed package may announce a family of strategies of its own (an entry point of the group `stdsl.families`). Its
settings and its search are Python code, which is loaded only where a file names the family and `--allow-extern` is
given.

    stdsl check my.space                       # E0551 where a search uses the family
    stdsl check --allow-extern my.space
"""

    @property
    def message(self) -> str:
        return f"the family `{self.name}` is Python code of another package ({self.target}), which may not be loaded"

    @property
    def help(self) -> str:
        return "pass `--allow-extern` (in Python: `allow_extern=True`) if you trust it"


@kind
class FamilyNotLoaded(Diagnostic):
    """A family of another package that cannot be imported, or is none."""

    name: str
    target: str
    reason: str

    code: ClassVar[str] = "E0552"
    title: ClassVar[str] = "a family of another package cannot be loaded"
    explanation: ClassVar[str] = """\
The entry point of a family names an object of the class `stdsl.compiler.families.family.Family`: `NAME =
"package.module:FAMILY"`. Importing it failed, or it is something else.

    [project.entry-points."stdsl.families"]
    annealing = "my_package.annealing:FAMILY"        # E0552 where my_package.annealing has no FAMILY
"""

    @property
    def message(self) -> str:
        return f"the family `{self.name}` ({self.target}) cannot be loaded: {self.reason}"

    @property
    def help(self) -> str:
        return "mend or remove the package that announces it"
