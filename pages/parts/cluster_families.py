"""Clusters regrouped into families that look alike."""

from __future__ import annotations

import streamlit as st

from pages.parts.gallery import Thumbnail, gallery
from pages.parts.pictures import CELL, crop_shape, stored_means
from pages.parts.state import bound, change
from whalecore import overlays
from whalecore.cluster_tables import family_table
from whalecore.cluster_words import label_of, percent
from whalecore.clusters.families import families_of
from whalecore.glossary import explain

USUAL = 5
"""Families, where there are more clusters."""

PERCENT = {"format": "percent", "min_value": 0.0, "max_value": 1.0}


def draw_families(lab, view, clustering, correctness) -> None:
    """A chosen number of families, each with its figures and its clusters' mean heatmaps."""
    st.subheader("Families of clusters", help=explain("family of clusters"))
    clustering_id, most = clustering["clustering_id"], int(clustering["clusters"])
    means = stored_means(str(lab.folder), clustering_id, lab)
    if means is None:
        st.info(
            "This clustering kept no mean heatmaps, by which clusters are regrouped: cluster "
            f"again with `python -m whalecore cluster --lab {lab.folder}`"
        )
        return
    current = min(view.families or USUAL, most)
    st.slider(
        "How many families",
        1,
        max(2, most),
        help=explain("family of clusters"),
        **bound("families", current, "clusters"),
    )
    families = families_of(means, current)
    own = [int(families[int(number) - 1]) for number in correctness["cluster"]]
    table = family_table(correctness, own)
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "Family": st.column_config.NumberColumn(width="small"),
            "Heatmaps": st.column_config.NumberColumn(width="small", format="localized"),
            "Right individual": st.column_config.ProgressColumn(
                help=explain("cluster correctness"), **PERCENT
            ),
            "Mean score": st.column_config.NumberColumn(format="%.2f", help=explain("mean score")),
        },
        alt="Figures of the families",
    )
    st.caption(
        "Clusters are one family when their mean heatmaps have the same pattern. Click a mean "
        "heatmap to see its cluster."
    )
    _draw_sheets(lab, clustering, correctness.assign(family=own), means)


def _draw_sheets(lab, clustering, correctness, means) -> None:
    """The mean heatmaps of each family, each on its own scale."""
    shape = crop_shape(lab, clustering["model_id"])
    height = max(1, round(CELL * shape[0] / shape[1]))
    rows = {str(row.cluster): row for row in correctness.itertuples()}

    def pictures(numbers) -> dict[str, Thumbnail]:
        found = {}
        for number in numbers:
            row, mean = rows[number], means[int(number) - 1]
            words = f"{label_of(row.cluster, row.name)} · {percent(row.share_correct)} right"
            drawn = overlays.heatmap_picture(mean, height, CELL)
            found[number] = Thumbnail(
                overlays.thumbnail(drawn, CELL), words, f"Mean heatmap of cluster {words}"
            )
        return found

    for family, own in correctness.groupby("family"):
        numbers = [str(number) for number in own["cluster"]]
        st.markdown(f"**Family {family}**")
        key = f"family_{clustering['clustering_id']}_{family}_{'_'.join(numbers)}"
        clicked = gallery(numbers, pictures, key, f"Mean heatmaps of family {family}")
        if clicked:
            change(cluster=int(clicked), tab="Clusters")
            st.rerun()
