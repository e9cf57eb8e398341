"""What messages say of families is what these do."""

from __future__ import annotations

import pytest

from stdsl.compiler.checks.check import check_module
from stdsl.compiler.checks.limits import limits
from stdsl.compiler.diagnostics.explain import explain
from stdsl.compiler.diagnostics.model import Diagnostic, Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.families.registry import FAMILIES, family, settings_of_family, those
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
    return [found.code for found in errors(text)]


def errors(text: str) -> list[Diagnostic]:
    sink = Sink()
    checked = check_module(Loader(sink).source(Source("a.space", text)), sink)
    return [*sink.errors, *(found for search in checked.searches.values() for found in limits(search))]


@pytest.mark.parametrize("name", [n for n in FAMILIES if issubclass(settings_of_family(n), SeparateTrainings)])
def test_families_that_are_named_for_searching_settings_search_them(name: str) -> None:
    assert told(TEXT.replace("FAMILY", name)) == ([] if name in those("tunes") else ["E0701"])


WIDTHS = TEXT.replace("choose {2, 4} as c", "WIDTH").replace("{ fitness { batch = choose {8, 16} } }", "{ SETTINGS }")


def of_widths(name: str, settings: str, width: str = "choose {2, 4} as c") -> str:
    return WIDTHS.replace("FAMILY", name).replace("SETTINGS", settings).replace("WIDTH", width)


@pytest.mark.parametrize("name", FAMILIES)
def test_families_that_are_named_for_computing_one_case_do(name: str) -> None:
    assert told(of_widths(name, "")) == (["E0801"] if family(name).mixes else [])
    if family(name).unmixed:
        assert told(of_widths(name, family(name).unmixed)) == []


@pytest.mark.parametrize("name", [name for name in FAMILIES if family(name).mixes])
def test_who_asks_for_a_mixture_is_said_and_what_computes_one_case(name: str) -> None:
    (found,) = errors(of_widths(name, ""))
    assert [label.text for label in found.secondary] == ["decided here", "mixed by this strategy"]
    assert found.secondary[1].span.text.startswith(name)
    said, ways = found.notes
    assert said == "the search `s` computes all cases and weights them"
    for other in FAMILIES:
        assert (f"`{other}`" in ways) == (not family(other).mixes or bool(family(other).unmixed))
        assert family(other).unmixed in ways


def test_of_a_keep_all_elements_are_there_even_where_choices_are_drawn() -> None:
    """Beside a choice of the same text, which is no longer in the way."""
    width = "(choose {1, 2} as c) * ([2, 4] -> keep 1 as kept)[1]"
    for settings, of, refused in (
        ("", "cases", "`c` and `kept`"),
        (family("gradient").unmixed, "elements of keeps", "`kept`"),
    ):
        (found,) = (d for d in errors(of_widths("gradient", settings, width)) if d.code == "E0801")
        assert found.message.partition(" cannot")[0] == refused
        assert found.notes[0] == f"the search `s` computes all {of} and weights them"
        assert "gumbel" not in found.notes[1]


def test_explanations_name_the_families_that_there_are() -> None:
    every = explain("E0503") or ""
    assert [name for name in FAMILIES if f"`{name}`" in every] == list(FAMILIES)
    searching = (explain("E0509") or "").partition("does that")[0]
    assert tuple(name for name in FAMILIES if f"`{name}`" in searching) == those("tunes")
    alone = (explain("E0801") or "").partition("one architecture at a time (")[2].partition(")")[0]
    assert sorted(alone.replace("`", "").split(", ")) == sorted(name for name in FAMILIES if not family(name).mixes)
    assert family("gradient").unmixed in (explain("E0801") or "")
    assert all(f"`{name}` leaves such weights" in (explain("E0771") or "") for name in those("shared"))
