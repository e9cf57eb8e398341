"""Databases of trials: opening them, and what they refuse."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from sqlalchemy import Engine, Table, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.diagnostics.trials import StoreRefused
from stdsl.compiler.text.reading import check_file

from ..tracking.files import file_refused, refuse_link, refusing
from .addresses import without_password
from .tables import LATER, METADATA

_PATIENCE = 10.0
"""Seconds that another program may hold the file."""
_DAMAGED = (
    "malformed",
    "not a database",
    "no such table",
    "no such column",
    "has no column",
    "unsupported file format",
)
_LOGS: Final = ("-wal", "-journal")
"""What SQLite leaves beside a file where a process was killed: without it, what the file holds is not what was kept."""
_DRIVER = "postgresql+psycopg"


class Database:
    """A database that holds trials; its tables are made where there are none. ``shown``: what messages call it.
    ``remark``: what is odd about it, "" where nothing is. ``to_be``: what a file is opened for; ``copy``: the folder of
    a copy of it, which goes when it is closed.

    What it refuses is raised as RunError inside :meth:`at_work`.
    """

    def __init__(
        self,
        engine: Engine,
        shown: str,
        file: Path | None,
        to_be: Literal["read", "written"] = "written",
        copy: TemporaryDirectory[str] | None = None,
    ) -> None:
        self.engine, self.shown, self.file = engine, shown, file
        self.remark = ""
        self._to_be, self._copy = to_be, copy

    @contextmanager
    def at_work(self) -> Iterator[Any]:
        """A transaction: kept as a whole at its end, or not at all."""
        with self._refusing(), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()
        if self._copy is not None:
            self._copy.cleanup()

    def make_tables(self) -> None:
        """Make the tables that there are not. Raises RunError where there are others of their names."""
        with self._refusing():
            try:
                METADATA.create_all(self.engine)
            except DBAPIError:  # a run that starts at the same moment may just have made them
                METADATA.create_all(self.engine)
        self.check_tables()

    def has(self, table: Table) -> bool:
        """Whether it has a table."""
        with self._refusing():
            return inspect(self.engine).has_table(table.name)

    def check_tables(self) -> None:
        """Raises RunError where a table is not there, or is another than this version writes."""
        with self._refusing():
            found = inspect(self.engine)
            for table in METADATA.sorted_tables:
                if table.name in LATER and not found.has_table(table.name):
                    continue
                present = (
                    {column["name"] for column in found.get_columns(table.name)}
                    if found.has_table(table.name)
                    else set()
                )
                absent = [column.name for column in table.columns if column.name not in present]
                if absent:
                    raise RunError([self._foreign(f"its table `{table.name}` has no `{absent[0]}`")])

    def _foreign(self, fault: str) -> RunFileDamaged | StoreRefused:
        if self.file is not None:
            return RunFileDamaged(None, str(self.file), fault)
        return StoreRefused(None, self.shown, fault)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else None
            words = next(
                (line.strip() for line in str(cause or error).splitlines() if line.strip()), type(error).__name__
            )
            if self.file is None:
                raise RunError([StoreRefused(None, self.shown, words)]) from error
            if isinstance(cause, sqlite3.DatabaseError) and any(word in words for word in _DAMAGED):
                raise RunError([RunFileDamaged(None, str(self.file), words)]) from error
            raise RunError([file_refused(self.file, self._to_be, words)]) from error


def file_database(path: Path) -> Database:
    """The SQLite file of a run, made where it is not there, with a write-ahead log: readers never wait for the run.
    Where the file system does not take that, without it."""
    with refusing(path, "written"):
        refuse_link(path)
    database = Database(_sqlite(path, "rwc"), str(path), path)
    database.make_tables()
    with database.at_work() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode != "wal":
        database.remark = (
            f"{path} has no write-ahead log, for the file system does not take one: readers may have to wait"
        )
    return database


def existing_file(path: Path) -> Database:
    """The SQLite file of a run, to be read. Raises FileNotFoundError where there is none, else RunError."""
    if not path.exists():
        raise FileNotFoundError(path)
    with refusing(path, "read"):
        check_file(path, None)
        address, mode, copy = _to_read(path.resolve())
    database = Database(_sqlite(address, mode), str(path), path, "read", copy)
    try:
        database.check_tables()
    except RunError:
        database.close()
        raise
    return database


def server_database(url: str) -> Database:
    """A PostgreSQL database by its URL. Raises RunError where it cannot be had."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise RunError(
            [StoreRefused(None, without_password(url), "that is no URL of a database", named=False)]
        ) from None
    if parsed.get_backend_name() != "postgresql":
        raise RunError([StoreRefused(None, without_password(url), "it is no PostgreSQL database", named=False)])
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername=_DRIVER)
    try:
        engine = create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": int(_PATIENCE)})
    except (ImportError, NoSuchModuleError) as error:
        what = f"the driver is not installed ({error}): `pip install 'stdsl[postgresql]'`"
        raise RunError([StoreRefused(None, without_password(url), what)]) from None
    database = Database(engine, without_password(url), None)
    database.make_tables()
    return database


def _to_read(path: Path) -> tuple[Path, str, TemporaryDirectory[str] | None]:
    """Which file of SQLite to open, and how, to read one as it is now; the folder of a copy, where it is one. Raises
    OSError."""
    left = [beside for ending in _LOGS if (beside := Path(f"{path}{ending}")).exists()]
    if os.access(path.parent, os.W_OK):
        # Where a log is wanted and there is none, nobody has the file open: read as it is, nothing of SQLite's is left
        # beside it.
        return path, "ro" if left or not _logged(path) else "ro&immutable=1", None
    if not left:
        return path, "ro&immutable=1", None
    if Path(f"{path}-shm").exists():  # what SQLite reads a log by, which it could not make here
        return path, "ro", None
    copy = TemporaryDirectory(prefix="stdsl-trials-")
    for each in (path, *left):
        shutil.copyfile(each, Path(copy.name, each.name))
    return Path(copy.name, path.name), "rw", copy


def _logged(path: Path) -> bool:
    """Whether a file of SQLite says of itself that it is kept with a write-ahead log (the bytes 18 and 19, both 2)."""
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\x02\x02"


def _sqlite(path: Path, mode: str) -> Engine:
    name = path.absolute().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    address = f"file:{name}?mode={mode}"
    engine = create_engine(
        "sqlite+pysqlite://", creator=lambda: sqlite3.connect(address, _PATIENCE, uri=True, check_same_thread=False)
    )

    @event.listens_for(engine, "connect")
    def prepared(connection: sqlite3.Connection, record: Any) -> None:
        if mode != "rwc":
            return
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine
