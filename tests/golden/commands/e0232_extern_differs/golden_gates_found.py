from torch import nn


class Gate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.inner = nn.Conv2d(c, 2 * c, 1)

    def forward(self, x):
        return self.inner(x)
