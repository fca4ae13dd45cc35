"""Whether a heatmap depends on what the network learned: its weights are shuffled, block by block.

An explanation that stays the same shows edges of the photo, not what the network uses.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from whalecore.errors import SettingsError
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import Network

BLOCKS = ("head", "neck", "layer4", "layer3", "layer2", "layer1", "stem")
"""From the top of the network down; the head are the directions of the individuals."""

Explain = Callable[[Identifier, torch.Tensor, str], np.ndarray]
"""Identifier, prepared photo and individual to heatmap."""


def randomisation(
    identifier: Identifier,
    prepared: torch.Tensor,
    individual: str,
    explain: Explain,
    down_to: Sequence[str] = BLOCKS,
    seed: int = 0,
) -> dict[str, float]:
    """Compare the heatmap with those of networks that forgot ever more, from the top down.

    Parameters
    ----------
    identifier : Identifier
    prepared : Tensor of shape (3, height, width)
    individual : str
    explain : callable
        Makes the heatmap; called once more than there are stages.
    down_to : sequence of str
        Stages to compare at, of `BLOCKS`: ``layer3`` means that head, neck, layer4 and layer3 are
        shuffled. The last one, ``stem``, leaves nothing that was learned.
    seed : int

    Returns
    -------
    dict of str to float
        By stage, the rank correlation (Spearman) of the heatmaps, -1 to 1; 0 where the heatmap of
        the shuffled network is the same everywhere.

    Raises
    ------
    SettingsError
        If a stage is unknown.

    References
    ----------
    Adebayo et al. 2018, "Sanity Checks for Saliency Maps", cascading randomisation.
    """
    wanted = [block for block in BLOCKS if block in set(down_to)]
    unknown = [block for block in down_to if block not in BLOCKS]
    if unknown or not wanted:
        raise SettingsError(
            f"The stages {list(down_to)} cannot be compared at: choose some of {', '.join(BLOCKS)}."
        )
    trained = explain(identifier, prepared, individual)
    return {
        block: rank_correlation(
            trained, explain(shuffled(identifier, block, seed), prepared, individual)
        )
        for block in wanted
    }


def shuffled(identifier: Identifier, down_to: str = "stem", seed: int = 0) -> Identifier:
    """The identifier with the weights of its upper blocks in a random order.

    Every tensor keeps its values, so that the network stays in the range it had; only where they
    stand is forgotten. The statistics of the normalisations are shuffled like weights.

    Parameters
    ----------
    down_to : str
        The lowest of the `BLOCKS` that is shuffled, with all above it.
    """
    network = copy.deepcopy(identifier.network)
    generator = torch.Generator().manual_seed(seed)
    for block in BLOCKS[: BLOCKS.index(down_to) + 1]:
        for values in _weights(network, block):
            order = torch.randperm(values.numel(), generator=generator).to(values.device)
            values.copy_(values.flatten()[order].view(values.shape))
    return identifier.replaced(network=network)


def rank_correlation(heatmap: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation of two grids of the same shape; 0 where one is constant."""
    from scipy.stats import spearmanr

    one, two = np.ravel(heatmap), np.ravel(other)
    if np.ptp(one) == 0 or np.ptp(two) == 0:
        return 0.0
    return float(spearmanr(one, two).statistic)


def _weights(network: Network, block: str) -> list[torch.Tensor]:
    """The numbers of a block that training changes."""
    if block == "head":
        return [network.directions.data]
    module: nn.Module = network.get_submodule(block)
    values = [*module.parameters(), *module.buffers()]
    return [one.data for one in values if one.is_floating_point()]
