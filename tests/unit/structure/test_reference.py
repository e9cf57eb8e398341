"""The library authors' reference is what its generator writes, and names everything there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from stdsl.compiler.families.registry import FAMILIES
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.schemas.constructors import CONSTRUCTORS, DATA
from stdsl.compiler.semantics.modules import library_names
from stdsl.reference.declarations import library
from stdsl.reference.pages import pages

FOLDER = Path(__file__).parents[3] / "docs" / "reference"
COMMITTED = sorted(p.name for p in FOLDER.iterdir())


@pytest.mark.parametrize("name", COMMITTED)
def test_the_committed_page_is_up_to_date(name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="utf-8")
    assert committed == pages()[name], "run `python -m stdsl.reference docs/reference`"


def test_there_are_no_other_pages() -> None:
    assert sorted(pages()) == COMMITTED


def test_every_operation_has_its_rules_told() -> None:
    sections = pages()["operations.md"].split("\n### ")[1:]
    assert [re.findall(r"^`(\w+)`", s)[0] for s in sections] == list(PRIMITIVES)
    for section in sections:
        assert "\nShape: " in section
        assert "\nCost: " in section
        assert "\nExample: " in section


def test_every_declaration_of_the_library_is_there() -> None:
    modules = library()
    assert sorted(m.name for m in modules) == sorted(library_names())
    for module in modules:
        page = pages()["strategies.md" if module.name == "std.strategies" else "library.md"]
        for declaration in module.declarations:
            assert f"#### `{declaration.name}`\n" in page


def test_comments_above_become_the_text() -> None:
    image = next(m for m in library() if m.name == "std.image")
    docs = {d.name: d.doc for d in image.declarations}
    assert docs["factorized_reduce"].startswith("Halves height and width without a window")
    # One comment above two declarations is about both, and an empty line ends what it is about.
    assert docs["sep_conv"] == docs["dil_conv"]
    assert docs["relu_conv_bn"] == ""
    assert image.doc.startswith("Operators on images.")


def test_samples_are_computed() -> None:
    # depthwise 16·9, pointwise 16·16, batch-norm 2·16, all of it twice.
    image = next(m for m in library() if m.name == "std.image")
    sample = next(d.sample for d in image.declarations if d.name == "sep_conv")
    assert sample is not None
    assert sample.params == 2 * (16 * 9 + 16 * 16 + 2 * 16)
    assert sample.flops == 2 * 32 * 32 * (16 * 9 + 16 * 16)


def test_every_setting_is_there() -> None:
    settings, data = pages()["settings.md"], pages()["datasets.md"]
    for family in FAMILIES:
        assert f"## Family `{family}`" in settings
    for name in CONSTRUCTORS:
        assert f"# `{name}`\n" in (data if name in DATA else settings)
    assert "| `discretize.count` | a number, or an expression over M, t, T |" in settings
    assert "`i` is the round, from 0" in settings
    assert "| `betas` | a tuple of 2, each a number from 0 and below 1 | `(0.9, 0.999)` |" in settings


def test_the_generator_needs_no_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; from stdsl.reference.pages import pages; assert len(pages()) == 7"
    subprocess.run([sys.executable, "-c", code], check=True)
