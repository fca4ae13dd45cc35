"""Two clusters of one clustering side by side: mean heatmaps, difference, figures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.cluster_mean import mean_heatmap_of, say_of_which_maps
from pages.parts.cluster_unknown import say_unknown
from pages.parts.heatmap_drawn import legend_of, picture_of
from pages.parts.heatmap_probe import Panel, probe
from pages.parts.pictures import WIDTH, crop_shape, is_dark, unit_named
from pages.parts.saving import offer_saving
from pages.parts.state import bound
from pages.parts.table import show_table
from whalecore import overlays
from whalecore.cluster_tables import label_in, pair_table
from whalecore.cluster_words import agreement_words
from whalecore.glossary import explain


def draw_pair(lab, view, clustering, correctness) -> None:
    """Choose two clusters and see where their heatmaps differ.

    Parameters
    ----------
    correctness : DataFrame
        Of all clusters, with stability, name and the shares of photos.
    """
    rows = correctness.set_index("cluster", drop=False)
    numbers = [int(number) for number in rows.index]
    if len(numbers) < 2:
        st.info("There is only one cluster: cluster again and ask for more of them.")
        return
    first = view.cluster if view.cluster in numbers else numbers[0]
    second = view.second if view.second in numbers else next(n for n in numbers if n != first)
    say_unknown(view.cluster, numbers, first)
    say_unknown(view.second, numbers, second)
    columns = st.columns(2)
    for column, field, words, current in (
        (columns[0], "cluster", "Left cluster", first),
        (columns[1], "second", "Right cluster", second),
    ):
        column.selectbox(
            words,
            numbers,
            format_func=lambda number: label_in(rows.loc[number]),
            help=f"{explain('cluster')} Unstable: {explain('unstable')}",
            **bound(field, current, "pair"),
        )
    if first == second:
        st.info("Left and right are the same cluster: choose another one.")
        return
    one, two = (mean_heatmap_of(lab, clustering["clustering_id"], one) for one in (first, second))
    if one is None or two is None:
        st.info("The heatmaps of these clusters are no longer in the lab: compute them again.")
        return
    titles = [f"Cluster {label_in(rows.loc[one])}" for one in (first, second)]
    unit = unit_named(clustering["method"], clustering["heatmap_settings"])
    _draw_maps(one, two, titles, unit, crop_shape(lab, clustering["model_id"]))
    say_of_which_maps(lab, clustering["clustering_id"])
    st.markdown(agreement_words(one, two), help=explain("agreement of two heatmaps"))
    table = pair_table(rows.loc[first], rows.loc[second])
    show_table(
        table,
        width="content",
        height="content",
        column_config={
            name: st.column_config.TextColumn(
                width="medium", help=explain("measure" if name == "Figure" else "cluster")
            )
            for name in table.columns
        },
        alt="Figures of the two clusters",
    )
    offer_saving("pair", tables={"two clusters": table})


def _draw_maps(one: np.ndarray, two: np.ndarray, titles, unit: str, shape) -> None:
    """Both means and their difference, all on one scale."""
    less = one - two
    limit = overlays.scale_limit(one, two, less)
    height = max(1, round(WIDTH * shape[0] / shape[1]))
    ends = ("right is stronger", f"difference of {unit}", "left is stronger")
    maps = ((one, titles[0], None), (two, titles[1], None), (less, "Left minus right", ends))
    panels = [
        Panel(
            title=title,
            alt=f"Mean heatmap: {title}",
            picture=picture_of(values, height, WIDTH, limit),
            values=values,
            unit=f"in {unit}",
            legend=legend_of(limit, unit=unit, dark=is_dark(), words=words),
            legend_alt=f"Scale from {-limit:.2g} to {limit:.2g}",
        )
        for values, title, words in maps
    ]
    probe(panels, "pair", columns=3)
    st.caption("One colour scale for all three.", help=explain("mean heatmap"))
