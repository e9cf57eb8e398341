"""Code of an operator that no helper can load."""

import sys

from torch import nn

if sys.argv[0].endswith("worker.py"):
    raise SystemExit("no helper is wanted here")


class Passing(nn.Module):
    def forward(self, x):
        return x
