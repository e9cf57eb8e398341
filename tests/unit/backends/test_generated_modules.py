"""Modules of generated text live as long as something of theirs is in use."""

from __future__ import annotations

import gc
import inspect
import pickle
import sys
import weakref

import torch

import stdsl

TEXT = "stdsl 1\nmeta m on x: image(3, 6, 6) = x -> choose {{a: conv({c}, 3), b: conv({c}, 1)}} as k\nspace s = m\n"


def network(channels: int, supernet: bool = True) -> torch.nn.Module:
    space = stdsl.loads(TEXT.format(c=channels))
    return stdsl.compile(space) if supernet else stdsl.compile(space, space.sample(0))


def test_a_module_goes_with_its_networks() -> None:
    """Who builds thousands of networks, one after the other, keeps none of their texts."""
    for supernet in (True, False):
        net = network(17, supernet)
        name, made = type(net).__module__, weakref.ref(type(net))
        assert inspect.getsource(type(net)).startswith("class ")
        assert pickle.loads(pickle.dumps(type(net))) is type(net)
        copied = pickle.loads(pickle.dumps(net))
        assert type(copied) is type(net)
        del net
        gc.collect()
        assert name in sys.modules
        assert made() is type(copied)
        del copied
        gc.collect()
        assert name not in sys.modules
        assert made() is None


def test_equal_texts_are_one_module_while_it_is_in_use() -> None:
    first, second = network(19), network(19)
    assert type(first) is type(second)
    assert getattr(sys.modules[type(first).__module__], type(first).__name__) is type(first)
    assert not hasattr(sys.modules[type(first).__module__], "nothing_of_that_name")
