"""What may be wrong with the files of a data set, before anybody knows the text that asks for them."""

from __future__ import annotations

from pathlib import Path

IN_MEMORY = Path("the data that was given")
"""What stands for the file of data that a program has in memory."""


class FilesAbsent(Exception):
    """``missing`` is not in ``folder``."""

    def __init__(self, folder: Path, missing: tuple[str, ...], hint: str) -> None:
        super().__init__(f"{', '.join(missing)} in {folder}")
        self.folder, self.missing, self.hint = folder, missing, hint


class FileDamaged(Exception):
    """The file is there, and does not hold what it should. ``setting``: the one that asks for what it does not hold,
    where that is as likely to blame."""

    def __init__(self, path: Path, reason: str, setting: str = "") -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason, self.setting = path, reason, setting


class FileChanged(FileDamaged):
    """The file is not the one any more that was there when it was opened."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "it was written after it was opened")
