"""Measurements as lines for people and as objects for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from whalecore.workflow.bench.clusters import Row as ClusterRow
from whalecore.workflow.bench.osm import Row

HEADINGS = {
    "network": "network",
    "height": "height",
    "width": "width",
    "patch": "patch",
    "stride": "stride",
    "engine": "engine",
    "seconds_per_position": "s/position",
    "speedup_reference": "x reference",
    "speedup_captum": "x captum",
    "max_deviation": "deviation",
    "correlation": "correlation",
    "setup_seconds": "setup s",
    "map_seconds": "map s",
}

LEGEND = (
    "All engines take turns on one drawing with untrained networks; medians over the turns.",
    "x reference, x captum: times faster than brute force and than Captum.",
    "Deviation: largest difference from the reference on the positions that both computed, as a "
    "share of the map's range; correlation on the same positions. Of the fast mode, whose map is "
    "of stride 1: on a random sample of the positions that it estimated; maps of trained networks "
    "are smoother, and estimated better.",
    "Setup: once per photo. Map: setup and all positions.",
)

CLUSTER_HEADINGS = {
    "heatmaps": "heatmaps",
    "rows": "rows",
    "cols": "cols",
    "method": "method",
    "variant": "variant",
    "sigma": "sigma",
    "seconds": "s",
    "before_mb": "before MiB",
    "peak_mb": "peak MiB",
    "ari_truth": "ARI to the kinds",
    "ari_exact": "ARI to exact",
}

CLUSTER_LEGEND = (
    "Each method groups the same synthetic heatmaps of planted kinds in a fresh process.",
    "s: from heatmaps in memory to clusters; pooling, scaling and PCA are in everybody's time. "
    "That of exact and scale also holds the choice of sigma (rbf is given that of exact) and the "
    "stability of every cluster.",
    "Before, peak: resident memory of the process when the clock starts (Python, its libraries "
    "and the heatmaps) and at most.",
    "ARI: adjusted Rand index, 1 for the same groups and about 0 for groups by chance.",
)


PROMISED = (
    "network",
    "height",
    "width",
    "patch",
    "stride",
    "engine",
    "seconds_per_position",
    "speedup_reference",
    "speedup_captum",
    "max_deviation",
    "correlation",
)
"""What every row of occlusion maps says to machines; what else is known stands beside the rows."""


def as_json(rows: Sequence[ClusterRow]) -> dict[str, list[dict]]:
    """For machines."""
    return {"rows": [asdict(row) for row in rows]}


def osm_json(rows: Sequence[Row]) -> dict[str, list[dict]]:
    """For machines: ``rows``, and in the same order ``details``, None where nothing applies."""
    every = [asdict(row) for row in rows]
    return {
        "rows": [{name: row[name] for name in PROMISED} for row in every],
        "details": [
            {name: value for name, value in row.items() if name not in PROMISED} for row in every
        ],
    }


def as_lines(rows: Sequence[Row], where: str) -> list[str]:
    """For people: where it was measured, what the columns mean, and the table."""
    return [f"{where}.", *LEGEND, "", *row_table(rows)]


def cluster_lines(rows: Sequence[ClusterRow], where: str) -> list[str]:
    """For people, as `as_lines`, with how many heatmaps of what size were grouped."""
    sizes = dict.fromkeys((row.heatmaps, row.rows, row.cols, row.clusters) for row in rows)
    told = [
        f"{heatmaps:,} heatmaps of {high} x {wide} cells, {clusters} clusters."
        for heatmaps, high, wide, clusters in sizes
    ]
    return [f"{where}.", *told, *CLUSTER_LEGEND, "", *row_table(rows, CLUSTER_HEADINGS)]


def row_table(
    rows: Sequence[Row] | Sequence[ClusterRow], headings: Mapping[str, str] = HEADINGS
) -> list[str]:
    """Lines of a Markdown table with a column for every attribute in the headings."""
    cells = [[getattr(row, name) for name in headings] for row in rows]
    return markdown(list(headings.values()), cells)


def markdown(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Lines of a Markdown table whose columns are lined up."""
    cells = [list(headings), *[[_text(value) for value in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    cells.insert(1, ["-" * width for width in widths])
    return [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]


def _text(value: object) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
