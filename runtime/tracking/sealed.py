"""Documents of a run that tell whether they are what was written."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final

from stdsl.compiler.text.quoting import json_text

SEAL: Final = "crc32"
"""The last key: CRC-32 of the document without it, written without line breaks, as eight digits. Documents of before
have none."""


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document of JSON with its checksum."""
    return {**document, SEAL: _checksum(document)}


def unsealed(document: Any) -> Any:
    """What :func:`sealed` was given; what is no object as it is. Raises ValueError where the document is not what was
    written."""
    if not isinstance(document, dict):
        return document
    plain = {name: value for name, value in document.items() if name != SEAL}
    if SEAL in document and document[SEAL] != _checksum(plain):
        raise ValueError("it is not what was written: its checksum is another")
    return plain


def _checksum(document: Mapping[str, Any]) -> str:
    return f"{zlib.crc32(json_text(document).encode()):08x}"
