"""What is installed: the wheel, and a wheel made from the source distribution, which holds no links."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DATA = (
    "stdsl/py.typed",
    "stdsl/grammars/stdsl.lark",
    "stdsl/spaces/darts.space",
    "stdsl/spaces/std/prelude.space",
    "stdsl/spaces/std/video.space",
    "stdsl/spaces/published/darts_v2.arch.json",
    "stdsl/compiler/backends/templates/network.py.jinja",
    "stdsl/runtime/data/embedded/digits.csv.gz",
    "stdsl/runtime/data/embedded/LICENSE-scikit-learn.txt",
    "stdsl/cli/project/first.space",
)
USE = """\
import sys
sys.path = [TARGET, *(p for p in sys.path if p not in ("", ROOT))]
import stdsl
assert stdsl.__file__.startswith(TARGET), stdsl.__file__
assert stdsl.load("darts::darts_cifar").count() == 1076746950455072400
space = stdsl.load(TARGET + "/stdsl/cli/project/first.space")
assert "class Network" in stdsl.source(space, space.sample(seed=0))
from stdsl.runtime.data.digits import digits
assert digits()[0].shape == (1797, 8, 8)
from stdsl.cli.main import cli
cli.main(["compile", "darts::darts_cifar", "--to", "supernet", "-o", TARGET + "/x.py", "-q"])
"""


def build(source: Path, target: Path, kind: str) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (made,) = target.iterdir()
    return made


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")


@pytest.fixture(scope="module")
def wheels(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel built from the checkout, and one built from the source distribution."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (source,) = unpacked.iterdir()
    return {
        "checkout": build(ROOT, tmp_path_factory.mktemp("wheel"), "wheel"),
        "sdist": build(source, tmp_path_factory.mktemp("again"), "wheel"),
    }


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def test_the_source_distribution_holds_no_links(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        assert [m.name for m in archive if m.issym() or m.islnk()] == []
        inside = {m.name.partition("/")[2] for m in archive}
    assert {"Makefile", "constraints.txt", "LICENSE", "compiler/ir/graph.py", "tests/cli/conftest.py"} <= inside
    assert not any(name.startswith("stdsl/compiler/") for name in inside)


def test_both_wheels_hold_the_same(wheels: dict[str, Path]) -> None:
    assert names(wheels["checkout"]) == names(wheels["sdist"])


def test_nothing_but_stdsl_lands_in_site_packages(wheels: dict[str, Path]) -> None:
    tops = {name.split("/")[0] for name in names(wheels["checkout"])}
    assert tops == {"stdsl", f"{wheels['checkout'].name.split('-py3')[0]}.dist-info"}


def test_all_modules_and_data_are_there(wheels: dict[str, Path]) -> None:
    found = names(wheels["checkout"])
    assert set(DATA) <= found
    for folder, inside in (("compiler", "stdsl/compiler"), ("runtime", "stdsl/runtime"), ("spaces", "stdsl/spaces")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"{inside}/{path.relative_to(ROOT / folder).as_posix()}" in found


def test_an_installed_wheel_works(wheels: dict[str, Path], tmp_path: Path) -> None:
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target)]
    done = subprocess.run([*pip, str(wheels["sdist"])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    code = f"TARGET, ROOT = {str(target)!r}, {str(ROOT)!r}\n{USE}"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "class SearchNetwork" in (target / "x.py").read_text(encoding="utf-8")


def test_constraints_are_public_versions_of_all_that_is_needed() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert not any("+" in version for version in pins.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    known = {name.lower().replace("_", "-") for name in pins}
    assert {line.split(">=")[0].lower() for line in wanted} <= known


def test_the_version_is_said_once_more_in_the_package() -> None:
    import stdsl

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == stdsl.__version__
