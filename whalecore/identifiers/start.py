"""Where a training begins: the network before it, and what the optimizer may shrink."""

from __future__ import annotations

import warnings

from whalecore.errors import CheckpointError
from whalecore.identifiers.network import FULL_WIDTH, Network, build_network
from whalecore.identifiers.settings import TrainingSettings


def starting_network(settings: TrainingSettings, individuals: int) -> Network:
    """The network before training; 'auto' falls back on chance, with a warning."""

    def build(weights: str) -> Network:
        return build_network(
            settings.architecture, individuals, settings.network_width, weights, settings.scale
        )

    if settings.weights != "auto":
        return build(settings.weights)
    if settings.network_width != FULL_WIDTH:
        return build("none")
    try:
        return build("imagenet")
    except CheckpointError as error:
        warnings.warn(f"Training starts from chance and will be less sure. {error}", stacklevel=4)
        return build("none")


def parameter_groups(network: Network, weight_decay: float) -> list[dict]:
    """Weights shrink; normalisations and directions, whose length has no effect, do not."""
    shrinking = [values for name, values in network.named_parameters() if values.ndim == 4]
    others = [values for name, values in network.named_parameters() if values.ndim != 4]
    return [
        {"params": shrinking, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
