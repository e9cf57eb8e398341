"""Strategies and searches behind a space, for texts whose network takes what a data set gives."""

from __future__ import annotations

from .registry import other
from .writer import Writer

other("strategy", "search", "strategy with parameters", "expression over time", "hyper-parameter", "settings of a call")
CLASSES = 4
SAMPLES = ("clip", (1, 4, 8, 8))
"""What the data set below gives."""
DATA = "motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 64, test = 32)"

UNUSED = (
    "gradient { }",
    "gradient { epochs = 2  relax { choose = softmax  init = 1e-3 }  weights { clip = 5.0 } }",
    "gradient { relax { choose = gumbel(tau = 10 - 9.9 * (t / T), hard = true) }  derive { } }",
    "sampling { samples = 2  objectives = [cost(flops, weight = 0.1, high = 1M), entropy(0.1)] }",
    "sampling { samples = 2  draw = uniform  derive { candidates = 3 } }",
    "variational { tau = max(0.1, 1 - t / T)  decisions { init = 0.5 } }",
    "gradient { decisions { optimizer = adam(lr = step(3e-4, 10), betas = (0.5, 0.999))  warmup = 0.2 } }",
)
"""Of families that may be unable to search the space; they are read, and nothing uses them."""


def strategy(w: Writer) -> str:
    """Declare a strategy that can search every space; how a search names it."""
    name = w.fresh("strategy")
    w.show("strategy")
    match w.rng.randrange(4):
        case 0:
            w.declare(
                f"strategy {name} = random {{ trials = {w.one('2', '1 + 2')}  fitness {{ steps = 2  clip = none }} }}"
            )
        case 1:
            w.show("expression over time")
            w.declare(
                f"strategy {name} = evolution {{ population = 3  rounds = 4  tournament = 2  "
                f"mutations = max(ceil(3 - i / 2), 1)  remove = oldest  fitness {{ batch = 8 }} }}"
            )
        case 2:
            w.show("hyper-parameter")
            fitness = "fitness { batch = choose {4, 8}  steps = 1 }"
            w.declare(f"strategy {name} = bayes {{ trials = 3  startup = 1  {fitness} }}")
        case _:
            w.show("strategy with parameters")
            p = w.fresh("p")
            base = w.fresh("strategy")
            w.declare(f"strategy {base}({p}{w.one('', ': int')} = 3) = random {{ trials = {p} }}")
            w.declare(
                f"strategy {name} = {base}({w.one('', '2', f'{p} = 4')}) {{ fitness {{ label_smoothing = 0.1 }} }}"
            )
    if w.chance(0.5):
        w.declare(f"strategy {w.fresh('unused')} = {w.rng.choice(UNUSED)}")
    return name


def search(w: Writer, space: str) -> None:
    """Declare a search of the space."""
    name, chosen = w.fresh("go"), strategy(w)
    w.show("search")
    if w.chance(0.5):
        w.show("settings of a call")
        chosen = f"{chosen} {{ fitness {{ batch = 4 }} }}"
    lines = [f"space = {space}", f"strategy = {chosen}", f"data = {DATA}"]
    retrain = (
        f"retrain {{ steps = 2  batch = 8  optimizer = sgd(lr = cosine(0.1), momentum = 0.9)  space = {space} }}"
        + w.one("", "  compare { random = 0 }")  # more is an error where the space leaves nothing open
    )
    export = 'export { onnx = "model.onnx"  source = "net.py" }'
    extras = (f"seed = {w.rng.randint(0, 9)}", retrain, export, "evaluate { metric = loss }")
    lines += w.rng.sample(extras, w.rng.randint(0, 4))
    if export in lines and retrain not in lines:  # so is this, E0542
        lines.append(retrain)
    w.declare(f"search {name} {{ {'  '.join(lines)} }}")
