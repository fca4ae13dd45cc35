"""Grad-CAM: which places of a block's output raise an individual's logit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from whalecore.errors import SettingsError
from whalecore.explain.inputs import columns_of, prepared_input
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import GradCamSettings, Photo


def grad_cam(
    identifier: AnyIdentifier,
    photo: Photo | torch.Tensor,
    individual: str | Sequence[str],
    layer: str = "layer4",
) -> np.ndarray:
    """Return the Grad-CAM map of one layer.

    Parameters
    ----------
    identifier : AnyIdentifier
    photo : Photo or Tensor of shape (3, height, width)
    individual : str or sequence of str
        One individual, or several explained by one forward pass.
    layer : str
        ``layer1`` to ``layer4``.

    Returns
    -------
    ndarray of shape (rows, cols), float32
        With a leading axis of individuals if a sequence was given. At least 0, in units of
        logit per unit of activation, on the layer's own grid.

    Raises
    ------
    SettingsError
        If the layer or an individual is unknown.
    """
    maps = grad_cams(identifier, photo, individual, (layer,))[layer]
    return maps[0] if isinstance(individual, str) else maps


def grad_cams(
    identifier: AnyIdentifier,
    photo: Photo | torch.Tensor,
    individuals: str | Sequence[str],
    layers: Sequence[str],
) -> dict[str, np.ndarray]:
    """Return the Grad-CAM maps of several individuals and layers from one forward pass.

    The weight of a channel is the gradient of the individual's logit, averaged over
    positions; the map is the weighted sum of the channels without its negative part.

    Returns
    -------
    dict of str to ndarray of shape (individuals, rows, cols), float32
        By layer.

    Raises
    ------
    SettingsError
        If a layer or an individual is unknown.

    References
    ----------
    Selvaraju et al. 2017, equations 1 and 2.
    """
    names = (individuals,) if isinstance(individuals, str) else tuple(individuals)
    prepared = prepared_input(identifier, photo)
    maps = grad_cams_of(identifier, prepared[None], [names], layers)
    return {layer: stack[0] for layer, stack in maps.items()}


def grad_cams_of(
    identifier: AnyIdentifier,
    batch: torch.Tensor,
    individuals: Sequence[Sequence[str]],
    layers: Sequence[str],
) -> dict[str, np.ndarray]:
    """Return the Grad-CAM maps of several photos from one forward pass.

    Parameters
    ----------
    identifier : AnyIdentifier
    batch : Tensor of shape (photos, 3, height, width)
        Prepared.
    individuals : sequence of sequence of str
        Those of each photo, equally many for all.
    layers : sequence of str
        Some of ``layer1`` to ``layer4``.

    Returns
    -------
    dict of str to ndarray of shape (photos, individuals, rows, cols), float32
        By layer.

    Raises
    ------
    SettingsError
        If a layer or an individual is unknown, or photos and individuals do not fit together.
    """
    for layer in layers:
        GradCamSettings(layer)
    if batch.ndim != 4:
        raise SettingsError(
            f"Prepared photos have the shape (photos, channels, height, width), not "
            f"{tuple(batch.shape)}: stack them along a first axis."
        )
    counts = {len(names) for names in individuals}
    if len(individuals) != len(batch) or len(counts) != 1:
        raise SettingsError(
            f"{len(batch)} photos came with individuals for {len(individuals)}, between "
            f"{min(counts, default=0)} and {max(counts, default=0)} each: name equally many "
            "individuals for every photo."
        )
    columns = [columns_of(identifier, names) for names in individuals]
    maps: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
    with torch.inference_mode(False), torch.enable_grad():
        # Photos prepared in inference mode cannot enter a graph; their copy can.
        images = batch.to(identifier.device).clone()
        activations, logits = identifier.activations(images, layers)
        blocks = [activations[layer] for layer in layers]
        for one_each in zip(*columns, strict=True):
            # Photos do not mix, so the gradient of the sum holds every photo's own gradient.
            total = sum(row[column] for row, column in zip(logits, one_each, strict=True))
            gradients = torch.autograd.grad(total, blocks, retain_graph=True)
            for layer, block, gradient in zip(layers, blocks, gradients, strict=True):
                weights = gradient.mean(dim=(2, 3), keepdim=True)
                cams = (weights * block).sum(dim=1).clamp(min=0)
                maps[layer].append(cams.detach().float().cpu().numpy())
    return {layer: np.stack(cams, axis=1) for layer, cams in maps.items()}
