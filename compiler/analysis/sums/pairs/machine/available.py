"""Whether there is machine code: where the extra ``fast`` is installed, and its compiler works."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.util import find_spec
from types import ModuleType


@cache
def machine_code(longer: bool = False) -> ModuleType | None:
    """What counts in machine code (:mod:`.counting`); None where it is not to be had. Takes half a second, and some
    seconds when it is compiled for the first time. ``longer``: so that nothing need be compiled later, whatever the
    numbers are."""
    if find_spec("numba") is None:
        return None
    # Another version of NumPy than it is made for, a full disk: all is counted without it then, too, only slower.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of settings in the environment that are none
            from . import compiling, counting
        if not compiling.compiles():
            return None
        try:
            counting.warm(longer)
        except Exception:
            compiling.forget()
            counting.warm(longer)
    except Exception:
        return None
    return counting


if __name__ == "__main__":  # compiled here, nobody waits for it where there is something to count
    print(
        "machine code is compiled"
        if machine_code(longer=True)
        else "there is no machine code: numba is missing, or failed"
    )
