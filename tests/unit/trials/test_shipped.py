"""Folders that are shipped look as they did where they were."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

from stdsl.runtime.trials.shipped import add_as_seen


def looks(folder: Path) -> dict[str, str]:
    """What a reader that follows no link within the folder finds there, by its path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        real, own = Path(os.path.realpath(path)), Path(os.path.realpath(folder))
        is_link = path.is_symlink() and path.exists() and (real.is_relative_to(own) or own.is_relative_to(real))
        shown = os.path.relpath(real, own) if is_link else ""
        shown = "around" if shown.startswith("..") or shown == "." else shown
        shown = shown or ("a folder" if path.is_dir() else path.read_text() if path.is_file() else "nothing")
        found[str(path.relative_to(folder))] = shown
    return found


def test_links_lead_where_they_led(tmp_path: Path) -> None:
    data, other = tmp_path / "mine" / "data", tmp_path / "other"
    for path in (data / "cat", other / "deep"):
        path.mkdir(parents=True)
    (data / "cat" / "1").write_text("one")
    (other / "deep" / "2").write_text("two")
    links = {
        "again": data / "cat",
        "out": other,
        "cat/file": other / "deep" / "2",
        "cat/own": data / "cat" / "1",
        "nowhere": tmp_path / "nowhere",
        "cat/round": data / "cat",
        "around": tmp_path,
        "itself": data / "itself",
    }
    for name, target in links.items():
        (data / name).symlink_to(target)
    (data / "relative").symlink_to("cat")
    os.mkfifo(data / "pipe")
    (other / "back").symlink_to(data)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        add_as_seen(tar, data, "beside/1/2/data", data.resolve(), "beside/1/2/data")
    there = tmp_path / "there"
    with tarfile.open(fileobj=io.BytesIO(buffer.getvalue())) as tar:
        tar.extractall(there, filter="data")
    found = looks(there / "beside" / "1" / "2" / "data")
    assert found == looks(data) | {"out/deep": "a folder", "out/deep/2": "two", "out/back": "around"}
    assert found["again"] == "cat"
    assert found["around"] == "around"
    assert found["cat/file"] == "two"
    assert found["pipe"] == "nothing"
