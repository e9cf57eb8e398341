"""URLs of databases as they may be shown and kept."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_plus

_LOGIN: Final = re.compile(r"((?:[\w+]+://)?)(?:([^:/]*)(?::[^@]*)?@)?", re.ASCII)
"""The beginning of a URL, as SQLAlchemy reads it: a password ends at the first `@`, whatever else is in it."""
_STRAY: Final = re.compile(r":[^@/:?]*@")
"""What is likely a password where a URL is wrong."""
_SECRET: Final = frozenset({"password", "sslpassword"})


def without_password(url: str) -> str:
    """A URL without its passwords, whatever else it is."""
    found = _LOGIN.match(url)
    assert found is not None  # it matches the empty text
    scheme, user = found[1], found[2]
    place, question, query = url[found.end() :].partition("?")
    kept = "&".join(each for each in query.split("&") if _name(each) not in _SECRET)
    login = "" if user is None else f"{user}@"
    return f"{scheme}{login}{_STRAY.sub('@', place)}{question if kept or not query else ''}{kept}"


def _name(setting: str) -> str:
    return unquote_plus(setting.partition("=")[0]).strip().lower()
