"""One precise diagnostic for each mistake in strategies and searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stdsl.compiler.diagnostics.explain import explain
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.recipe import Retrain

Read = Callable[[str], Any]


def strategy(settings: str, family: str = "gradient") -> str:
    return f"strategy s = {family} {{ {settings} }}"


def search(settings: str) -> str:
    return f"search s {{ space = x  data = motion_digits  {settings} }}"


def sgd(arguments: str) -> str:
    return strategy(f"weights {{ optimizer = sgd({arguments}) }}")


OWN = """extern data mine(root: path) from "m:M" { inputs = image(3, 8, 8)  classes = 2 }
extern loss focal(gamma: int = 2) from "m:F" { }
"""
MISTAKES = [
    # text, code, the text at the place, words of the message, a note or the help
    (strategy("epoch = 10"), "E0501", "epoch", "did you mean `epochs`?"),
    (strategy("epoch = 10"), "E0501", "epoch", "known here: `epochs`, `steps`, `batch`, `relax`"),
    (strategy("relax { choos = softmax }"), "E0501", "choos", "did you mean `choose`?"),
    (strategy("discretize { cuont = M }"), "E0501", "cuont", "did you mean `count`?"),
    (strategy("population = 3"), "E0501", "population", "family `gradient` has no setting"),
    (sgd("0.1, momentun = 0.9"), "E0501", "momentun", "did you mean `momentum`?"),
    (sgd("learning_rate = 0.1"), "E0501", "learning_rate", "`sgd` has no setting"),
    (search("strategy = sdas { epoch = 3 }"), "E0501", "epoch", "did you mean `epochs`?"),
    (search("strategy = sdas  retrain { epoch = 3 }"), "E0501", "epoch", "section `retrain`"),
    (search("strategy = sdas  spaces = [y]"), "E0501", "spaces", "did you mean `space` or `compare { spaces = … }`?"),
    (search("strategy = sdas  phase { fre = 3 }"), "E0501", "fre", "did you mean `free`?"),
    (OWN + "search s { space = x  data = mines }", "E0506", "mines", "did you mean `mine`?"),
    (OWN + "search s { space = x  data = 3 }", "E0504", "3", "or `mine(…)`"),
    (OWN + search('loss = "focal"'), "E0504", '"focal"', "or `focal(…)`"),
    (OWN + search("loss = vocal(2)"), "E0506", "vocal", "did you mean `focal`?"),
    (strategy("epochs = 1  batch = 2  epochs = 3"), "E0502", "epochs", "`epochs` is set twice"),
    (search("strategy = sdas  strategy = darts"), "E0502", "strategy", "set twice"),
    (search('strategy = sdas  phase { hold { "a.b" = c  "a.b" = d } }'), "E0502", '"a.b"', "set twice"),
    ("strategy s = gradien { }", "E0503", "gradien", "did you mean `gradient`?"),
    (search("strategy = sdsa"), "E0503", "sdsa", "did you mean `sdas`?"),
    (search("strategy = single_path"), "E0503", "single_path", "use std.strategies"),
    (strategy('epochs = "ten"'), "E0504", '"ten"', 'this is the text "ten"'),
    (strategy("epochs = 100 / 3"), "E0504", "100 / 3", "`//` divides without a fraction"),
    (strategy("epochs = true"), "E0504", "true", "a whole number from 1"),
    (strategy("epochs = [1]"), "E0504", "[1]", "a list of 1"),
    (strategy("relax { affine = 1 }"), "E0504", "1", "`true` or `false`"),
    (sgd("lr = adam(1)"), "E0504", "adam(1)", "`cosine(…)`"),
    (strategy("weights { optimizer = cosine(0.1) }"), "E0504", "cosine(0.1)", "`sgd(…)`, `adam(…)` or `adamw(…)`"),
    (strategy("decisions { optimizer = adam(1, betas = 0.5) }"), "E0504", "0.5", "a tuple of 2"),
    (strategy("decisions { optimizer = adam(1, betas = (1, 2, 3)) }"), "E0504", "(1, 2, 3)", "a tuple of 2"),
    (strategy('mutate = resample("**")', "evolution"), "E0504", 'resample("**")', "put it in brackets"),
    (strategy('mutate = [resample("..")]', "evolution"), "E0504", '".."', "a pattern of decision paths"),
    (search("strategy = sdas  export { onnx = 3 }"), "E0504", "3", "a text in quotes"),
    (search('strategy = sdas  phase { hold { "a" = 1 + 2 } }'), "E0504", "1 + 2", "the name of an alternative"),
    ("search s { space = 3  strategy = sdas  data = motion_digits }", "E0504", "3", "the name of a space"),
    (strategy("epochs = 0"), "E0505", "0", "must be a whole number from 1"),
    (strategy("decisions { order = 3 }"), "E0505", "3", "`1` or `2`"),
    (strategy("decisions { warmup = 1.5 }"), "E0505", "1.5", "a number from 0 and below 1"),
    (strategy("relax { choose = partial(softmax, 1 / 0.5) }"), "E0505", "1 / 0.5", "above 0 up to 1"),
    (sgd("-0.1"), "E0505", "-0.1", "a number of at least 0"),
    (sgd("cosine(0)"), "E0505", "0", "a number above 0"),
    (search("strategy = sdas  seed = -1"), "E0505", "-1", "a whole number from 0"),
    (strategy("derive { score = gamma }"), "E0506", "gamma", "`alpha`, `beta` or `product`"),
    (strategy("derive { metric = acuracy }"), "E0506", "acuracy", "did you mean `accuracy`?"),
    (strategy("weights { optimizer = agd(0.1) }"), "E0506", "agd", "no value of `optimizer`"),
    (strategy("epochs = fooor(3)"), "E0506", "fooor", "did you mean `floor`?"),
    (strategy("epochs = lenght"), "E0506", "lenght", "no value of `epochs`"),
    ("let length = 3 " + strategy("epochs = lenght"), "E0506", "lenght", "did you mean `length`?"),
    (strategy("epochs = 2 * lenght"), "E0201", "lenght", "`lenght` is not defined"),
    (search("strategy = sdas  export { onnx = best }"), "E0506", "best", 'in quotes: "best"'),
    ("search s { space = x  strategy = sdas  data = motion_digit }", "E0506", "motion_digit", "`motion_digits`?"),
    (strategy("discretize { }"), "E0507", "discretize", "needs `count`"),
    (sgd(""), "E0507", "sgd()", "`sgd` needs `lr`"),
    ("search s { space = x  strategy = sdas }", "E0507", "s", "search `s` needs `data`"),
    ("search s { data = motion_digits  strategy = sdas }", "E0507", "s", "search `s` needs `space`"),
    (
        search("strategy = sdas(").replace("sdas( }", "own() }") + " strategy own(k) = darts { batch = k }",
        "E0507",
        "own()",
        "`k`",
    ),
    (strategy("discretize { count = M * i }"), "E0508", "i", "`i` is neither one of these"),
    (strategy("discretize { count = M < t }"), "E0508", "M < t", "true or false, not a number"),
    (strategy("discretize { count = M / (t - 1) }"), "E0508", "M / (t - 1)", "division by zero"),
    ("strategy s = sdas(schedule = t < T) { }", "E0508", "t < T", "`schedule` cannot be"),
    ("strategy k(r: over(i) = i) = sdas(schedule = M) { discretize { count = r } }", "E0508", "i", "`i` is not one of"),
    (strategy("batch = choose {4, 8}"), "E0509", "choose {4, 8}", "`fitness` of `bayes`"),
    (search("strategy = sdas  retrain { batch = choose 1..4 }"), "E0509", "choose 1..4", "`settings = found`"),
    (
        search("strategy = sdas  retrain { optimizer = adam(k) }").replace("search", "let k = choose {1, 2} search", 1),
        "E0509",
        "choose {1, 2}",
        "`settings = found`",
    ),
    (
        search("strategy = sdas  retrain { optimizer = sgd(lr = choose {0.1, 0.2}) }"),
        "E0509",
        "choose {0.1, 0.2}",
        "`settings = found`",
    ),
    (search("strategy = sdas  seed = choose 1..4"), "E0509", "choose 1..4", "what stands in `fitness`"),
    (strategy("epochs = 10  steps = 2"), "E0510", "steps", "both set"),
    (strategy("derive { score = beta }"), "E0510", "beta", "`relax { keep = none }`"),
    (strategy("epochs = 5  decisions { warmup = 6 }"), "E0510", "6", "6 epochs, and the search has 5"),
    ("strategy s = pc_darts { epochs = 5 }", "E0510", "5", "15 epochs, and the search has 5"),
    (strategy("population = 9  tournament = 10", "evolution"), "E0510", "10", "a population of 9"),
    (strategy("mutate = []", "evolution"), "E0510", "[]", "every child equals its parent"),
    (strategy("objectives = [cost(flops, low = 3, high = 2)]"), "E0510", "3", "swap them"),
    (strategy("objectives = [entropy, entropy]"), "E0510", "[entropy, entropy]", "is there twice"),
    (
        strategy("objectives = [kl_drop_path, kl_drop_path]", "variational"),
        "E0510",
        "[kl_drop_path, kl_drop_path]",
        "twice",
    ),
    (search(""), "E0510", "s", "nothing would run"),
    (search("retrain { }  evaluate { clips = 10 }"), "E0510", "10", "`motion_digits` has no videos"),
    (search("retrain { }  evaluate { crops = left_center_right }"), "E0510", "left_center_right", "are not cropped"),
    (
        search("strategy = gradient { decisions { warmup = 4 } }  phase { steps = 9 }  phase { epochs = 3 }"),
        "E0510",
        "3",
        "4 epochs, and this phase has 3",
    ),
    (
        search("strategy = sdas  compare { random = 3 }"),
        "E0510",
        "compare",
        "add `retrain { epochs = 10 }`, the recipe",
    ),
    (search("strategy = sdas  retrain { snapshot = best }"), "E0510", "best", "`holdout = 0.1`"),
    (search("strategy = sdas  retrain { settings = found }"), "E0510", "found", "no settings are searched"),
    (
        search("strategy = bayes { fitness { epochs = choose 2..4 } }  retrain { settings = found }"),
        "E0510",
        "found",
        "found: the length is the section's own |  | leave some open",
    ),
    (
        search("strategy = bayes { fitness { samples = choose {16, 32} } }  retrain { settings = found }"),
        "E0510",
        "found",
        "found: what is left open (`samples`) is no setting of the final training |  | leave some open",
    ),
    (
        search(
            "strategy = bayes { fitness { steps = choose 2..4  samples = choose {16, 32} } }  "
            "retrain { settings = found }"
        ),
        "E0510",
        "found",
        "found: the length is the section's own, and what is left open (`samples`) is no setting",
    ),
    (
        strategy("fitness { optimizer = sgd(log(1e-3..1)) }", "bayes"),
        "E0514",
        "log(1e-3..1)",
        "write `choose log(1e-3..1)`",
    ),
    (strategy("fitness { dropout = real(0.0..0.5) }", "bayes"), "E0514", "real(0.0..0.5)", "`choose real(0.0..0.5)`"),
    (strategy("fitness { batch = 4..8 }", "bayes"), "E0514", "4..8", "write `choose 4..8`"),
    (strategy("budget { }  trials = 5", "bayes"), "E0510", "5", "how many trials there are follows"),
    (strategy("budget { }  fitness { steps = 2 }", "bayes"), "E0510", "2", "leave `steps` out: `budget {"),
    (
        "use std.strategies (bohb)  strategy s = bohb { fitness { epochs = choose 2..4 } }",
        "E0510",
        "choose 2..4",
        "`epochs` would be without effect",
    ),
    (search("strategy = sdas  retrain { }  compare { near = 0.4 }"), "E0510", "0.4", "none are asked for"),
    (search("strategy = sdas  retrain { }  compare { above = 2.5 }"), "E0510", "2.5", "none are asked for"),
    (sgd("lr = cosine(0.1, 0, 1, 2)"), "E0511", "2", "at most 3 arguments, and here gets 4"),
    (sgd("0.1, lr = 0.2"), "E0511", "lr = 0.2", "gets `lr` twice"),
    ("strategy s = sdas(sched = M) { }", "E0511", "sched = M", "no parameter `sched`"),
    ("strategy s = sdas(M, 2) { }", "E0511", "2", "at most 1 argument"),
    ("strategy s = gradient(3) { }", "E0511", "gradient(3)", "is a family and takes no arguments"),
    (strategy("epochs = max()"), "E0511", "max()", "1 or more arguments"),
    (strategy("epochs = ceil(1, 2)"), "E0511", "ceil(1, 2)", "takes 1 argument by position"),
    ("strategy s = b { } strategy b = s { }", "E0512", "s", "b → s → b"),
    ("let k = l let l = 2 * k " + strategy("epochs = k  batch = l"), "E0223", "k", "k -> l -> k"),
    (search("strategy = sdas  needs = [s]"), "E0512", "s", "s → s"),
    (strategy("relax = softmax"), "E0513", "softmax", "write `relax { … }`"),
    (strategy("relax = none"), "E0513", "none", "`relax` is a section"),
    (strategy("epochs { }"), "E0513", "epochs", "write `epochs = …`"),
    (search("strategy { epochs = 3 }"), "E0513", "strategy", "write `strategy = …`"),
    (strategy("epochs = 1 / 0"), "E0514", "1 / 0", "division by zero"),
    (strategy("epochs = 2 ** 2 ** 100"), "E0514", "2 ** 2 ** 100", "too large"),
    (strategy("epochs = sqrt(-1)"), "E0514", "sqrt(-1)", "no value for `-1`"),
    (strategy("epochs = y -> conv(3)"), "E0514", "y -> conv(3)", "cannot stand in settings"),
    (strategy("epochs = if 1 then 2 else 3"), "E0514", "1", "a condition is `true` or `false`"),
    (strategy('epochs = 1 + "a"'), "E0514", '1 + "a"', "takes numbers"),
    (strategy("epochs = not 1"), "E0514", "not 1", "takes `true` or `false`"),
    (strategy("batch = {4, 8}"), "E0514", "{4, 8}", "a list stands in brackets"),
    (search("strategy = sdas  needs = [tt]"), "E0515", "tt", "there is no search `tt`"),
    (strategy("fitness { batch = choose log(1..4) }", "random"), "E0518", "1..4", "write `choose 1..4`"),
    (strategy("fitness { dropout = choose log(0.0..0.5) }", "random"), "E0518", "0.0..0.5", "no logarithm of 0"),
    (strategy("fitness { dropout = choose real(0.5..0.0) }", "random"), "E0518", "0.5..0.0", "0.5 is above 0"),
    (strategy("fitness { dropout = choose 0.1..0.5 }", "random"), "E0518", "0.1..0.5", "choose real(0.1..0.5)"),
    (strategy("fitness { batch = choose 4 }", "random"), "E0518", "choose 4", "neither a range nor a set"),
    (strategy("fitness { batch = choose {4, 4} }", "random"), "E0518", "4", "two alternatives are called `4`"),
    (strategy("fitness { batch = choose {2 * 4} }", "random"), "E0518", "2 * 4", "a computed alternative needs a name"),
    (strategy("fitness { batch = choose 0..4 }", "random"), "E0505", "0", "a whole number from 1"),
    (strategy("fitness { dropout = choose real(0.0..1.5) }", "random"), "E0505", "1.5", "below 1"),
    (strategy('fitness { batch = choose {4, "x"} }', "random"), "E0504", '"x"', "a whole number from 1"),
    ("strategy s(k: whole = 1) = gradient { epochs = k }", "E0519", "whole", "`over(v, …)`"),
    ("strategy s(k: over(x) = 1) = gradient { epochs = 1 }", "E0519", "over(x)", "M, t, T and i"),
    ("strategy s(k: int = 1.5) = gradient { epochs = k }", "E0504", "1.5", "`k` takes a whole number"),
    ("strategy s(k: bool = 1) = gradient { }", "E0504", "1", "`k` takes `true` or `false`"),
]


@pytest.mark.parametrize(("text", "code", "place", "words"), MISTAKES, ids=lambda v: None if " " in v else v)
def test_mistake(read: Read, text: str, code: str, place: str, words: str) -> None:
    found = read(text).check()
    assert [d.code for d in found] == [code]
    (diagnostic,) = found
    assert diagnostic.span is not None
    assert diagnostic.span.text == place
    assert words in " | ".join((diagnostic.message, diagnostic.label, *diagnostic.notes, diagnostic.help or ""))
    assert explain(code)


@pytest.mark.parametrize("key", Retrain.model_fields)
def test_advice_to_search_a_setting_of_the_final_training_can_be_followed(read: Read, key: str) -> None:
    (found,) = read(search(f"strategy = sdas  retrain {{ {key} = choose {{1, 2}} }}")).check()
    assert found.code == "E0509"
    assert ("`settings = found`" in (found.help or "")) == (key in Fitness.model_fields.keys() - {"epochs", "steps"})


def test_all_mistakes_are_told_at_once(read: Read) -> None:
    found = read("""
strategy s = gradient { epochs = 0  batch = "x"  relax { choos = softmax }  weights { clip = -1 } }
search t { strategy = s { steps = 0 }  data = motion_digits(size = 4)  seed = 1.5 }
""").check()
    assert [(d.code, d.span.text) for d in found if d.span] == [
        ("E0505", "0"),
        ("E0504", '"x"'),
        ("E0501", "choos"),
        ("E0505", "-1"),
        ("E0507", "t"),
        ("E0505", "0"),
        ("E0505", "4"),
        ("E0504", "1.5"),
    ]


def test_a_mistake_in_an_imported_strategy_is_told_once(read: Read) -> None:
    text = read(
        "strategy b = gradient { epochs = 0 }"
        + search("strategy = b")
        + " search t { space = x  strategy = b  data = motion_digits }"
    )
    assert [d.code for d in text.check()] == ["E0505"]


def test_what_a_failed_import_was_to_bring_is_not_a_second_mistake(read: Read) -> None:
    found = read(
        "use std.strategies (nothing, schedule)  search s { space = x  strategy = nothing  data = motion_digits }"
    ).check()
    assert {d.code for d in found} == {"E0203"}


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("strategy s = gradient { epochs = none  steps = 20 }", (None, 20)),
        ("strategy s = gradient { steps = 20  epochs = none }", (None, 20)),
        ("strategy b = gradient { steps = 20 }  strategy s = b { epochs = none }", (None, 20)),
        ("strategy b = gradient { steps = 20 }  strategy s = b { epochs = 3  steps = none }", (3, None)),
        ("strategy b = gradient { epochs = 5 }  strategy s = b { steps = 7 }", (None, 7)),
    ],
)
def test_none_is_no_length(read: Read, text: str, lengths: tuple[int | None, int | None]) -> None:
    own = read(text)
    assert own.check() == ()
    found = own.strategy("s")
    assert (found.epochs, found.steps) == lengths


def test_right_settings_are_silent(read: Read) -> None:
    assert (
        read(search("strategy = pc_darts { epochs = 50  decisions { warmup = 5 } }  retrain { epochs = 100 }")).check()
        == ()
    )
