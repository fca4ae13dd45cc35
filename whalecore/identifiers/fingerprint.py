"""What tells identifiers apart: everything that their scores depend on."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import Identifier


def fingerprint(identifier: Identifier) -> str:
    """SHA-256 of all that a score depends on; see `description`.

    Weights count as the float32 numbers in memory, so that a file in half precision has the
    fingerprint of the identifier that is read from it.
    """
    digest = hashlib.sha256(json.dumps(description(identifier), sort_keys=True).encode())
    for name, values in sorted(identifier.network.state_dict().items()):
        digest.update(name.encode())
        digest.update(values.detach().cpu().contiguous().numpy().tobytes())
    if identifier.mirrored_directions is not None:
        digest.update(b"mirrored_directions")
        digest.update(identifier.mirrored_directions.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def description(identifier: Identifier) -> dict:
    """Everything a score depends on beside the weights, as JSON."""
    found = {
        "architecture": identifier.architecture,
        "network_width": identifier.network.width,
        "scale": identifier.network.scale,
        "individuals": list(identifier.individuals),
        "input_height": identifier.height,
        "input_width": identifier.width,
        "preprocessing": {
            "mean": list(identifier.mean),
            "std": list(identifier.std),
            "margin": identifier.margin,
        },
        "temperature": identifier.temperature,
    }
    if identifier.by_photos:
        found["by_photos"] = True
    if identifier.marks is not None:
        found["marks"] = identifier.marks.to_dict()
    return found
