"""The kernels that generated supernets call: exact, hand-written, on tensors with their channels last in memory."""
