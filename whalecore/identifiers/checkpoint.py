"""Identifiers on disk: ``weights.safetensors`` and ``identifier.json``, suspect until checked."""

from __future__ import annotations

import json
from datetime import datetime
from math import isfinite, prod
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from whalecore.errors import CheckpointError, SettingsError
from whalecore.files import write_bytes
from whalecore.identifiers.fingerprint import description
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import Network, check_shape, choose_device
from whalecore.photos.marks import MarkSettings

WEIGHTS = "weights.safetensors"
METADATA = "identifier.json"
MIRRORED = "mirrored_directions"
"""Name of the tensor of that name, which only some identifiers have."""

VERSION = 1
LARGEST_METADATA = 64 * 2**20
LARGEST_SIDE = 4096
PRECISIONS = {"float32": torch.float32, "float16": torch.float16}


def save_identifier(
    identifier: Identifier, folder: Path | str, precision: str = "float32"
) -> Identifier:
    """Write an identifier into a folder and give back what a reader of that folder gets.

    Parameters
    ----------
    precision : str
        ``float32``, or ``float16``: half the size, and weights rounded to about 3 digits, so that
        the identifier given back has another fingerprint than the one handed in.

    Raises
    ------
    SettingsError
        For another precision.
    CheckpointError
        When the folder cannot be written.
    """
    if precision not in PRECISIONS:
        raise SettingsError(
            f"The precision '{precision}' is unknown: choose one of {', '.join(PRECISIONS)}."
        )
    folder = Path(folder)
    kind = PRECISIONS[precision]
    stored = {
        name: (values.to(kind) if values.is_floating_point() else values).cpu().contiguous()
        for name, values in identifier.network.state_dict().items()
    }
    rounded = Network(
        identifier.architecture,
        len(identifier.individuals),
        identifier.network.width,
        identifier.network.scale,
    )
    rounded.load_state_dict(stored)
    rounded.to(identifier.device, memory_format=torch.channels_last)
    mirrored = identifier.mirrored_directions
    if mirrored is not None:
        stored[MIRRORED] = mirrored.to("cpu", kind).contiguous()
        mirrored = stored[MIRRORED].to(mirrored.device, torch.float32)
    kept = identifier.replaced(network=rounded, mirrored_directions=mirrored)
    metadata = {
        "version": VERSION,
        **description(kept),
        "fingerprint": kept.fingerprint,
        "metrics": kept.metrics,
        "trained_at": kept.trained_at.isoformat(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / WEIGHTS, save(stored))
        # Last, because a folder with this file counts as an identifier.
        write_bytes(folder / METADATA, json.dumps(metadata, indent=1).encode())
    except OSError as error:
        raise CheckpointError(
            f"The identifier cannot be written to '{folder}' ({error.strerror}): choose a folder "
            "that can be written and has space."
        ) from error
    return kept


def load_identifier(folder: Path | str, device: str = "auto") -> Identifier:
    """Read an identifier and check that it is whole.

    Parameters
    ----------
    folder : Path
        Holds ``identifier.json`` and ``weights.safetensors``.
    device : str
        ``auto`` (a GPU where there is one), ``cpu`` or ``cuda``.

    Raises
    ------
    CheckpointError
        One sentence: what is missing, damaged or not allowed.
    """
    folder = Path(folder)
    metadata = _read_metadata(folder / METADATA)
    try:
        identifier = _build(folder, metadata)
    except (
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
        OverflowError,
        SettingsError,
    ) as error:
        raise CheckpointError(
            f"'{folder / METADATA}' does not describe an identifier ({_named(error)}): "
            "train it again, or copy it again from where it came."
        ) from error
    if identifier.fingerprint != metadata.get("fingerprint"):
        raise CheckpointError(
            f"The identifier in '{folder}' is not the one that was saved there (its fingerprint "
            "differs): train it again, or copy it again from where it came."
        )
    place = choose_device(device)
    identifier.network.to(place, memory_format=torch.channels_last)
    if identifier.mirrored_directions is not None:
        identifier.mirrored_directions = identifier.mirrored_directions.to(place)
    return identifier


def _read_metadata(path: Path) -> dict:
    if not path.is_file():
        raise CheckpointError(
            f"There is no identifier in '{path.parent}' ({path.name} is missing): train one first."
        )
    try:
        if path.stat().st_size > LARGEST_METADATA:
            raise ValueError("it is too large")
        metadata = json.loads(path.read_text("utf-8"))
        if not isinstance(metadata, dict):
            raise ValueError("it is not an object")
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"'{path}' cannot be read ({error}): train the identifier again, or copy it again "
            "from where it came."
        ) from error
    if metadata.get("version") != VERSION:
        raise CheckpointError(
            f"'{path}' has version {metadata.get('version')!r} and this program reads version "
            f"{VERSION}: train the identifier again, or use the program that made it."
        )
    return metadata


def _build(folder: Path, metadata: dict) -> Identifier:
    """An identifier from checked metadata; any defect raises a ValueError or its like."""
    individuals = metadata["individuals"]
    if not (isinstance(individuals, list) and all(isinstance(name, str) for name in individuals)):
        raise ValueError("individuals must be a list of texts")
    if len(set(individuals)) != len(individuals):
        raise ValueError("an individual is listed twice")
    architecture, width = metadata["architecture"], _whole(metadata, "network_width", 64)
    if not isinstance(architecture, str):
        raise ValueError("architecture must be a text")
    check_shape(architecture, len(individuals), width)
    scale = _number(metadata, "scale")
    with torch.device("meta"):  # Shapes alone, so that nothing is allocated before the check.
        network = Network(architecture, len(individuals), width, scale)
    weights = _read_weights(folder / WEIGHTS, network.state_dict())
    mirrored = weights.pop(MIRRORED, None)
    network.load_state_dict(weights, assign=True)
    preprocessing = metadata["preprocessing"]
    mean = [_number(preprocessing["mean"], channel) for channel in range(3)]
    std = [_number(preprocessing["std"], channel) for channel in range(3)]
    if min(std) <= 0:
        raise ValueError("std must be above 0")
    margin = _number(preprocessing, "margin")
    if not 0 <= margin <= 1:
        raise ValueError("margin must be between 0 and 1")
    metrics = metadata.get("metrics", {})
    return Identifier(
        network,
        individuals,
        _whole(metadata, "input_height", LARGEST_SIDE),
        _whole(metadata, "input_width", LARGEST_SIDE),
        mean,
        std,
        margin,
        _number(metadata, "temperature"),
        {str(name): _number(metrics, name) for name in metrics},
        datetime.fromisoformat(metadata["trained_at"]),
        mirrored_directions=mirrored,
        marks=MarkSettings.from_dict(metadata["marks"]) if "marks" in metadata else None,
        by_photos=metadata.get("by_photos", False) is True,
    )


def _read_weights(path: Path, wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(
            f"'{path}' is missing: train the identifier again, or copy both of its files."
        )
    try:
        with safe_open(path, framework="pt") as file:
            names = set(file.keys())
            if MIRRORED in names:
                wanted = {**wanted, MIRRORED: wanted["directions"]}
            if names != set(wanted):
                odd = sorted(names ^ set(wanted))[0]
                raise ValueError(f"{odd[:80]!r} is missing or unexpected")
            for name, values in wanted.items():
                shape = file.get_slice(name).get_shape()
                if list(shape) != list(values.shape):
                    raise ValueError(f"{name} has shape {shape}, not {list(values.shape)}")
            found = {name: file.get_tensor(name) for name in wanted}
        for name, values in found.items():
            if prod(values.shape) and not torch.isfinite(values).all():
                raise ValueError(f"{name} holds values that are not numbers")
            found[name] = values.to(wanted[name].dtype).clone()
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"The weights '{path}' cannot be used ({error}): train the identifier again, or copy "
            "it again from where it came."
        ) from error
    return found


def _number(mapping: dict | list, key: str | int) -> float:
    value = mapping[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{key} must be a number")
    return float(value)


def _whole(mapping: dict, key: str, largest: int) -> int:
    value = mapping[key]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise ValueError(f"{key} must be a whole number from 1 to {largest}")
    return value


def _named(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error).rstrip(".")
