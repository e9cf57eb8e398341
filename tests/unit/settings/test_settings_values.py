"""What settings mean: layers, parameters, expressions, places, hyper-parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from stdsl.compiler.families.bayes.settings import BayesConfig
from stdsl.compiler.families.evolution import EvolutionConfig
from stdsl.compiler.families.gradient.settings import GradientConfig
from stdsl.compiler.families.random import RandomConfig
from stdsl.compiler.schemas.hyper import Value
from stdsl.compiler.schemas.optimizers import Adam
from stdsl.compiler.schemas.schedules import Cosine, constant
from stdsl.compiler.schemas.search import SearchConfig

Read = Callable[[str], Any]

DEMO = """
strategy quick = gradient {
  steps = 320  batch = 32
  relax     { choose = softmax  keep = none  statistics = batch }
  weights   { optimizer = sgd(lr = cosine(0.12, 0.12 / 20, ramp = 10), momentum = 0.9, weight_decay = 3e-4)  clip = 5 }
  decisions { optimizer = adam(lr = 0.02, weight_decay = 1e-3)  warmup = 0.4 }
}
search s {
  space = video  strategy = quick  seed = 30
  data  = motion_digits(noise = 0.35, background = 0.6, jitter = 0.3)
  retrain { steps = 256  batch = 32  optimizer = sgd(lr = cosine(0.1, 0, ramp = 10)) }
  compare { random = 3  near = 0.4  spaces = [per_frame_2d] }
  export  { onnx = "best.onnx" }
}
"""


def test_the_search_on_motion_digits(read: Read) -> None:
    config = read(DEMO).search()
    assert isinstance(config, SearchConfig)
    assert isinstance(config.strategy, GradientConfig)
    assert config.strategy.total_steps(per_epoch=64) == 320
    assert config.strategy.warmup_steps(per_epoch=64) == 128
    assert config.strategy.weights.optimizer.lr == Cosine(start=0.12, end=0.006, ramp=10)
    assert config.strategy.relax.keep is None
    assert config.strategy.reading.score == "alpha"
    assert config.retrain is not None
    assert config.retrain.total_steps(64) == 256
    assert config.compare is not None
    assert [str(s) for s in config.compare.spaces] == ["per_frame_2d"]
    assert str(config.space) == "video"
    assert config.data.signature().targets.count == 13


def test_a_run_manifest_holds_and_gives_back_everything(read: Read) -> None:
    text = read(DEMO + 'search t { space = v  strategy = sdas  data = cifar10("d")  retrain { space = w(c = 36) } }')
    for name in ("s", "t"):
        config = text.search(name)
        assert SearchConfig.load(config.model_dump(mode="json")) == config


def test_places_name_the_text_that_set_a_key(read: Read) -> None:
    text = read(DEMO)
    config = text.search()
    assert config.place("retrain.batch").text == "32"
    assert config.place("strategy.weights.optimizer.lr.ramp").text == "10"
    assert config.place("strategy").text == "quick"
    assert config.place("retrain.cutout").text == "retrain", "left at its default: the section around it"
    assert config.place("evaluate.clips").text == "s", "nothing set it: the search"
    assert config.strategy.place("decisions.warmup").text == "0.4"


def test_layers_merge_key_by_key_and_replace_lists(read: Read) -> None:
    text = read("""
strategy base = evolution {
  population = 8  tournament = 3  mutate = [resample("a"), grow("b")]  fitness { steps = 5  batch = 2 }
}
strategy s = base { mutate = [shrink("c")]  fitness { batch = 4 } }
""")
    config = text.strategy()
    assert isinstance(config, EvolutionConfig)
    assert (config.population, config.fitness.steps, config.fitness.batch) == (8, 5, 4)
    assert [m.kind for m in config.mutate] == ["shrink"]


def test_steps_replace_the_epochs_of_the_base(read: Read) -> None:
    config = read("strategy s = darts { steps = 100 }").strategy()
    assert (config.steps, config.epochs) == (100, None)
    assert config.total_steps(per_epoch=7) == 100
    assert read("strategy s = darts { }").strategy().total_steps(per_epoch=7) == 350


def test_a_section_can_be_taken_away(read: Read) -> None:
    assert read("strategy s = sdas { }").strategy().discretize is not None
    assert read("strategy s = sdas { discretize = none }").strategy().discretize is None


def test_warmup_counts_epochs_steps_or_a_share(read: Read) -> None:
    def steps(text: str) -> int:
        return int(read(f"strategy s = gradient {{ {text} }}").strategy().warmup_steps(per_epoch=10))

    assert steps("epochs = 20  decisions { warmup = 5 }") == 50
    assert steps("steps = 20  decisions { warmup = 5 }") == 5
    assert steps("epochs = 20  decisions { warmup = 0.25 }") == 50


def test_schedules_are_forwarded_through_parameters(read: Read) -> None:
    text = read("""
let POWER = 4
strategy mine(p: int, k: over(t, T) = t / T) = sdas(schedule = M * (t / T) ** p) {
  relax { choose = softmax(tau = 2 - k) }
}
search s { space = x  strategy = mine(POWER)  data = motion_digits }
""")
    config = text.search()
    assert config.strategy.discretize.count.at(M=36, t=50, T=100) == 36 * 0.5**4
    assert config.strategy.relax.choose.tau.at(t=1, T=4) == 1.75
    assert text.check() == ()


def test_expressions_of_settings(read: Read) -> None:
    text = read("""
let SIZES = [3, 4]
let WIDE = true
strategy s(k = 2) = gradient {
  epochs = if WIDE and k in SIZES or k == 2 then max(10, 3 * k) // 3 else 99
  batch  = -(-2 ** 3 * k)
  relax  { init = sqrt(4) / 10  affine = not WIDE }
}
""")
    config = text.strategy()
    assert (config.epochs, config.batch, config.relax.init, config.relax.affine) == (3, 16, 0.2, False)


@pytest.mark.parametrize(
    "text", ["if t < T / 2 then 0 else M * (2 * t / T - 1)", "(if 2 * t < T then 0 else 2 * t / T - 1) * M"]
)
def test_a_schedule_may_have_pieces(read: Read, text: str) -> None:
    """Also where the condition over run-time variables is the whole setting."""
    for strategy in (f"sdas {{ discretize {{ count = {text} }} }}", f"sdas(schedule = {text}) {{ }}"):
        config = read(f"strategy s = {strategy}").strategy()
        assert [config.discretize.count.at(M=36, t=t, T=100) for t in (1, 49, 75, 100)] == [0, 0, 18, 36]


def test_words_win_over_constants_and_parameters_over_words(read: Read) -> None:
    assert (
        read("let best = 3 strategy s = gradient { derive { snapshot = best } }").strategy().derive.snapshot == "best"
    )
    assert (
        read("strategy s(best = last) = gradient { derive { snapshot = best } }").strategy().derive.snapshot == "last"
    )


def test_a_strategy_with_required_parameters_is_checked_alone(read: Read) -> None:
    text = read("strategy s(k) = gradient { epochs = k  batch = k // 2  optimizer = 3 }")
    assert [d.code for d in text.check()] == ["E0501"]
    assert read("strategy s(k) = gradient { epochs = k }").check() == ()


def test_phases_in_order(read: Read) -> None:
    config = read("""
search s {
  space = x  strategy = gradient { }  data = motion_digits
  phase { free = "sparse.**"  hold { "dense.**" = uniform  "fuse.**" = "none"  "**.attention" = identity }  epochs = 8 }
  phase { free = ["dense.**", "fuse.**"]  epochs = 4 }
}
""").search()
    assert config.phases[0].hold == {"dense.**": "uniform", "fuse.**": "none", "**.attention": "identity"}
    assert config.phases[1].free == ("dense.**", "fuse.**")
    assert [p.epochs for p in config.phases] == [8, 4]


def test_hyper_parameters(read: Read) -> None:
    config = read("""
strategy s = bayes {
  fitness {
    batch     = choose {4, 8, 16}
    dropout   = choose real(0.0..0.5)
    cutout    = choose 0..4
    optimizer = choose {adam(lr = choose log(1e-5..1e-2)), plain: sgd(lr = 0.1)}
  }
}
""").strategy()
    assert isinstance(config, BayesConfig)
    assert {k: h.kind for k, h in config.open.items()} == {
        "fitness.batch": "options",
        "fitness.dropout": "real",
        "fitness.cutout": "range",
        "fitness.optimizer": "options",
        "fitness.optimizer.adam.lr": "log",
    }
    assert BayesConfig.load(config.model_dump(mode="json")) == config
    common: dict[str, Value] = {"fitness.batch": "8", "fitness.dropout": 0.25, "fitness.cutout": 2}
    chosen = config.assign({**common, "fitness.optimizer": "adam", "fitness.optimizer.adam.lr": 1e-3})
    assert (chosen.fitness.batch, chosen.fitness.dropout, chosen.fitness.cutout) == (8, 0.25, 2)
    assert chosen.fitness.optimizer.kind == "adam"
    assert chosen.fitness.optimizer.lr == constant(1e-3)
    assert chosen.open == {}
    assert config.assign({**common, "fitness.optimizer": "plain"}).fitness.optimizer.kind == "sgd"
    with pytest.raises(KeyError):
        config.assign({**common, "fitness.optimizer": "adam"})
    with pytest.raises(KeyError):
        config.assign({**common, "fitness.optimizer": "plain", "fitness.epochs": 3})
    with pytest.raises(ValidationError):
        config.assign({**common, "fitness.optimizer": "plain", "fitness.dropout": 2.0})


def test_hyper_parameters_inside_a_list(read: Read) -> None:
    config = read(
        "strategy s = random { fitness { optimizer = adam(0.1, betas = (choose {0.5, 0.9}, 0.999)) } }"
    ).strategy()
    assert isinstance(config, RandomConfig)
    optimizer = config.assign({"fitness.optimizer.betas.1": "0.9"}).fitness.optimizer
    assert isinstance(optimizer, Adam)
    assert optimizer.betas == (0.9, 0.999)


def test_constants_that_double_take_no_time(read: Read) -> None:
    doubled = "\n".join(f"let a{i} = a{i - 1} + a{i - 1}" for i in range(1, 60))
    config = read(f"let a0 = 1\n{doubled}\nstrategy s = gradient {{ batch = a59 // 2 ** 57 }}").strategy()
    assert config.batch == 4


def test_formulas_that_double_are_refused(read: Read) -> None:
    doubled = "\n".join(f"strategy s{i}(k: over(t, T) = 1) = s{i - 1}(k = k + k) {{ }}" for i in range(1, 60))
    text = read(
        f"strategy s0(k: over(t, T) = 1) = sdas {{ relax {{ choose = softmax(tau = k) }} }}\n{doubled}\n"
        "search s { space = x  strategy = s59(k = t)  data = motion_digits }"
    )
    assert text.search() is None
    assert [d.code for d in text.sink.diagnostics] == ["E0514"]


def test_lists_are_spliced_and_bounded(read: Read) -> None:
    text = (
        'let base = ["rgb"]\nsearch s { space = x  strategy = sdas  data = hmdb51("d", modalities = [*base, "flow"]) }'
    )
    assert read(text).search().data.modalities == ("rgb", "flow")
    doubled = "\n".join(f"let a{i} = [*a{i - 1}, *a{i - 1}]" for i in range(1, 60))
    text = read(f'let a0 = [resample("x")]\n{doubled}\nstrategy s = evolution {{ mutate = a59 }}')
    assert [d.code for d in text.check()] == ["E0514"]
