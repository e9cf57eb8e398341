"""Frames of videos: the same bits as PyAV's own, whichever are asked for, and what is wrong with files."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from videos import coloured, read_video, write_video

from stdsl.runtime.data.pictures.video_files import details_of, index_of, pictures

KINDS = {
    "b_frames.mp4": ("libx264", {"g": "8", "bf": "2"}),
    "short_groups.mp4": ("mpeg4", {"g": "3"}),
    "old.avi": ("mpeg4", {"g": "10", "bf": "2"}),
    "one_group.mkv": ("libx264", {"g": "99"}),
    "web.webm": ("libvpx-vp9", {}),
}
REAL = Path(os.environ.get("STDSL_CLIPS", "no such folder"))
"""Real videos, where somebody has some."""


def held_to_pyav(path: Path, asked: int, seed: int = 0) -> None:
    index, own = index_of(path), read_video(path)
    assert index.frames == len(own)
    rng = np.random.default_rng(seed)
    for _ in range(asked):
        wanted = sorted(set(rng.integers(0, len(own), rng.integers(1, 6)).tolist()))
        found = list(pictures(path, index, wanted))
        assert len(found) == len(wanted)
        assert all(np.array_equal(a, own[number]) for a, number in zip(found, wanted, strict=True))


@pytest.mark.parametrize("name", KINDS)
def test_any_frames_are_those_that_pyav_decodes_one_after_the_other(name: str, tmp_path: Path) -> None:
    codec, options = KINDS[name]
    write_video(tmp_path / name, coloured(25), codec, **options)
    held_to_pyav(tmp_path / name, 25)


@pytest.mark.skipif(not REAL.is_dir(), reason="STDSL_CLIPS names no folder of videos")
def test_real_videos_are_decoded_as_by_pyav() -> None:
    paths = [path for path in sorted(REAL.iterdir()) if path.suffix in (".mp4", ".avi", ".mkv")]
    assert paths
    for path in paths:
        held_to_pyav(path, 2)


def test_one_frame(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", coloured(1))
    held_to_pyav(tmp_path / "a.mp4", 1)


def test_upright_as_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_video(path, coloured(2))
    (flat, _) = read_video(path)
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    one = 1 << 16
    content[at : at + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 24 * one, 0, 1 << 30)  # held upright
    path.write_bytes(content)
    (found,) = pictures(path, index_of(path), [0])
    assert found.shape == (32, 24, 3)
    assert np.array_equal(found, np.rot90(flat, -1))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("name", "damage", "reason"),
    [
        ("a.mp4", _cut, r"cut off: \d+ of its 100 frames"),
        ("a.avi", _cut, r"cut off: \d+ of its 100 frames"),
        ("a.mkv", _cut, r"cut off: \d\.\d of its 4\.0 seconds"),
        ("a.avi", lambda path: path.write_text("<html>a page</html>"), "no whole video: Invalid data"),
        ("a.mp4", lambda path: path.write_bytes(b""), "no whole video: Invalid data"),
        ("a.mp4", lambda path: path.write_bytes(path.read_bytes()[:40]), "no video in it"),
        ("a.mp4", Path.unlink, "No such file"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    name: str, damage: Callable[[Path], object], reason: str, tmp_path: Path
) -> None:
    write_video(tmp_path / name, coloured(100))
    damage(tmp_path / name)
    with pytest.raises(ValueError, match=reason):
        index_of(tmp_path / name)


def test_a_file_without_pictures(tmp_path: Path) -> None:
    import av

    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(ValueError, match="no video in it"):
        index_of(path)


def test_a_title_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    write_video(path, coloured(3))
    content = path.read_bytes()
    assert b"Lavf" in content, "the name of what wrote it is a text as a title is"
    path.write_bytes(content.replace(b"Lavf", b"caf\xe9"))
    assert index_of(path).frames == 3
    assert len(list(pictures(path, index_of(path), [0, 2]))) == 2


def test_a_relative_path_is_a_file_and_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(Path("a.mp4"), coloured(3))
    write_video(Path("b.mp4"), coloured(5))
    shutil.copy("b.mp4", "concat:a.mp4")
    assert index_of(Path("concat:a.mp4")).frames == 5


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="no regular file"):
        index_of(tmp_path / "a.mp4")


def test_a_kind_of_video_that_nothing_decodes(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", coloured(3))
    content = (tmp_path / "a.mkv").read_bytes()
    assert b"V_MPEG4/ISO/ASP" in content
    (tmp_path / "a.mkv").write_bytes(content.replace(b"V_MPEG4/ISO/ASP", b"V_XXXXX/ISO/ASP"))
    with pytest.raises(ValueError, match="nothing decodes its video"):
        index_of(tmp_path / "a.mkv")
    assert details_of(tmp_path / "a.mkv") is None


def test_names_that_are_no_text(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", coloured(3))
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\xff.mp4"))
    try:
        shutil.copy(tmp_path / "a.mp4", strange)
    except OSError:
        pytest.skip("this file system takes texts alone")
    assert index_of(strange).frames == 3
    assert len(list(pictures(strange, index_of(strange), [0, 2]))) == 2
