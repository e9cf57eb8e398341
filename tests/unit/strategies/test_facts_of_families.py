"""What messages say of families is what these do."""

from __future__ import annotations

import pytest

from stdsl.compiler.checks.check import check_module
from stdsl.compiler.checks.limits import limits
from stdsl.compiler.diagnostics.explain import explain
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.families.registry import FAMILIES, settings_of_family, those
from stdsl.compiler.schemas.separate import SeparateTrainings
from stdsl.compiler.semantics.modules import Loader

TEXT = """stdsl 1
meta net on x: clip(1, 4, 8, 8) { return x -> conv(choose {2, 4} as c, 1x3x3) -> global_avg_pool -> linear(4) }
space nets = net
search s {
  space = nets
  strategy = FAMILY { fitness { batch = choose {8, 16} } }
  data = motion_digits(frames = 4, size = 8, motions = 4)
}
"""


def told(text: str) -> list[str]:
    """The codes of what is wrong with a text, and of what cannot run of it."""
    sink = Sink()
    checked = check_module(Loader(sink).source(Source("a.space", text)), sink)
    return [d.code for d in (*sink.errors, *(d for search in checked.searches.values() for d in limits(search)))]


@pytest.mark.parametrize("name", [n for n in FAMILIES if issubclass(settings_of_family(n), SeparateTrainings)])
def test_families_that_are_named_for_searching_settings_search_them(name: str) -> None:
    assert told(TEXT.replace("FAMILY", name)) == ([] if name in those("tunes") else ["E0701"])


def test_explanations_name_the_families_that_there_are() -> None:
    every = explain("E0503") or ""
    assert [name for name in FAMILIES if f"`{name}`" in every] == list(FAMILIES)
    searching = (explain("E0509") or "").partition("does that")[0]
    assert tuple(name for name in FAMILIES if f"`{name}`" in searching) == those("tunes")
