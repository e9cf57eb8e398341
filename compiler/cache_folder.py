"""Where what is made once is kept: the parser's tables, machine code."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The user's: `STDSL_CACHE_DIR`, else `XDG_CACHE_HOME/stdsl`, else the platform's usual place. There may be none
    yet."""
    if own := os.environ.get("STDSL_CACHE_DIR"):
        return Path(own)
    if base := os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA"):
        return Path(base) / "stdsl"
    home = Path(os.path.expanduser("~"))
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "stdsl"
