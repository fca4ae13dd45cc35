"""How the score falls while a photo is covered in a heatmap's order, and rises the other way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from whalecore.lab.lab import Lab
from whalecore.reliability.bootstrap import mean_effect

if TYPE_CHECKING:
    from whalecore.explain.faithfulness import Curves

KINDS = {"deletion": "covered", "insertion": "uncovered"}
"""Curve to what is done to the photo."""

COLUMNS = ["map", "curve", "share", "value", "low", "high", "photos"]


def curve_rows(model_id: str, curves: Mapping[str, Sequence[Curves]]) -> Iterator[dict]:
    """Rows of table ``heatmap_curves``: the mean curves of photos, by kind of map."""
    for name, ones in curves.items():
        for kind in KINDS:
            for place, share in enumerate(ones[0].shares):
                effect = mean_effect(np.array([getattr(one, kind)[place] for one in ones]))
                yield {
                    "model_id": model_id,
                    "map": name,
                    "curve": kind,
                    "share": float(share),
                    "value": effect.value,
                    "low": effect.low,
                    "high": effect.high,
                    "photos": effect.photos,
                }


def faithful_curves(lab: Lab) -> pd.DataFrame:
    """The curves of the model that was tested last: map, curve, share, value, low, high, photos.

    No rows in a lab whose heatmaps were tested before curves were kept, or never.
    """
    rows = lab.rows("heatmap_curves")
    if not rows:
        return pd.DataFrame(columns=COLUMNS)
    newest = max(rows, key=lambda row: row["made_at"])["model_id"]
    frame = pd.DataFrame([row for row in rows if row["model_id"] == newest])
    return frame[COLUMNS].sort_values(["map", "curve", "share"], ignore_index=True)
