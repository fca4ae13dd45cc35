"""Look at photos of each cluster, to say what its heatmaps rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from whalecore.clusters.meaning import (
    ClusterMeaning,
    Surroundings,
    describe_clusters,
    mass_shares,
)
from whalecore.errors import WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.photos.crop import MARGIN, clip, cut, widen
from whalecore.photos.printed import printed_rows
from whalecore.photos.silhouette import HEIGHT, WIDTH, silhouette
from whalecore.types import Box, HeatmapSet

if TYPE_CHECKING:
    from whalecore.clusters.clustering import Clustering

LOOKED_AT = 40
"""Most heatmaps of a cluster whose photos are looked at."""

BLURRED = 25
"""Percentile of the photos' sharpness below which a photo counts as blurred."""


def cluster_meanings(
    lab: Lab, heatmaps: HeatmapSet, clustering: Clustering, seed: int = 0
) -> list[ClusterMeaning]:
    """Describe what each cluster of a lab rests on.

    A photo counts as blurred when it is among the least sharp quarter of the clustered photos,
    and as one of a new whale when the catalogue gives it no individual, or one that the model
    which made the heatmap never learned. Background and printed text are looked for on the photos
    of at most 40 heatmaps of each cluster.

    Parameters
    ----------
    heatmaps : HeatmapSet
        The clustered heatmaps; with several parts, those of the first.
    clustering : Clustering
    seed : int
        Of the heatmaps that are looked at.

    Returns
    -------
    list of ClusterMeaning
        By number of the cluster.
    """
    rows = {row["photo_id"]: row for row in lab.rows("photos")}
    known = [rows.get(photo_id, {}) for photo_id in heatmaps.photo_ids]
    sharpness = np.array([row.get("sharpness") for row in known], np.float64)
    single = np.array(list(dict(zip(heatmaps.photo_ids, sharpness, strict=True)).values()))
    single = single[~np.isnan(single)]
    limit = np.percentile(single, BLURRED) if len(single) else 0.0
    places = _sample(clustering.labels, seed)
    return describe_clusters(
        clustering.labels,
        heatmaps.values,
        heatmaps.individuals,
        blurred=sharpness < limit,
        new=_of_new_whales(lab, heatmaps, known),
        surroundings=surroundings_of(lab, heatmaps, places),
        photographed=[row.get("catalogue_individual") for row in known],
        aligned=clustering.projection.aligned,
    )


def _of_new_whales(lab: Lab, heatmaps: HeatmapSet, rows: Sequence[dict]) -> np.ndarray:
    """Whether each heatmap's photo shows an individual that its model never learned, or none."""
    models = {row["model_id"]: set(row["individuals"]) for row in lab.rows("models")}
    named = [row.get("catalogue_individual") for row in rows]
    return np.array(
        [
            name is None or (model in models and name not in models[model])
            for name, model in zip(named, heatmaps.model_ids, strict=True)
        ]
    )


def surroundings_of(
    lab: Lab,
    heatmaps: HeatmapSet,
    places: Iterable[int],
    rows: Mapping[str, dict] | None = None,
) -> Surroundings:
    """Look where crops show something else than the fluke.

    Parameters
    ----------
    heatmaps : HeatmapSet
    places : iterable of int
        Heatmaps whose photos are looked at; each photo is read once.
    rows : mapping of str to dict, optional
        Photos by id, where their crops are not those of the lab.

    Returns
    -------
    Surroundings
        Of all heatmaps; nan for those not looked at, and those whose photo cannot be read.
    """
    if rows is None:
        rows = {row["photo_id"]: row for row in lab.rows("photos")}
    found = np.full((4, len(heatmaps)), np.nan, np.float32)
    shape = heatmaps.values.shape[1:]
    masks: dict[str, np.ndarray | None] = {}
    for place in places:
        photo_id = heatmaps.photo_ids[place]
        if photo_id not in masks:
            masks[photo_id] = _masks(lab, rows.get(photo_id), shape)
        seen = masks[photo_id]
        if seen is not None:
            shares = mass_shares(heatmaps.values[place : place + 1], seen)[0]
            areas = seen.mean(axis=(1, 2))
            found[:, place] = shares[0], areas[0], shares[1], areas[1]
    return Surroundings(*found)


def _sample(labels: np.ndarray, seed: int) -> list[int]:
    """Places of at most 40 heatmaps of each cluster."""
    random = np.random.default_rng(seed)
    chosen: list[int] = []
    for cluster in np.unique(labels):
        places = np.flatnonzero(labels == cluster)
        if len(places) > LOOKED_AT:
            places = random.choice(places, LOOKED_AT, replace=False)
        chosen += np.sort(places).tolist()
    return chosen


def _masks(lab: Lab, row: dict | None, shape: tuple[int, int]) -> np.ndarray | None:
    """Share of each cell beside the fluke and on printed text, or None without the photo.

    Returns
    -------
    ndarray of shape (2, rows, cols), float32
    """
    if row is None or row["crop_x0"] is None:
        return None
    try:
        photo = lab.read_photo(row)
        crop = Box(*(row[f"crop_{edge}"] for edge in ("x0", "y0", "x1", "y1")))
        box = clip(widen(crop, MARGIN), photo)
        beside = ~silhouette(cut(photo, crop, 4 * HEIGHT, 4 * WIDTH))
    except WhalecoreError:
        return None
    text = np.repeat(printed_rows(photo.pixels)[:, None], photo.width, axis=1)
    return np.stack([_cells(beside, shape), _cells(text, shape, (box.x0, box.y0, box.x1, box.y1))])


def _cells(
    mask: np.ndarray, shape: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> np.ndarray:
    """Share of each cell of a heatmap that a mask, or the part of it in a box, covers."""
    picture = Image.fromarray(mask.astype(np.float32))
    return np.asarray(picture.resize(shape[::-1], Image.Resampling.BOX, box=box), np.float32)
