"""``python -m stdsl.reference FOLDER`` writes the reference; ``--check`` only tells whether it is up to date."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from stdsl.reference.pages import pages


def write(folder: Path) -> None:
    """Writes every page; each appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        draft = folder / f".{name}.tmp"
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, folder / name)


def stale(folder: Path) -> list[str]:
    """The pages in ``folder`` that say something else than they should, or are missing."""

    def differs(name: str, text: str) -> bool:
        path = folder / name
        return not path.is_file() or path.read_text(encoding="utf-8") != text

    return [name for name, text in pages().items() if differs(name, text)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m stdsl.reference", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pages stand")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is out of date")
    options = parser.parse_args()
    if not options.check:
        write(options.folder)
        return 0
    old = stale(options.folder)
    for name in old:
        print(f"{options.folder / name} is out of date: run python -m stdsl.reference {options.folder}")
    return 1 if old else 0


if __name__ == "__main__":
    raise SystemExit(main())
