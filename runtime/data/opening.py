"""What may be wrong with files of data becomes a diagnostic at the text that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stdsl.compiler.datafiles.faults import IN_MEMORY, FileChanged, FileDamaged, FilesAbsent
from stdsl.compiler.diagnostics.data import DataChanged, DataTooLarge
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import DataMissing, DataUnreadable
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.text.reading import check_file, reason_of


@contextmanager
def reading(dataset: str, place: Span | None) -> Iterator[None]:
    """Raises RunError at ``place`` where the files of ``dataset`` are absent or damaged, become others, or are larger
    than the memory."""
    try:
        yield
    except FileChanged as fault:
        raise RunError([DataChanged(place, dataset, f"{fault.path} was written after it was opened")]) from fault
    except MemoryError as fault:
        raise RunError([DataTooLarge(place, dataset, str(fault))]) from fault
    except FilesAbsent as fault:
        raise RunError([DataMissing(place, dataset, str(fault.folder), fault.missing, fault.hint)]) from fault
    except FileDamaged as fault:
        told = DataUnreadable(place, str(fault.path), fault.reason, setting=fault.setting)
        if fault.path == IN_MEMORY:
            told = replace(told, advice="correct what the program gives")
        raise RunError([told]) from fault


def check_regular(path: Path) -> None:
    """Raises ValueError for what is no file that can be read: opening a pipe, for one, waits for a writer for ever."""
    try:
        check_file(path, None)
    except OSError as error:
        raise ValueError(reason_of(error)) from error
