"""Rasa without TensorFlow: its neural components import it, ours use none of them (``bot/config.yml``), and loading it
costs half of the memory and half of the start.

``leave_out()`` before Rasa is imported. What Rasa's modules then find in its place are empty classes, enough to be
named, to stand in a type and to be inherited from. A pipeline with one of those components fails as soon as it makes
one, with a message that names this file.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any

#: Packages that only Rasa's neural components import.
LEFT_OUT = frozenset({"tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras"})


class NotLoaded(RuntimeError):
    """Something needs TensorFlow after all."""


class _Empty(type):
    """Whatever is asked of it is one more of its kind; called as a decorator, it gives back what it decorates."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing(name)

    def __call__(cls, *given: Any, **named: Any) -> Any:
        if cls.__module__ != __name__:  # a class of Rasa's, which inherits from one of these
            raise NotLoaded(f"{cls.__name__} needs TensorFlow, which bot/without_tensorflow.py leaves out")
        decorates = len(given) == 1 and not named and isinstance(given[0], types.FunctionType | type)
        return given[0] if decorates else cls


def _nothing(name: str) -> type:
    return _Empty(name, (), {"__module__": __name__})


class _Module(types.ModuleType):
    __path__: list[str] = []  # noqa: RUF012 (Python's own name and form: it may have modules below it)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing(name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in LEFT_OUT:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


def leave_out() -> None:
    """From now on nobody in this process finds TensorFlow. Does nothing where it is loaded already."""
    if not LEFT_OUT & sys.modules.keys() and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
