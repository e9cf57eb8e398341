"""URLs of databases as they may be shown and kept."""

from __future__ import annotations


def without_password(url: str) -> str:
    """A URL without its password, whatever else it is."""
    scheme, slashes, rest = url.rpartition("://")
    place, question, query = rest.partition("?")
    login, at, host = place.rpartition("@")
    kept = "&".join(each for each in query.split("&") if not each.lower().startswith("password="))
    return f"{scheme}{slashes}{login.partition(':')[0]}{at}{host}{question}{kept}"
