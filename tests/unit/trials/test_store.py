"""The database of trials: what is kept comes back, and whatever is wrong with it is told of."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.run_files import FILES
from stdsl.runtime.trials.addresses import without_password
from stdsl.runtime.trials.database import existing_file, file_database, server_database
from stdsl.runtime.trials.store import EpochMetric, TrialRow, TrialStore, not_measured
from stdsl.runtime.trials.tables import METADATA, TRIALS

ROW = TrialRow("trial-1", 0, "waiting", "ab", {"a": "conv", "b": (1, 3), "c": True, "d": 2}, 2**70, 30, None, (), 4)
MEASURED = [
    EpochMetric("train", 1, 10, "loss", 0.1 + 0.2),
    EpochMetric("valid", 3, 30, "accuracy", 1 / 3),
    EpochMetric("valid", 3, 30, "samples", 64),
]


def code(do: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(RunError) as raised:
        do()
    (found,) = raised.value.diagnostics
    return found.code, found.message


def test_runs_that_start_at_once_all_find_the_tables(tmp_path: Path) -> None:
    """Another one makes them between the look for them and their making."""
    file, begun = tmp_path / "trials.sqlite", list[bool]()

    def another(*_: object, **__: object) -> None:
        if not begun:
            begun.append(True)
            other = create_engine(f"sqlite:///{file}")
            METADATA.create_all(other)
            other.dispose()

    event.listen(METADATA, "before_create", another)
    try:
        store = TrialStore(file_database(file), "a run")
    finally:
        event.remove(METADATA, "before_create", another)
    store.add(ROW)
    assert [row.name for row in store.rows()] == ["trial-1"]
    store.close()
    assert begun


def test_what_is_kept_comes_back(store: TrialStore, tmp_path: Path) -> None:
    store.add(ROW)
    store.add(TrialRow("random-1", None, "waiting", "cd", {}, 0))
    store.change("trial-1", state="running", attempt=2)
    store.beat("trial-1", "here 17")
    store.end("trial-1", "done", MEASURED, place=0, steps_done=30, seconds=1.5)
    store.close()
    again = TrialStore(file_database(tmp_path / "trials.sqlite"), "a run")
    first, second = again.rows()
    assert (first.state, first.attempt, first.worker, first.place) == ("done", 2, "here 17", 0)
    assert first.architecture == {"a": "conv", "b": [1, 3], "c": True, "d": 2}
    assert (first.seed, first.steps, first.saw, first.steps_done, first.seconds) == (2**70, 30, 4, 30, 1.5)
    assert first.values == {"accuracy": 1 / 3, "samples": 64}
    assert type(first.values["samples"]) is int
    assert first.proposed <= (first.heartbeat or "") <= (first.ended or "")
    assert (second.name, second.number, second.values) == ("random-1", None, None)
    assert list(again.epochs()) == [("trial-1", each) for each in MEASURED]
    again.close()


def test_runs_do_not_see_each_others_trials(tmp_path: Path) -> None:
    database = file_database(tmp_path / "shared.sqlite")
    one, other = TrialStore(database, "one"), TrialStore(database, "other")
    one.add(ROW)
    other.add(ROW)
    one.end("trial-1", "failed", (), error="lost")
    assert [row.state for row in one.rows()] == ["failed"]
    assert [row.state for row in other.rows()] == ["waiting"]
    database.close()


def test_standard_tools_read_it_while_it_is_written(store: TrialStore, tmp_path: Path) -> None:
    store.add(ROW)
    with closing(sqlite3.connect(tmp_path / "trials.sqlite", timeout=0.1)) as tool:
        assert tool.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert tool.execute("SELECT name, state FROM trials").fetchall() == [("trial-1", "waiting")]
        tool.execute("BEGIN")
        tool.execute("SELECT * FROM trials").fetchall()
        store.beat("trial-1")


def test_a_file_that_is_no_database_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "trials.sqlite"
    path.write_text("of another program, and long enough to be one of SQLite's\n" * 50)
    found = code(lambda: file_database(path))
    assert found == ("E0722", f"{path} is damaged: file is not a database")


def test_a_damaged_file_is_told_of(store: TrialStore, tmp_path: Path) -> None:
    for number in range(200):
        store.add(TrialRow(f"trial-{number + 1}", number, "waiting", "ab", {"x": "y" * 100}, 0))
    store.close()
    path = tmp_path / "trials.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:-4096] = bytes(len(content) - 8192)
    path.write_bytes(bytes(content))
    assert code(lambda: TrialStore(file_database(path), "a run").rows())[0] == "E0722"


def test_tables_of_another_program_are_told_of(tmp_path: Path) -> None:
    path = tmp_path / "trials.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE trials (trial_id INTEGER, state TEXT)")
    assert code(lambda: file_database(path)) == ("E0722", f"{path} is damaged: its table `trials` has no `run`")


def test_a_row_that_was_changed_by_hand_is_told_of(store: TrialStore, tmp_path: Path) -> None:
    store.add(ROW)
    with closing(sqlite3.connect(tmp_path / "trials.sqlite")) as tool:
        tool.execute("UPDATE trials SET architecture = '{' ")
        tool.commit()
    found = code(store.rows)
    assert found[0] == "E0753"
    assert "trial-1" in found[1]


WRONG = {
    **dict.fromkeys(("saw", "attempt", "place", "steps_done"), ("'abc'", "x'ff'")),
    "seconds": ("'abc'", "x'ff'", "9e999", "-1.0"),
    **dict.fromkeys(("hash", "seed", "parents", "proposed", "worker", "error"), ("x'ff'",)),
    "number": ("'abc'", "2.5", "7", "-1"),
    "start": ("1", "99", "-1"),
    "steps": ("0", "-3"),
    "parents": ("'[1e999]'", "'[1]'", "'[-1]'", "'null'"),
    "seed": ("'inf'", "'1.5'"),
    "architecture": ("'[]]'", "'null'", "x'ff'"),
    "state": ("'over'",),
    "name": ("'../trial-2'",),
}  # fmt: skip


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, own in WRONG.items() for value in own])
def test_a_cell_that_is_nothing_of_its_column_is_told_of(
    store: TrialStore, tmp_path: Path, column: str, value: str
) -> None:
    """SQLite takes anything."""
    store.add(replace(ROW, name="trial-2", number=1))
    with closing(sqlite3.connect(tmp_path / "trials.sqlite")) as tool:
        tool.execute(f"UPDATE trials SET {column} = {value}")
        tool.commit()
    assert code(store.rows)[0] == "E0753"


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "1e999", "-1e999", "true", "null", "[1]", "{}", "", "0.1.", "[" * 10_000]
)
def test_a_setting_that_no_trial_has_is_told_of(store: TrialStore, tmp_path: Path, value: str) -> None:
    """What is read beyond JSON would come back as a learning rate."""
    store.add(replace(ROW, settings={"fitness.lr": 0.1, "fitness.optimizer": "adam"}))
    assert store.rows()[0].settings == {"fitness.lr": 0.1, "fitness.optimizer": "adam"}
    with closing(sqlite3.connect(tmp_path / "trials.sqlite")) as tool:
        tool.execute("UPDATE trial_settings SET value = ? WHERE key = 'fitness.lr'", (value,))
        tool.commit()
    assert code(store.rows)[0] == "E0753"


@pytest.mark.parametrize("value", ["'abc'", "x'ff'", "9e999", "-9e999"])
@pytest.mark.parametrize("metric", ["samples", "accuracy"])
def test_a_measurement_that_is_no_number_is_told_of(store: TrialStore, tmp_path: Path, metric: str, value: str) -> None:
    store.add(ROW)
    store.end("trial-1", "done", MEASURED, steps_done=30)
    with closing(sqlite3.connect(tmp_path / "trials.sqlite")) as tool:
        tool.execute(f"UPDATE trial_metrics SET value = {value} WHERE metric = '{metric}'")
        tool.commit()
    assert code(store.rows)[0] == "E0753"


def test_what_a_trial_that_is_over_lacks(store: TrialStore) -> None:
    store.add(ROW)
    assert not_measured(*store.rows(), "accuracy") is None
    store.end("trial-1", "done", MEASURED, steps_done=30)
    assert not_measured(*store.rows(), "accuracy") is None
    assert "(top5)" in str(not_measured(*store.rows(), "top5"))


def test_a_file_that_another_program_holds_is_told_of(
    store: TrialStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stdsl.runtime.trials.database._PATIENCE", 0.1)
    hurried = TrialStore(file_database(tmp_path / "trials.sqlite"), "a run")
    with closing(sqlite3.connect(tmp_path / "trials.sqlite", isolation_level=None)) as tool:
        tool.execute("BEGIN EXCLUSIVE")
        found = code(lambda: hurried.add(ROW))
    assert found == ("E0721", f"{tmp_path / 'trials.sqlite'} cannot be written: database is locked")
    hurried.add(ROW)  # once the other one is done
    hurried.close()


def test_a_full_disk_is_told_of(store: TrialStore, tmp_path: Path) -> None:
    with store._database.at_work() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for number in range(1000):
            store.add(TrialRow(f"trial-{number + 1}", number, "waiting", "ab", {"x": "y" * 1000}, 0))

    found = code(fill)
    assert found == ("E0721", f"{tmp_path / 'trials.sqlite'} cannot be written: database or disk is full")
    assert len(store.rows()) > 0


def test_a_folder_that_is_gone_is_told_of(tmp_path: Path) -> None:
    assert code(lambda: file_database(tmp_path / "nowhere" / "trials.sqlite"))[0] == "E0721"


def test_without_a_write_ahead_log_it_works_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on file systems that do not take one: there SQLite keeps the old journal."""

    class Old(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            if "WAL" in sql:
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(sql, *rest)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(
        "stdsl.runtime.trials.database.sqlite3.connect", lambda *args, **how: connect(*args, **how, factory=Old)
    )
    store = TrialStore(file_database(tmp_path / "trials.sqlite"), "a run")
    assert "has no write-ahead log" in store.remark
    store.add(ROW)
    assert len(store.rows()) == 1
    store.close()


def test_a_copy_is_read_without_being_changed(store: TrialStore, tmp_path: Path) -> None:
    store.add(ROW)
    store.close()
    kept = tmp_path / "kept"
    kept.mkdir()
    shutil.copy(tmp_path / "trials.sqlite", kept)
    before = (kept / "trials.sqlite").read_bytes()
    reader = TrialStore(existing_file(kept / "trials.sqlite"), "a run")
    assert [row.name for row in reader.rows()] == ["trial-1"]
    reader.close()
    assert (kept / "trials.sqlite").read_bytes() == before
    with pytest.raises(FileNotFoundError):
        existing_file(kept / "other.sqlite")


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_what_a_killed_run_left_beside_its_file_is_read_where_nothing_may_be_written(
    store: TrialStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """A log that holds what the file does not, or a journal of what was never kept."""
    store.add(ROW)
    store.close()
    kept = tmp_path / "kept"
    with closing(sqlite3.connect(tmp_path / "trials.sqlite", isolation_level=None)) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute("PRAGMA cache_size = 1")
        other.execute("BEGIN")
        columns = ", ".join(column.name for column in TRIALS.columns if not column.nullable)
        for number in range(1, 200):
            other.execute(
                f"INSERT INTO trials ({columns}, number) VALUES ('a run', 'trial-{number + 1}', 'done', 'ab', '{{}}', "
                f"'0', '[]', 0, 1, 'x', {number})"
            )
        if mode == "wal":
            other.execute("COMMIT")
        kept.mkdir()
        for name in ("trials.sqlite", "trials.sqlite-wal", "trials.sqlite-journal"):
            if (tmp_path / name).exists():
                shutil.copy(tmp_path / name, kept)
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    assert len(before) == 2
    kept.chmod(0o555)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, how: not (path == kept and how & os.W_OK) and access(path, how))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
    (tmp_path / "copies").mkdir()
    reader = TrialStore(existing_file(kept / "trials.sqlite"), "a run")
    assert len(reader.rows()) == (200 if mode == "wal" else 1)
    reader.close()
    kept.chmod(0o755)
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before
    assert not list((tmp_path / "copies").iterdir())


def test_what_is_no_file_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "trials.sqlite").mkdir()
    path = tmp_path / "trials.sqlite"
    assert code(lambda: existing_file(path)) == ("E0721", f"{path} cannot be read: it is a folder")


def test_urls_that_cannot_be_are_told_of() -> None:
    for url, said in (
        ("nonsense", "that is no URL of a database"),
        ("mysql://me:secret@host/trials", "it is no PostgreSQL database"),
    ):
        found = code(lambda url=url: server_database(url))  # type: ignore[misc]
        assert found[0] == "E0749"
        assert said in found[1]
        assert "secret" not in found[1]
        with pytest.raises(RunError) as refused:
            server_database(url)
        assert "postgresql://USER@HOST/NAME" in (refused.value.diagnostics[0].help or "")
    assert without_password("postgresql://me:secret@host/trials") == "postgresql://me@host/trials"
    assert without_password("postgresql:///trials?user=me&password=secret") == "postgresql:///trials?user=me"
    assert without_password("nonsense") == "nonsense"
    for wrong in (
        "me:secret@host/trials",
        "mysql-x://me:secret@host",
        "postgresql:////me:secret@host",
        "a://b://c:secret@d",
    ):
        assert "secret" not in without_password(wrong)


ODD = st.text("?/:&=#%+[] ab", max_size=3)
"""What a password may hold besides; an `@` ends it."""


QUERIES = {"": "", "?a=b": "?a=b", "?{0}=SECRET": "", "?a=b&{0}=SECRET&c=d@e": "?a=b&c=d@e", "?c=d:e@f": "?c=d:e@f"}
KEYS = ("password", "PassWord", "pass%77ord", "sslpassword", "+password")


@given(ODD, ODD, st.sampled_from(sorted(QUERIES.items())), st.sampled_from(KEYS))
def test_no_password_is_shown_whatever_it_is(before: str, after: str, query: tuple[str, str], key: str) -> None:
    url = f"postgresql://me:{before}SECRET{after}@host:1/trials"
    assert make_url(url).host == "host"
    assert without_password(url + query[0].format(key)) == f"postgresql://me@host:1/trials{query[1]}"


def test_all_that_sqlite_makes_is_the_runs_own(tmp_path: Path) -> None:
    """An export of such a name would be taken for a part of the database."""
    database = file_database(tmp_path / "trials.sqlite")
    TrialStore(database, "a run").add(ROW)
    assert {"trials.sqlite", "trials.sqlite-wal"} <= {path.name for path in tmp_path.iterdir()} <= set(FILES)
    with database.at_work() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    database.close()
    with closing(sqlite3.connect(tmp_path / "trials.sqlite", isolation_level=None)) as other:
        assert other.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE trials SET seed = 1")
        assert {path.name for path in tmp_path.iterdir()} == {"trials.sqlite", "trials.sqlite-journal"}
        assert "trials.sqlite-journal" in FILES


def test_a_link_does_not_lead_a_run_to_another_file(store: TrialStore, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    link = tmp_path / "run" / "trials.sqlite"
    link.symlink_to(tmp_path / "trials.sqlite")
    assert code(lambda: file_database(link))[0] == "E0721"
    assert code(lambda: file_database(link))[1].endswith("it is a link, and a run writes to files of its own alone")
    existing_file(link).close()


def test_settings_of_trials_come_back(tmp_path: Path) -> None:
    tuned = {"fitness.batch": "8", "fitness.cutout": 3, "fitness.optimizer.adam.lr": 0.1 + 0.2}
    store = TrialStore(file_database(tmp_path / "trials.sqlite"), "a run")
    store.add(replace(ROW, settings=tuned))
    store.add(replace(ROW, name="trial-2", number=1))
    assert [dict(row.settings) for row in store.rows()] == [tuned, {}]
    other = TrialStore(file_database(tmp_path / "trials.sqlite"), "another run")
    assert other.rows() == []
    with closing(sqlite3.connect(tmp_path / "trials.sqlite")) as edited:
        edited.execute("UPDATE trial_settings SET value = 'true' WHERE key = 'fitness.batch'")
        edited.commit()
    found, message = code(store.rows)
    assert found == "E0753"
    assert "trial-1 that is none of this run: it cannot be read (its setting `fitness.batch` is true)" in message
    store.close()
    other.close()


def test_a_database_of_before_there_were_open_settings_is_read(tmp_path: Path) -> None:
    file = tmp_path / "trials.sqlite"
    store = TrialStore(file_database(file), "a run")
    store.add(ROW)
    store.close()
    with closing(sqlite3.connect(file)) as older:
        older.execute("DROP TABLE trial_settings")
        older.commit()
    kept = TrialStore(existing_file(file), "a run")
    assert [dict(row.settings) for row in kept.rows()] == [{}]
    kept.close()
    again = TrialStore(file_database(file), "a run")  # a run that goes on makes it
    again.add(replace(ROW, name="trial-2", number=1, settings={"fitness.batch": "8"}))
    assert [dict(row.settings) for row in again.rows()] == [{}, {"fitness.batch": "8"}]
    again.close()
