"""`check`, `fmt`, `explain` and `new`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

WRONG = """\
stdsl 1
meta net on image: image(3, 8, 8) {
  a = image -> conv(4, 3x3)
  b = image -> conv(8, 3x3)
  return [a, b] -> sum -> global_avg_pool -> linear(frobnicate)
}
space s = net
"""


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    path = tmp_path / "wrong.space"
    path.write_text(WRONG, encoding="utf-8")
    return str(path)


def test_check_is_silent_when_all_is_fine(stdsl: Any, small: str) -> None:
    result = stdsl("check", small, "darts", "evanet", "fusion3d")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_check_reports_all_mistakes_of_all_files(stdsl: Any, small: str, wrong: str) -> None:
    result = stdsl("check", small, wrong, "--format", "concise")
    assert result.exit_code == 1
    places = [line.split()[0] for line in result.stdout.splitlines()]
    assert f"{wrong}:5:53:" in places
    assert all(place.startswith(wrong) for place in places)


def test_check_formats(stdsl: Any, wrong: str) -> None:
    full = stdsl("check", wrong).stdout
    assert full.startswith("error[E0")
    assert "frobnicate" in full
    assert "\x1b" not in full
    found = json.loads(stdsl("check", wrong, "--format", "json").stdout)
    assert {d["severity"] for d in found} == {"error"}
    assert found[0]["span"]["start"]["line"] == 5
    github = stdsl("check", wrong, "--format", "github").stdout
    assert all(line.startswith("::error file=") for line in github.splitlines())


def test_check_json_of_a_fine_file_is_an_empty_list(stdsl: Any, small: str) -> None:
    assert json.loads(stdsl("check", small, "--format", "json").stdout) == []


def test_a_mistake_in_a_shared_import_is_told_once(stdsl: Any, wrong: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.space").write_text(
            'stdsl 1\nuse "broken.space" (part)\nspace s = part\n', encoding="utf-8"
        )
    (tmp_path / "broken.space").write_text("stdsl 1\nop part(c) = ->\n", encoding="utf-8")
    files = [str(tmp_path / f"{name}.space") for name in "ab"]
    out = stdsl("check", *files, "--format", "concise").stdout
    assert sum("broken.space:2" in line for line in out.splitlines()) == 1


def test_warnings_alone_are_fine(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "w.space"
    path.write_text(
        "stdsl 1\nuse std.image (o2d)\nspace s = net\n"
        "meta net on x: image(3, 8, 8) = x -> global_avg_pool -> linear(2)\n",
        encoding="utf-8",
    )
    result = stdsl("check", str(path))
    assert result.exit_code == 0
    assert "warning[W0201]" in result.stdout
    assert stdsl("check", str(path), "-q").stdout == ""


def test_check_writes_nothing(stdsl: Any, small: str, wrong: str, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    stdsl("check", small, wrong)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_fmt_changes_a_file_in_place_and_keeps_its_permissions(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.space"
    path.write_text("stdsl 1\nlet   A=3   # three\n", encoding="utf-8")
    os.chmod(path, 0o600)
    result = stdsl("fmt", str(path))
    assert result.exit_code == 0
    assert path.read_text(encoding="utf-8") == "stdsl 1\nlet A = 3  # three\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["a.space"]
    assert "reformatted" in result.stderr
    assert stdsl("fmt", str(path)).stderr == ""


def test_fmt_check_and_diff_change_nothing(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.space"
    text = "stdsl 1\nlet   A=3\n"
    path.write_text(text, encoding="utf-8")
    assert stdsl("fmt", "--check", str(path)).exit_code == 1
    diff = stdsl("fmt", "--diff", str(path))
    assert diff.exit_code == 0
    assert "-let   A=3\n+let A = 3\n" in diff.stdout
    assert stdsl("fmt", "--check", "--diff", str(path)).exit_code == 1
    assert path.read_text(encoding="utf-8") == text
    path.write_text("stdsl 1\nlet A = 3\n", encoding="utf-8")
    assert stdsl("fmt", "--check", str(path)).exit_code == 0


def test_fmt_reads_standard_input(stdsl: Any) -> None:
    result = stdsl("fmt", "-", input="stdsl 1\nlet   A=3")
    assert (result.exit_code, result.stdout) == (0, "stdsl 1\nlet A = 3\n")
    assert stdsl("fmt", "-", "--check", input="stdsl 1\nlet A = 3\n").exit_code == 0


def test_fmt_leaves_files_with_syntax_errors_alone(stdsl: Any, small: str, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.space", tmp_path / "good.space"
    bad.write_text("stdsl 1\nlet   A=\n", encoding="utf-8")
    good.write_text("stdsl 1\nlet   A=3\n", encoding="utf-8")
    result = stdsl("fmt", str(bad), str(good))
    assert result.exit_code == 1
    assert "error[E01" in result.stderr
    assert bad.read_text(encoding="utf-8") == "stdsl 1\nlet   A=\n"
    assert good.read_text(encoding="utf-8") == "stdsl 1\nlet A = 3\n"


def test_explain(stdsl: Any) -> None:
    text = stdsl("explain", "e0204").stdout
    assert text.startswith("E0204 (error): ")
    found = json.loads(stdsl("explain", "E0204", "--json").stdout)
    assert list(found) == ["code", "severity", "title", "explanation"]


def test_explain_unknown(stdsl: Any) -> None:
    result = stdsl("explain", "E9999")
    assert result.exit_code == 2
    assert "no code" in result.stderr


def test_new_makes_a_project_that_checks(stdsl: Any, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    assert stdsl("new", str(folder)).exit_code == 0
    assert sorted(p.name for p in folder.iterdir()) == ["README.md", "first.space"]
    main = str(folder / "first.space")
    assert stdsl("check", main).stdout == ""
    assert stdsl("fmt", "--check", main).exit_code == 0
    assert int(stdsl("count", f"{main}::small").stdout) > 100
    again = stdsl("new", str(folder))
    assert again.exit_code == 2
    assert "not empty" in again.stderr


def test_check_reads_standard_input(stdsl: Any) -> None:
    assert stdsl("check", "-", input="stdsl 1\nlet A = 3\n").exit_code == 0
    result = stdsl("check", "-", "--format", "concise", input="stdsl 1\nlet A = \n")
    assert result.exit_code == 1
    assert result.stdout.startswith("<stdin>:")


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_standard_input_that_is_no_text(stdsl: Any, command: str) -> None:
    result = stdsl(command, "-", input=b"stdsl 1\nlet a = \xff\n")
    assert result.exit_code == 2
    assert "<stdin> cannot be read: it is not UTF-8 text" in result.stdout + result.stderr


def test_check_fixes_what_has_one_safe_correction(stdsl: Any, tmp_path: Path) -> None:
    path, other = tmp_path / "a.space", tmp_path / "other.space"
    other.write_text("let B = 'two'\n", encoding="utf-8")
    path.write_text("use \"other.space\" (B as b)\nlet A = 'one'\nlet C = b\n", encoding="utf-8")
    result = stdsl("check", "--fix", str(path))
    assert path.read_text(encoding="utf-8") == 'stdsl 1\nuse "other.space" (B as b)\nlet A = "one"\nlet C = b\n'
    assert "corrected 2 mistakes" in result.stderr
    # Files that were not named are not touched, so what is wrong in them is still reported.
    assert other.read_text(encoding="utf-8") == "let B = 'two'\n"
    assert result.exit_code == 1
    assert "other.space" in result.stdout
    assert stdsl("check", "--fix", str(path), str(other)).exit_code == 0


COMMANDS = """
fmt --check FILE
fmt --diff FILE
fmt FILE
check FILE
new NEW
graph FILE::small -o NEW.svg
compile FILE::small --to ir -o NEW
compile FILE::small --to supernet -o NEW
compile FILE::fixed --to onnx -o NEW
compile FILE::fixed --to onnx -o NEW/under/a/file
sample FILE::small -o NEW
info FILE::small --arch NEW
""".strip().splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_with_line_breaks_makes_no_lines(stdsl: Any, small: str, tmp_path: Path, command: str) -> None:
    file = tmp_path / "a\nforged\x1b[31m\r.space"
    file.write_text(Path(small).read_text(encoding="utf-8") + "  \n", encoding="utf-8")
    new = str(tmp_path / "b\nforged\x1b[31m")
    result = stdsl(*(word.replace("FILE", str(file)).replace("NEW", new) for word in command.split()))
    said = result.stdout + result.stderr
    assert "forged" in said or command == "check FILE"
    assert not any(line.startswith("forged") for line in said.splitlines())
    assert not {"\x1b", "\r"} & set(said)


@pytest.mark.parametrize(
    "data", ["image_folder(root = NAME, size = 8)", "clip_folder(root = NAME, frames = 4, size = 8)"]
)
def test_a_folder_that_no_system_can_have(stdsl: Any, small: str, data: str) -> None:
    named = data.replace("NAME", '"a\0b"')
    with Path(small).open("a", encoding="utf-8") as file:
        file.write(f"search s {{ space = small  strategy = gradient  data = {named} }}\n")
    result = stdsl("check", small)
    assert result.exit_code == 1
    assert "E0703" in result.stdout + result.stderr
    assert "no folder can have this name" in result.stdout + result.stderr
