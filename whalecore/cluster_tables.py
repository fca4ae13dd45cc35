"""Figures of several clusters beside each other, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from whalecore.cluster_words import label_of
from whalecore.clusters.stability import UNSTABLE
from whalecore.plain_words import percent

PAIR = {
    "Heatmaps": lambda row: f"{int(row['heatmaps']):,}",
    "Photos": lambda row: f"{int(row['photos']):,}",
    "Heatmaps of the right individual": lambda row: (
        f"{percent(row['share_correct'])} ({percent(row['share_correct_low'])} to "
        f"{percent(row['share_correct_high'])})"
    ),
    "First candidate right": lambda row: percent(row["identified_correct"]),
    "Mean score": lambda row: f"{row['mean_score']:.2f}",
    "Standard deviation of the score": lambda row: f"{row['score_deviation']:.2f}",
    "Stability": lambda row: percent(row["stability"]),
    "New whales": lambda row: percent(row["new_share"]),
    "Quality problems": lambda row: percent(row["problem_share"]),
}
"""What is said of two clusters, and how."""


def pair_table(first: pd.Series, second: pd.Series) -> pd.DataFrame:
    """Figures of two clusters beside each other.

    Parameters
    ----------
    first, second : Series
        Rows of the correctness with ``stability``, ``name``, ``new_share``, ``problem_share``.

    Returns
    -------
    DataFrame
        ``Figure`` and a column a cluster, all in words.
    """
    named = [f"Cluster {label_in(row)}" for row in (first, second)]
    rows = [
        {"Figure": title, **dict(zip(named, (words(first), words(second)), strict=True))}
        for title, words in PAIR.items()
    ]
    return pd.DataFrame(rows, columns=["Figure", *named])


def label_in(row: pd.Series) -> str:
    """The label of a cluster beside its figures; marked where it is unstable."""
    return label_of(int(row["cluster"]), row["name"], row["stability"])


def family_table(correctness: pd.DataFrame, families: Sequence[int]) -> pd.DataFrame:
    """Figures of families of clusters, each cluster counting by its heatmaps.

    Parameters
    ----------
    correctness : DataFrame
        Of the clusters, with ``name`` and ``stability``.
    families : sequence of int
        Family of each row.

    Returns
    -------
    DataFrame
        ``Family``, ``Clusters`` (their numbers and names, unstable ones marked), ``Heatmaps``,
        ``In unstable clusters`` (share of the heatmaps), ``Right individual``, ``Mean score`` (all
        0 to 1).
    """
    rows = []
    for family, own in correctness.groupby(np.asarray(families), sort=True):
        weights = own["heatmaps"]
        loose = own["stability"] < UNSTABLE
        rows.append(
            {
                "Family": int(family),
                "Clusters": ", ".join(label_in(row) for _, row in own.iterrows()),
                "Heatmaps": int(weights.sum()),
                "In unstable clusters": _mean(loose, weights),
                "Right individual": _mean(own["share_correct"], weights),
                "Mean score": _mean(own["mean_score"], weights),
            }
        )
    return pd.DataFrame(rows)


def _mean(values: pd.Series, weights: pd.Series) -> float:
    """Mean as a table shows it, to a hundredth."""
    return round(float(np.average(values, weights=weights)), 2)


def figure_table(correctness: pd.DataFrame) -> pd.DataFrame:
    """All figures of clusters, to be sorted by any of them.

    Parameters
    ----------
    correctness : DataFrame
        With ``stability``, ``name``, ``new_share`` and ``problem_share``.
    """
    names = {title: correctness[column] for title, column in FIGURES.items()}
    labels = [label_in(row) for _, row in correctness.iterrows()]
    return pd.DataFrame({"Cluster": labels, **names}).reset_index(drop=True)


FIGURES = {
    "Heatmaps": "heatmaps",
    "Right individual": "share_correct",
    "Mean score": "mean_score",
    "Stability": "stability",
    "New whales": "new_share",
    "Quality problems": "problem_share",
}
"""Title and column of the figures that clusters are sorted by."""
