"""What a number was measured on."""

from __future__ import annotations

import os
import platform
from datetime import date
from pathlib import Path


def described() -> str:
    """Date, processor, cores and Python, on one line."""
    return f"{date.today()}, {_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
