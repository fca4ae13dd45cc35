"""Occlusion maps of one photo that grow, are kept on the way and go on where they stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from whalecore.types import (
    Computing,
    HeatmapSettings,
    OcclusionMaps,
    OcclusionSettings,
    Photo,
    Prediction,
    Report,
    silent,
)

if TYPE_CHECKING:
    from whalecore.identifiers.identifier import AnyIdentifier
    from whalecore.lab.heatmaps import LabHeatmaps

Keep = Callable[[str, Sequence[Mapping[str, Any]]], object]
"""What stores rows of a table."""


def growing_heatmaps(
    lab: LabHeatmaps,
    identifier: AnyIdentifier,
    photo: Photo,
    prediction: Prediction,
    settings: OcclusionSettings,
    computing: Computing | None = None,
    report: Report = silent,
    pause: float = 0.0,
    keep: Keep | None = None,
    doubled: bool = False,
    guided: bool = False,
) -> Iterator[OcclusionMaps]:
    """Compute the occlusion maps of a photo's candidates, coarse to fine.

    What an earlier call left unfinished is taken over. However this one ends, what it computed is
    kept: finished maps as heatmaps, others as unfinished ones.

    Parameters
    ----------
    pause : float
        Seconds that pass at least before unfinished maps are stored again: what a sudden end
        may cost, beside the level that is being computed.
    keep : callable, optional
        Stores the rows; ``lab.write`` when not given.
    doubled : bool
        Whether to store also, without a pause, what is twice as much as was stored before.
    guided : bool
        For somebody who watches; see `whalecore.explain.occlusion.growing_maps`.

    Yields
    ------
    OcclusionMaps
        After each level; the last one is finished. Stop at any, by closing the generator.
    """
    # Here, so that a lab can be read without loading torch.
    from whalecore.explain.occlusion import begun_maps, grown_maps

    keep = keep or lab.write
    prepared = identifier.prepare(photo, prediction.crop.box)
    making = begun_maps(identifier, prepared, prediction.individuals, settings, computing)
    start = unfinished_maps(lab, prediction, settings, making.computing)
    if start is not None:
        making.take_over(start)
    newest = kept = start
    kept_at, finished = time.monotonic(), False
    try:
        for newest in grown_maps(making, report, guided):
            first = kept is None
            if first:
                # Somebody waits for it, and storing it takes longer than computing it again.
                yield newest
            stored = kept.computed.sum() if kept is not None else 0
            much = doubled and newest.computed.sum() >= 2 * stored
            if not newest.complete and (much or time.monotonic() - kept_at >= pause):
                keep("unfinished_heatmaps", unfinished_rows(prediction, settings, newest))
                kept, kept_at = newest, time.monotonic()
            if not first:
                yield newest
        finished = True
    finally:
        if finished or (newest is not start and newest.complete):
            keep("heatmaps", occlusion_rows(prediction, settings, newest))
        elif newest is not kept:
            keep("unfinished_heatmaps", unfinished_rows(prediction, settings, newest))


def unfinished_maps(
    lab: LabHeatmaps, prediction: Prediction, settings: OcclusionSettings, computing: Computing
) -> OcclusionMaps | None:
    """What an earlier call computed and this one can go on from; None without.

    Parameters
    ----------
    computing : Computing
        By what means the maps really are computed: brute force is of full precision, whatever was
        asked for.
    """
    rows = {
        row["individual"]: row
        for row in lab.rows(
            "unfinished_heatmaps",
            model_id=prediction.heatmap_model,
            photo_id=prediction.photo_id,
            crop=prediction.crop.box.key,
            method=settings.method,
            settings=settings.key,
        )
    }
    if not set(prediction.individuals) <= rows.keys():
        return None
    chosen = [rows[individual] for individual in prediction.individuals]
    values = np.stack([_grid(row) for row in chosen])
    computed = ~np.isnan(values)
    if not (computed == computed[0]).all():
        return None
    maps = OcclusionMaps(prediction.individuals, values, computed[0], chosen[0]["engine"])
    # Values of one precision are no part of a map of another, whose error would not be known.
    return maps if maps.precision == computing.precision else None


def occlusion_rows(
    prediction: Prediction, settings: OcclusionSettings, maps: OcclusionMaps
) -> list[dict]:
    """Rows of table ``heatmaps`` for finished occlusion maps."""
    about = {"engine": maps.engine, "computed": int(maps.computed.sum())}
    unknown = (None,) * len(maps.individuals)
    errors = zip(maps.correlation or unknown, maps.deviation or unknown, strict=True)
    return [
        {**row, **about, "correlation": correlation, "deviation": deviation}
        for row, (correlation, deviation) in zip(
            heatmap_rows(prediction, settings, maps.values), errors, strict=True
        )
    ]


def unfinished_rows(
    prediction: Prediction, settings: OcclusionSettings, maps: OcclusionMaps
) -> list[dict]:
    """Rows of table ``unfinished_heatmaps``: nothing but what is computed."""
    about = {"engine": maps.engine, "computed": int(maps.computed.sum())}
    values = np.where(maps.computed, maps.values, np.nan)
    return [{**row, **about} for row in heatmap_rows(prediction, settings, values)]


def heatmap_rows(prediction: Prediction, settings: HeatmapSettings, maps: np.ndarray) -> list[dict]:
    """Rows of table ``heatmaps`` for the maps (candidates, rows, cols) of one photo."""
    return [
        {
            "model_id": prediction.heatmap_model,
            "photo_id": prediction.photo_id,
            "crop": prediction.crop.box.key,
            "individual": candidate.individual,
            "method": settings.method,
            "settings": settings.key,
            "rank": candidate.rank,
            "score": candidate.score,
            "rows": values.shape[0],
            "cols": values.shape[1],
            "values": values,
        }
        for candidate, values in zip(prediction.candidates, maps, strict=True)
    ]


def _grid(row: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(row["values"], np.float32).reshape(row["rows"], row["cols"])
