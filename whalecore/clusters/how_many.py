"""How many clusters may be asked for, and how many are looked for."""

from __future__ import annotations

from whalecore.clusters.affinity import GAPS
from whalecore.errors import SettingsError

FEWEST_EACH = 10
"""Heatmaps that a cluster has at least on average: fewer say nothing about the cluster."""


def most_groups(count: int) -> int:
    """Clusters that the eigengap may choose: of ten heatmaps each on average, and at most 60."""
    return max(2, min(GAPS, count // FEWEST_EACH))


def check_clusters(clusters: int | str, heatmaps: int) -> None:
    """Refuse a number of clusters that so many heatmaps cannot form.

    Parameters
    ----------
    clusters : int or 'auto'
    heatmaps : int

    Raises
    ------
    SettingsError
        If it is below 2, above the number of heatmaps, or another word.
    """
    if clusters == "auto":
        clusters = 2
    if isinstance(clusters, str):
        raise SettingsError(
            f"The number of clusters '{clusters}' is unknown: use a number from 2, or 'auto'."
        )
    if clusters < 2:
        raise SettingsError(f"{clusters} clusters are too few: ask for at least 2.")
    if heatmaps < clusters:
        raise SettingsError(
            f"{heatmaps} heatmaps cannot form {clusters} clusters: compute more heatmaps or "
            "ask for fewer clusters."
        )
