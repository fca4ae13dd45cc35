"""The state of an unfinished training on disk: one file, replaced whole after each epoch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from whalecore.errors import CheckpointError
from whalecore.files import write_bytes


@dataclass(frozen=True, eq=False)
class State:
    """What a training needs to go on.

    Random numbers are no part of it: each epoch draws them from the seed and its own number.

    Attributes
    ----------
    epoch : int
        Finished epochs.
    metrics : dict of str to float
    tensors : dict of str to Tensor
        Weights and the optimizer's averages.
    """

    epoch: int
    metrics: dict[str, float]
    tensors: dict[str, Tensor]


def write_state(path: Path, key: str, state: State) -> None:
    """Replace the state on disk; a sudden end leaves the one before.

    Raises
    ------
    CheckpointError
        When the file cannot be written.
    """
    metadata = {"key": key, "epoch": str(state.epoch), "metrics": json.dumps(state.metrics)}
    tensors = {name: values.cpu().contiguous() for name, values in state.tensors.items()}
    try:
        write_bytes(path, save(tensors, metadata))
    except OSError as error:
        raise CheckpointError(
            f"The state of the training cannot be written to '{path}' ({error.strerror}): choose a "
            "folder that can be written and has space, and give the same command again."
        ) from error


def read_state(path: Path, key: str) -> State | None:
    """The state under this key, or nothing: then training starts at its beginning.

    A state of other photos or settings, or a damaged one, is no state; it is replaced after the
    first epoch.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("key") != key:
                return None
            return State(
                int(metadata["epoch"]),
                json.loads(metadata["metrics"]),
                {name: file.get_tensor(name) for name in file.keys()},  # noqa: SIM118
            )
    except (SafetensorError, OSError, KeyError, ValueError):
        return None
