"""How much memory heatmaps may take where nobody said so."""

from __future__ import annotations

from dataclasses import replace

import torch

from whalecore.types import LEAST_MEMORY, Computing

ON_PROCESSOR = 2048
"""MiB."""

OF_FREE = 0.5
"""Share of what a GPU has free: libraries take some more, and so may other programs later."""


def with_memory(computing: Computing, device: torch.device) -> Computing:
    """The same means, with the usual memory of the device where none is given."""
    if computing.memory is not None:
        return computing
    return replace(computing, memory=usual_memory(device))


def usual_memory(device: torch.device) -> int:
    """In MiB: half of what a GPU has free at this moment, and 2,048 on a processor."""
    if device.type != "cuda":
        return ON_PROCESSOR
    free, _ = torch.cuda.mem_get_info(device)
    # What torch keeps of tensors that are gone is free for the next ones.
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return max(LEAST_MEMORY, int((free + kept) * OF_FREE) // 2**20)
