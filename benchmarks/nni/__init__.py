"""NNI 3.0's DARTS supernet, in an environment of its own, measured beside ours."""
