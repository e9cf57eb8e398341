"""Concrete gates: their density and the gradient through them by quadrature, elements of keeps by enumeration."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from stdsl.compiler.backends.networks.concrete import (
    binary_concrete,
    concrete_elements,
    log_odds,
    log_weight,
    log_within,
)

TAUS = (1.0, 0.5, 0.1)
POINTS = 200_001
FUNCTIONS: tuple[Callable[[Tensor], Tensor], ...] = (
    lambda z: z,
    lambda z: z * z,
    lambda z: (1 + z).log(),
    lambda z: (3 * z).sin(),
)


def over_even_numbers(logit: Tensor, tau: float, of: Callable[[Tensor], Tensor]) -> Tensor:
    """The mean of a function of the gate over r from 0 to 1, by quadrature in log r - log(1 - r)."""
    x = torch.linspace(-36, 36, POINTS, dtype=torch.float64)
    weight = torch.sigmoid(x) * torch.sigmoid(-x)
    return torch.trapezoid(of(binary_concrete(logit, torch.sigmoid(x), tau)) * weight, x)


def by_its_density(logit: Tensor, tau: float, of: Callable[[Tensor], Tensor]) -> Tensor:
    """∫ of(z) f(z) dz with the printed density of the gate z, the odds α of being there and λ = ``tau``:
    f(z) = λ α z^(-λ - 1) (1 - z)^(-λ - 1) / (α z^-λ + (1 - z)^-λ)²; in y = log z - log(1 - z), so that
    what is crowded at both ends is resolved."""
    y = torch.linspace(-40 / tau, 40 / tau, POINTS, dtype=torch.float64)
    log_z, log_rest = torch.nn.functional.logsigmoid(y), torch.nn.functional.logsigmoid(-y)
    below = torch.logaddexp(logit - tau * log_z, -tau * log_rest)
    log_f = math.log(tau) + logit - (tau + 1) * (log_z + log_rest) - 2 * below
    return torch.trapezoid(of(torch.sigmoid(y)) * (log_f + log_z + log_rest).exp(), y)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.83])
def test_the_density_and_the_gradient_through_a_gate(p: float, tau: float) -> None:
    logit = torch.tensor(math.log((1 - p) / p), dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(by_its_density(logit, tau, torch.ones_like), torch.ones_like(logit))
    for function in FUNCTIONS:
        drawn, dense = over_even_numbers(logit, tau, function), by_its_density(logit, tau, function)
        torch.testing.assert_close(drawn, dense, rtol=1e-6, atol=1e-8)
        through, beneath = (torch.autograd.grad(value, logit)[0] for value in (drawn, dense))
        torch.testing.assert_close(through, beneath, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.83])
def test_above_one_half_with_the_probability_of_being_there_at_every_temperature(p: float, tau: float) -> None:
    even = (torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000
    gates = binary_concrete(torch.tensor(math.log((1 - p) / p), dtype=torch.float64), even, tau)
    assert (gates > 0.5).double().mean().item() == pytest.approx(1 - p, abs=1e-5)


def test_the_mean_of_a_gate_is_not_the_probability_of_being_there() -> None:
    logit = torch.tensor(math.log(9.0), dtype=torch.float64)
    assert over_even_numbers(logit, 1.0, lambda z: z).item() == pytest.approx(0.816, abs=5e-4)


def test_it_is_what_is_printed_with_the_signs_that_are_missing_there() -> None:
    """1 - σ((log p - log(1 - p) + log(-log r₂) - log(-log r₁)) / τ): two Gumbel variables differ by a logistic one."""
    generator = torch.Generator().manual_seed(0)
    r1, r2 = torch.rand(2, 200_000, generator=generator, dtype=torch.float64)
    p, tau = 0.3, 0.5
    printed = 1 - torch.sigmoid((math.log(p / (1 - p)) + (-r2.log()).log() - (-r1.log()).log()) / tau)
    even = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    ours = binary_concrete(torch.tensor(math.log((1 - p) / p), dtype=torch.float64), even, tau)
    levels = torch.linspace(0.05, 0.95, 19, dtype=torch.float64)
    torch.testing.assert_close(printed.quantile(levels), ours.quantile(levels), rtol=0, atol=0.01)


LOGITS = torch.tensor([0.3, -1.2, 0.0, 2.0, -0.4], dtype=torch.float64)
SIZES = [(0, 5), (1, 2), (2, 2), (0, 1), (3, 5), (5, 5), (0, 0)]


def enumerated(logits: Tensor, sizes: tuple[int, int]) -> dict[tuple[int, ...], float]:
    """The probability of each set of elements."""
    weights = {
        pattern: math.exp(sum(float(t) for t, there in zip(logits, pattern, strict=True) if there))
        for pattern in product((0, 1), repeat=len(logits))
        if sizes[0] <= sum(pattern) <= sizes[1]
    }
    total = sum(weights.values())
    return {pattern: weight / total for pattern, weight in weights.items()}


@pytest.mark.parametrize("sizes", SIZES)
def test_one_after_the_other_elements_have_the_probabilities_within_sizes(sizes: tuple[int, int]) -> None:
    odds = log_odds(LOGITS, sizes)
    for pattern, probability in enumerated(LOGITS, sizes).items():
        found, before = 1.0, 0
        for i, there in enumerate(pattern):
            found *= torch.sigmoid(odds[i][before] if there else -odds[i][before]).item()
            before += there
        assert found == pytest.approx(probability, rel=1e-9)


@pytest.mark.parametrize("sizes", SIZES)
def test_what_sets_weigh_and_how_probable_each_element_is(sizes: tuple[int, int]) -> None:
    logits = LOGITS.clone().requires_grad_()
    within = log_within(logits, sizes)
    sets = [p for p in product((0, 1), repeat=5) if sizes[0] <= sum(p) <= sizes[1]]
    weights = [math.exp(sum(float(t) for t, on in zip(LOGITS, p, strict=True) if on)) for p in sets]
    assert within.item() == pytest.approx(math.log(sum(weights)), rel=1e-9, abs=1e-9)
    (there,) = torch.autograd.grad(within, logits, create_graph=True)
    chances = enumerated(LOGITS, sizes)
    for i in range(5):
        assert there[i].item() == pytest.approx(sum(c for p, c in chances.items() if p[i]), abs=1e-9)
    (second,) = torch.autograd.grad(there.square().sum(), logits)
    assert second.isfinite().all()


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("tau", TAUS)
def test_drawn_elements_keep_to_the_sizes_and_have_a_gradient(sizes: tuple[int, int], tau: float) -> None:
    torch.manual_seed(0)
    logits = LOGITS.clone().requires_grad_()
    for _ in range(20):
        gates = concrete_elements(logits, sizes, tau)
        assert sizes[0] <= int((gates > 0.5).sum()) <= sizes[1]
        (gradient,) = torch.autograd.grad(gates.sum() + 0 * logits.sum(), logits)
        assert gradient.isfinite().all()
        assert bool(gradient.any()) == (sizes not in ((0, 0), (5, 5)))


def test_each_element_has_a_random_number_of_its_own() -> None:
    """Sets are drawn with the probabilities of independent elements within the sizes."""
    torch.manual_seed(0)
    logits, sizes, draws = LOGITS[:3], (1, 2), 2000
    counted: dict[tuple[int, ...], int] = {}
    for _ in range(draws):
        found = tuple(int(gate > 0.5) for gate in concrete_elements(logits, sizes, 0.5))
        counted[found] = counted.get(found, 0) + 1
    for pattern, chance in enumerated(logits, sizes).items():
        assert abs(counted.get(pattern, 0) / draws - chance) < 5 * math.sqrt(chance * (1 - chance) / draws)


@pytest.mark.parametrize("sizes", [(1, 2), (2, 2), (0, 1), (3, 5)])
@pytest.mark.parametrize("scale", [30.0, 60.0])
def test_how_probable_decided_elements_are(sizes: tuple[int, int], scale: float) -> None:
    """To be there and to be gone, small numbers as exactly as great ones."""
    logits = scale * LOGITS
    there, gone = logits.clone().requires_grad_(), torch.zeros(5, dtype=torch.float64, requires_grad=True)
    within = log_weight(there, gone, sizes)
    members = torch.tensor([p for p in product((0, 1), repeat=5) if sizes[0] <= sum(p) <= sizes[1]]).double()
    weights = members @ logits
    assert within.item() == pytest.approx(torch.logsumexp(weights, 0).item(), rel=1e-12)
    on, off = torch.autograd.grad(within, (there, gone))
    chances = torch.log_softmax(weights, 0).exp()
    torch.testing.assert_close(on, chances @ members, rtol=1e-9, atol=0)
    torch.testing.assert_close(off, chances @ (1 - members), rtol=1e-9, atol=0)


def test_many_decided_elements_are_drawn_as_they_are_decided() -> None:
    """What sizes forbid is told from what is improbable, however many improbable things come together."""
    logits = torch.full((80,), 120.0)
    odds = log_odds(logits, (0, 1))
    assert odds[0][0].item() == pytest.approx(120 - math.log(79) - 120, abs=1e-3)
    assert (odds[1:, 1] < -1e28).all()
