"""Names of files and folders for what texts name: networks and searches."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

DERIVED = "derived"
"""The network that the run found, in `architectures/` and `weights/`."""
SEARCH = "search"
"""The weights of the search itself, in `weights/`."""
ENSEMBLE = "ensemble"
"""The best networks together, in `evaluation/`."""
FUSION = "late-fusion"
"""The networks of several searches together, in `evaluation/`: the name of no network, for it has a hyphen."""
RESERVED = (DERIVED, SEARCH, ENSEMBLE)

_LONGEST = 60


def repeat_name(number: int) -> str:
    """Of a further training of the derived network; ``number`` from 2."""
    return f"{DERIVED}-{number}"


def repeat_number(name: str) -> int:
    """The inverse of :func:`repeat_name`; 1 for every other network."""
    number = name.removeprefix(f"{DERIVED}-")
    return int(number) if number != name and number.isdigit() else 1


def random_name(number: int) -> str:
    """Of a random architecture; ``number`` from 1."""
    return f"random-{number}"


def member_name(number: int) -> str:
    """Of a member of an ensemble beside the best; ``number``, its rank, from 2."""
    return f"member-{number}"


def trial_name(number: int) -> str:
    """Of a separate training of the search; ``number`` from 1."""
    return f"trial-{number}"


def trial_number(name: str) -> int:
    """The number, from 1, of the training that :func:`trial_name` names so."""
    return int(name.removeprefix("trial-"))


def given_name(number: int) -> str:
    """Of an architecture that a search was given to start from; ``number`` from 1."""
    return f"given-{number}"


def title_of(text: str) -> str:
    """What reports call the space of a comparison."""
    return f"{text} (a space)" if text in RESERVED else text


def file_name(text: str, reserved: Collection[str] = ()) -> str:
    """A name for the file or folder of ``text``: itself where it is a short name in small letters that is not
    ``reserved``, else with a part of its hash.

    Different texts have different names (to 48 bits of a hash), on file systems that take `A` for `a` too. None is one
    of those that :func:`repeat_name`, :func:`random_name`, :func:`member_name`, :func:`given_name` and
    :func:`trial_name` give, which have no dot and a hyphen.
    """
    if re.fullmatch(rf"[a-z_][a-z0-9_]{{0,{_LONGEST - 1}}}", text) and text not in reserved:
        return text
    words = "-".join(re.findall(r"[A-Za-z0-9_]+", text))[:_LONGEST]
    return f"{words}.{hashlib.sha256(text.encode()).hexdigest()[:12]}"
