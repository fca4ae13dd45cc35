"""Grad-CAM: which places of a block's output raise an individual's logit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

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
    for layer in layers:
        GradCamSettings(layer)
    columns = columns_of(identifier, individuals)
    maps: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
    with torch.inference_mode(False), torch.enable_grad():
        # A photo prepared in inference mode cannot enter a graph; its copy can.
        batch = prepared_input(identifier, photo)[None].clone()
        activations, logits = identifier.activations(batch, layers)
        blocks = [activations[layer] for layer in layers]
        for column in columns:
            gradients = torch.autograd.grad(logits[0, column], blocks, retain_graph=True)
            for layer, block, gradient in zip(layers, blocks, gradients, strict=True):
                weights = gradient.mean(dim=(2, 3), keepdim=True)
                cam = (weights * block).sum(dim=1)[0].clamp(min=0)
                maps[layer].append(cam.detach().float().cpu().numpy())
    return {layer: np.stack(cams) for layer, cams in maps.items()}
