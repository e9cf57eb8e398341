"""What a search by a model proposes: a pure function of what it may see, within `where`, and better than chance."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stdsl
from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.count import count
from stdsl.compiler.families.bayes.brackets import brackets, steps_between
from stdsl.compiler.families.bayes.settings import BayesConfig
from stdsl.compiler.families.bayes.variables import candidates
from stdsl.compiler.schemas.separate import with_settings
from stdsl.runtime.prepare.job import Job
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.strategies.bayes.model import Example, Model
from stdsl.runtime.strategies.bayes.proposer import Bayes
from stdsl.runtime.strategies.bayes.runner import BayesRunner
from stdsl.runtime.strategies.bayes.variables import Categories, Integers, Reals
from stdsl.runtime.trials.clock import Clock
from stdsl.runtime.trials.proposal import WAIT, Outcome, Spec

TEXT = """stdsl 1
meta net on video: clip(1, 8, 16, 16) {{
  body = video -> conv(choose {{2, 4, 8}} as width, 1x3x3)
    -> repeat choose 1..3 as depth {{ choose {{a: relu, b: gelu, c: maybe conv(same, 1x1x1)}} as kind }}
  return [body, body -> relu, body -> gelu] -> keep 1..2 as inputs -> sum -> global_avg_pool -> linear(4)
}}
space small = net where params <= 200
space pinned = net where width != 2, "**.depth" == 2, pin("**[1].kind", "b")
meta closed on video: clip(1, 8, 16, 16) {{ return video -> conv(2, 1x3x3) -> global_avg_pool -> linear(4) }}
space one = closed
search s {{
  space = {space}
  strategy = bayes {{ {strategy} }}
  data = motion_digits(frames = 8, size = 16, motions = 4, train = 64, valid = 64, test = 64)
}}
"""
TUNED = """fitness { batch = choose {8, 16}  dropout = choose real(0.0..0.5)  cutout = choose 0..4
  optimizer = choose {adam(lr = choose log(1e-5..1e-1)), plain: sgd(lr = 0.1)} }"""
BUDGET = "budget { least = 1  most = 4  eta = 2  iterations = 4 }"


def job_of(folder: Path, strategy: str, space: str = "small") -> tuple[Job, BayesConfig]:
    path = folder / "a.space"
    path.write_text(TEXT.format(space=space, strategy=strategy))
    job = load_job(str(path), None)
    assert isinstance(job.config.strategy, BayesConfig)
    return job, job.config.strategy


def proposer_of(folder: Path, strategy: str, space: str = "small", seed: int = 0) -> Bayes:
    job, own = job_of(folder, strategy, space)
    return Bayes(job.graph, own, seed, "accuracy", lambda values: 64 // int(str(values.get("fitness.batch", "16"))))


def reached(spec: Spec) -> Outcome:
    """Made up: the nearer `lr` to .01, the better, and adam is better than the other; one in nine fails."""
    if spec.number % 9 == 8:
        return Outcome(spec.number, failed="the loss is nan")
    lr = spec.settings.get("fitness.optimizer.adam.lr")
    value = 0.2 if not isinstance(lr, float) else 0.9 - 0.2 * abs(math.log10(lr) + 2)
    value -= 0.1 * float(spec.settings.get("fitness.dropout", 0))
    return Outcome(spec.number, {"accuracy": value - 0.01 * len(spec.architecture)})


def searched(
    proposer: Bayes, workers: int = 1, outcome: Callable[[Spec], Outcome] = reached
) -> tuple[list[Spec], list[list[Outcome]]]:
    """All that is proposed, and what each proposal saw."""
    clock, specs, saw = Clock(workers), list[Spec](), list[list[Outcome]]()
    while True:
        seen = [outcome(specs[number]) for number in clock.visible]
        spec = proposer.ask(len(specs), specs, seen)
        if spec is None:
            return specs, saw
        if not isinstance(spec, Spec):
            assert spec is WAIT
            assert clock.idle()
            continue
        saw.append(seen)
        specs.append(spec)
        clock.begin(spec.steps or 10)


@pytest.mark.parametrize("strategy", ["trials = 14  startup = 4", f"startup = 4  {BUDGET}"])
def test_proposals_are_whole_within_where_and_settings_are_taken(tmp_path: Path, strategy: str) -> None:
    proposer = proposer_of(tmp_path, f"{strategy}  {TUNED}")
    specs, _ = searched(proposer, workers=2)
    kinds = set()
    for spec in specs:
        assert architecture(proposer.graph, dict(spec.architecture)) == spec.architecture
        assert costs(proposer.graph, spec.architecture).params <= 200
        own = with_settings(proposer.strategy, spec.settings)
        assert isinstance(own, BayesConfig)
        assert not own.open
        kinds.add(own.fitness.optimizer.kind)
        assert ("fitness.optimizer.adam.lr" in spec.settings) == (own.fitness.optimizer.kind == "adam")
    assert kinds == {"adam", "sgd"}
    candidates = [(spec.architecture, tuple(sorted(spec.settings.items()))) for spec in specs if spec.start is None]
    assert len(set(candidates)) == len(candidates)


@pytest.mark.parametrize(
    "strategy", ["trials = 12  startup = 3", f"startup = 3  {BUDGET}", "model = gp  trials = 6  startup = 3"]
)
def test_a_proposal_is_a_function_of_what_it_sees(tmp_path: Path, strategy: str) -> None:
    """In whatever order it is asked, and by whichever object: so a search goes on as it would have."""
    text = f"{strategy}  {TUNED}"
    specs, saw = searched(proposer_of(tmp_path, text), workers=3)
    other = proposer_of(tmp_path, text)
    for number in reversed(range(len(specs))):
        assert other.ask(number, specs[:number], saw[number]) == specs[number]
    elsewhere, _ = searched(proposer_of(tmp_path, text, seed=1), workers=3)
    assert elsewhere != specs


@settings(max_examples=15)
@given(workers=st.integers(1, 6), seed=st.integers(0, 10**6), failing=st.sampled_from([0.0, 0.2, 0.9]))
@pytest.mark.parametrize("rounding", ["up", "down"])
def test_brackets_are_filled_and_their_best_go_on(
    tmp_path_factory: pytest.TempPathFactory, rounding: str, workers: int, seed: int, failing: float
) -> None:
    """Whatever the results, and whatever a proposal sees when."""
    text = f"random = 1.0  {BUDGET[:-1]} rounding = {rounding} }}  {TUNED}"
    proposer = proposer_of(tmp_path_factory.mktemp("brackets"), text)
    chance = random.Random(seed)
    known: dict[int, Outcome] = {}

    def outcome(spec: Spec) -> Outcome:
        if spec.number not in known:
            failed = "the loss is nan" if chance.random() < failing else ""
            known[spec.number] = Outcome(spec.number, {} if failed else {"accuracy": chance.randint(0, 5) / 5}, failed)
        return known[spec.number]

    specs, _ = searched(proposer, workers, outcome)
    budget = proposer.strategy.budget
    assert budget is not None
    begun = [spec for spec in specs if spec.start is None]
    for bracket in brackets(budget):
        members, begun = begun[: bracket.sizes[0]], begun[bracket.sizes[0] :]
        assert len(members) == bracket.sizes[0]
        for rung, size in enumerate(bracket.sizes):
            for spec in members:
                per_epoch = 64 // int(str(spec.settings["fitness.batch"]))
                assert spec.steps == steps_between(bracket, rung, per_epoch)
            fit = [spec for spec in members if not known[spec.number].failed]
            best = sorted(fit, key=lambda spec: (-known[spec.number].values["accuracy"], spec.number))
            after = {spec.start: spec for spec in specs if spec.start in {member.number for member in members}}
            going = best[: bracket.sizes[rung + 1]] if rung + 1 < len(bracket.sizes) else []
            assert set(after) == {spec.number for spec in going}
            for spec in going:
                assert after[spec.number].settings == spec.settings
                assert after[spec.number].architecture == spec.architecture
            members = [after[spec.number] for spec in going]
            assert size >= len(going)
    assert not begun


def test_without_a_word_the_model_needs_one_more_result_than_there_is_to_decide(tmp_path: Path) -> None:
    """Nine decisions and five settings."""
    proposer = proposer_of(tmp_path, f"{BUDGET}  {TUNED}")
    assert len(proposer.variables.domains) == 14
    assert proposer.startup() == 15
    assert [proposer.good(n) for n in (15, 40, 200)] == [14, 15, 30]
    alone = proposer_of(tmp_path, TUNED)
    assert alone.startup() == 10


def test_the_model_is_made_of_the_longest_trainings_of_which_there_are_enough(tmp_path: Path) -> None:
    """And of what is under way. Lengths are added up here from the steps of the trials that go on from each other."""
    proposer = proposer_of(tmp_path, f"startup = 4  {BUDGET}  {TUNED}")
    specs, saw = searched(proposer, workers=2)
    epochs = dict[int, float]()
    for spec in specs:
        assert spec.steps is not None
        own = spec.steps / proposer.per_epoch(spec.settings)
        epochs[spec.number] = own + (0 if spec.start is None else epochs[spec.start])
    lengths = set()
    for number, seen in enumerate(saw):
        groups: dict[float, int] = {}
        for outcome in seen:
            groups[epochs[outcome.number]] = groups.get(epochs[outcome.number], 0) + 1
        longest = max((length for length, many in groups.items() if many >= 4), default=None)
        examples = proposer.examples(specs[:number], {o.number: proposer._score(o) for o in seen})
        assert (examples is None) == (longest is None)
        if examples is not None and longest is not None:
            assert len([e for e in examples if e.score is not None]) == groups[longest]
            assert len([e for e in examples if e.score is None]) == number - len(seen)
            lengths.add(longest)
    assert lengths == {1.0, 2.0, 4.0}


def test_a_share_is_drawn_at_random(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proposer = proposer_of(tmp_path, f"startup = 1  trials = 150  {TUNED}")
    asked = list[int]()
    monkeypatch.setattr(proposer, "_modelled", lambda examples, number, generator: asked.append(number) or iter(()))
    for share in (0.0, 1 / 3, 1.0):
        asked.clear()
        own = proposer.strategy.model_copy(update={"random": share})
        monkeypatch.setattr(proposer, "strategy", own)
        searched(proposer)
        assert abs(len(asked) / 149 - (1 - share)) < 0.12


@pytest.mark.parametrize(("model", "seeds"), [("tpe", 4), ("gp", 1)])
def test_a_model_finds_more_than_chance_does(tmp_path: Path, model: str, seeds: int) -> None:
    def best(strategy: str, seed: int) -> float:
        specs, _ = searched(proposer_of(tmp_path, f"{strategy}  {TUNED}", space="one", seed=seed))
        return statistics.fmean(reached(spec).values.get("accuracy", 0.0) for spec in specs[-10:])

    found = [best(f"model = {model}  startup = 6  trials = 30", seed) for seed in range(seeds)]
    chance = [best("random = 1.0  trials = 30", seed) for seed in range(seeds)]
    assert statistics.fmean(found) > statistics.fmean(chance) + 0.1


def test_a_space_that_is_used_up_ends_the_search(tmp_path: Path) -> None:
    proposer = proposer_of(tmp_path, "trials = 10  startup = 2  fitness { batch = choose {8, 16, 32} }", space="one")
    specs, _ = searched(proposer)
    assert sorted(str(spec.settings["fitness.batch"]) for spec in specs) == ["16", "32", "8"]


def test_brackets_of_a_space_that_is_used_up_take_candidates_twice(tmp_path: Path) -> None:
    specs, _ = searched(proposer_of(tmp_path, f"{BUDGET}  fitness {{ batch = choose {{8, 16}} }}", space="one"))
    assert len([spec for spec in specs if spec.start is None]) == sum(b.sizes[0] for b in brackets_of(specs, tmp_path))


def brackets_of(specs: Sequence[Spec], folder: Path) -> Sequence[object]:
    budget = job_of(folder, BUDGET)[1].budget
    assert budget is not None
    return brackets(budget)


def test_what_fails_and_what_is_under_way_is_known_to_the_model() -> None:
    domains = {"x": Reals(0.0, 1.0, False), "n": Integers(0, 3), "c": Categories(("a", "b"))}
    chance = random.Random(0)

    def values() -> Mapping[str, float | int | str]:
        return {"x": chance.random(), "n": chance.randint(0, 3), "c": chance.choice("ab")}

    done = [Example(values(), chance.random()) for _ in range(12)]
    for more in ([], [Example(values(), -math.inf)], [Example(values(), None)]):
        for kind in ("tpe", "gp"):
            one, other = (Model(kind, domains, [*done, *more], None, 7).proposal() for _ in range(2))
            for name, domain in domains.items():
                assert one(name) == other(name), (kind, domain)


def test_what_where_leaves_one_value_is_nothing_to_decide(tmp_path: Path) -> None:
    """And a value that no architecture has is none."""
    proposer = proposer_of(tmp_path, f"trials = 12  startup = 4  {TUNED}", "pinned")
    values: dict[str, set[object]] = {}
    for arch in stdsl.Space(proposer.graph).architectures():
        for path, value in arch.items():
            values.setdefault(f"decision {path}", set()).add(value)
    several = {name: len(own) for name, own in values.items() if len(own) > 1}
    assert 0 < len(several) < len(values)
    domains = {name: own for name, own in proposer.variables.domains.items() if name.startswith("decision")}
    found = {name: len(own.options) if isinstance(own, Categories) else own.high + 1 for name, own in domains.items()}
    assert found == several
    for spec in searched(proposer)[0]:
        assert architecture(proposer.graph, dict(spec.architecture)) == spec.architecture


@pytest.mark.parametrize(
    ("space", "fitness", "there"),
    [
        ("pinned", "", None),
        ("one", "batch = choose {8, 16}  cutout = choose 0..4", 10),
        ("one", "batch = choose {8, 16}  optimizer = choose {adam(lr = choose {0.1, 0.2}), plain: sgd(lr = 0.1)}", 6),
        ("one", "optimizer = choose {adam(lr = choose log(1e-3..1e-1)), plain: sgd(lr = 0.1)}", 1_000),
    ],
)
def test_so_many_candidates_there_are(tmp_path: Path, space: str, fitness: str, there: int | None) -> None:
    """As many are proposed, and planned; a continuous setting has more than any number of trials."""
    job, own = job_of(tmp_path, f"trials = 1000  startup = 999  fitness {{ steps = 1  {fitness} }}", space)
    there = count(job.graph).low if there is None else there
    assert candidates(own, job.graph, 1_000) == there
    if there == 1_000:
        return
    specs, _ = searched(Bayes(job.graph, own, 0, "accuracy"))
    assert len(specs) == there
    (work,) = list(BayesRunner().works(job))
    assert (work.name, work.times) == (f"search ({there} trials)", there)
