"""An architecture is named by a file or by its values, to every command alike."""

from __future__ import annotations

import json
from pathlib import Path

import click.testing
import pytest

import stdsl
from stdsl.cli.main import cli

TEXT = """stdsl 1
meta net on x: image(1, 6, 6) {
  y = x -> repeat choose 1..2 as times { conv(4, 1) }
  z = [y -> conv(2, 1), y -> conv(2, 3), y -> conv(2, 5)] -> keep 2 as kept -> concat
  w = [z, z -> maybe conv(4, 1) as gated] -> sum
  return w -> conv(choose {narrow: 2, wide: 4} as width, 1) -> global_avg_pool -> linear(2)
}
space small = net
"""


def call(*words: str, code: int = 0) -> str:
    result = click.testing.CliRunner().invoke(cli, words, prog_name="stdsl")
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize(
    "words",
    [
        ("info", "--json"),
        ("graph",),
        ("compile", "--to", "module"),
        ("compile", "--to", "onnx", "-o", "net.onnx", "-q"),
    ],
)
def test_values_say_what_a_file_does(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.space").write_text(TEXT, encoding="utf-8")
    command, *options = words
    told = []
    arch = stdsl.load("own.space", "small").sample(seed=3)
    arch.save("one.arch.json")
    for named in ("one.arch.json", json.dumps(arch.to_json()["values"])):
        said = call(command, "own.space::small", "--arch", named, *options)
        told.append(said + (Path("net.onnx").read_bytes().hex() if "onnx" in words else ""))
    assert told[0] == told[1]
    assert call(command, "own.space::small", "--arch", '{"z.kept": [9]}', *options, code=1).count("E0604") == 1
    assert "is no object of JSON" in call(command, "own.space::small", "--arch", '{"z.kept": [1, 2}', *options, code=2)
