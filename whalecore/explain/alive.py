"""How much memory the tensors that a piece of work makes take at most."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class AliveBytes(TorchDispatchMode):
    """Counts the bytes of all tensors made while it is entered, as long as each is alive.

    What libraries use inside one operation is not seen.

    Attributes
    ----------
    now, most : int
        Bytes alive at this moment, and at the worst one so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None) -> Any:
        known_before = {
            id(leaf.untyped_storage()) for leaf in tree_leaves((args, kwargs)) if _is_tensor(leaf)
        }
        made = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(made):
            if _is_tensor(leaf):
                self._note(leaf.untyped_storage(), known_before)
        return made

    def _note(self, storage: torch.UntypedStorage, known_before: set[int]) -> None:
        name = id(storage)
        if name in self._known or name in known_before:
            return
        self._known.add(name)
        self.now += storage.nbytes()
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._forget, name, storage.nbytes())

    def _forget(self, name: int, size: int) -> None:
        self._known.discard(name)
        self.now -= size


def _is_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor)
