"""What the figures of a report are called."""

from __future__ import annotations

from whalecore.reliability.metrics import wilson_interval
from whalecore.verdict_words import EVIDENCE, FIGURES, fine_percent

FURTHER = {
    "margin": "Lead over the second candidate (logarithm)",
    "max_logit": "Raw score of the first candidate",
    "cluster": "Cluster of the heatmap",
    "cluster_heatmaps": "Other heatmaps in this cluster",
    "membership": "Similar heatmaps in the same cluster",
    "crop_source": "Where the crop comes from",
    "unlike": "Heatmap unlike any cluster",
    "encounter_photos": "Other photos of the same sighting",
}
"""Evidence that only a full list shows."""

GAINS = {
    "heatmap_gain_brier": "the probabilities (Brier score)",
    "heatmap_gain_risk_coverage": "the order in which photos are accepted (area under the "
    "risk-coverage curve)",
    "heatmap_gain_auroc": "telling right from wrong first candidates (AUROC)",
}


def metric_words(metric: str) -> str:
    """What a metric is called."""
    return FIGURES.get(metric, metric.replace("_", " ").capitalize())


def evidence_words(name: str) -> str:
    """What a piece of evidence is called."""
    if name in EVIDENCE:
        return EVIDENCE[name][0]
    return FURTHER.get(name, name.replace("_", " ").capitalize())


def gain_words(metric: str, value: float, low: float, high: float, photos: float) -> str:
    """Whether the heatmaps' evidence adds something, plainly.

    Parameters
    ----------
    value, low, high : float
        The gain, positive where the heatmaps help, and its 95 % interval.
    """
    behind = f"{value:+.4f}, {low:+.4f} to {high:+.4f}, on {int(photos)} photos"
    what = GAINS[metric]
    if low > 0:
        return f"The heatmaps improve {what}: {behind}."
    if high < 0:
        return f"The heatmaps make {what} worse: {behind}."
    return f"The heatmaps are not shown to add anything to {what}: {behind}."


def interval_words(count: int, total: int) -> str:
    """A share with its 95 % Wilson interval."""
    low, high = wilson_interval(count, total)
    return f"{fine_percent(count / total)}, interval {fine_percent(low)} to {fine_percent(high)}"
