"""What it looks like when the memory does not suffice."""

from __future__ import annotations

import torch

from whalecore.errors import SettingsError

SIGNS = (
    "defaultcpuallocator",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "out of memory",
    "alloc_failed",
)
"""Words of errors that have no class of their own: those of the processor's memory, and those of a
GPU's libraries."""


def is_shortage(error: BaseException) -> bool:
    """Whether an error says that there is too little memory, on a GPU or on the processor."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in words for sign in SIGNS)


def too_little_memory(device: torch.device, what: str = "a single covered photo") -> SettingsError:
    """What a person is told where not even the least that can be computed fits."""
    if device.type == "cuda":
        return SettingsError(
            f"The GPU has too little memory left for {what}: close other programs that use it, or "
            "choose the device 'cpu'."
        )
    return SettingsError(
        f"The computer has too little memory left for {what}: close other programs, or use a model "
        "with a smaller input."
    )
