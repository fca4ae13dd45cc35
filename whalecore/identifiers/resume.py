"""The state of an unfinished training on disk: one file, replaced whole after each epoch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from whalecore.errors import CheckpointError
from whalecore.files import write_bytes
from whalecore.identifiers.history import Epoch, as_text, from_text


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
        Weights, their moving average and the optimizer's averages.
    history : tuple of Epoch
        The curves so far.
    """

    epoch: int
    metrics: dict[str, float]
    tensors: dict[str, Tensor]
    history: tuple[Epoch, ...] = ()


def write_state(path: Path, key: str, state: State) -> None:
    """Replace the state on disk; a sudden end leaves the one before.

    Raises
    ------
    CheckpointError
        When the file cannot be written.
    """
    tensors = {name: values.cpu().contiguous() for name, values in state.tensors.items()}
    metadata = {
        "key": key,
        "sha256": _digest(tensors),
        "epoch": str(state.epoch),
        "metrics": json.dumps(state.metrics),
        "history": as_text(state.history),
    }
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
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            if metadata["sha256"] != _digest(tensors):
                return None
            return State(
                int(metadata["epoch"]),
                json.loads(metadata["metrics"]),
                tensors,
                from_text(metadata.get("history", "[]")),
            )
    except (SafetensorError, OSError, KeyError, ValueError):
        return None


def _digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 of names and values: a single wrong bit would lead to another model unnoticed."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].numpy().tobytes())
    return digest.hexdigest()


def gather(
    network: nn.Module, average: nn.Module | None, optimizer: Optimizer
) -> dict[str, Tensor]:
    """The tensors of a training under names of their own."""
    found = {f"network.{name}": values for name, values in network.state_dict().items()}
    if average is not None:
        found |= {f"average.{name}": values for name, values in average.state_dict().items()}
    for row, averages in optimizer.state_dict()["state"].items():
        found |= {f"optimizer.{row}.{name}": values for name, values in averages.items()}
    return found


def put_back(
    tensors: dict[str, Tensor],
    network: nn.Module,
    average: nn.Module | None,
    optimizer: Optimizer,
) -> None:
    """Bring a training to where :func:`gather` found it."""
    parts: dict[str, dict[str, Tensor]] = {"network": {}, "average": {}, "optimizer": {}}
    for name, values in tensors.items():
        part, rest = name.split(".", 1)
        parts[part][rest] = values
    network.load_state_dict(parts["network"])
    if average is not None:
        average.load_state_dict(parts["average"])
    averages: dict[int, dict[str, Tensor]] = {}
    for name, values in parts["optimizer"].items():
        row, kind = name.split(".")
        averages.setdefault(int(row), {})[kind] = values
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": averages, "param_groups": groups})
