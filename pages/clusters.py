"""Clusters: heatmaps that look alike, and how often identifications like them are right."""

from __future__ import annotations

import streamlit as st

from pages.parts.cluster_charts import draw_charts, draw_origin
from pages.parts.frame import begin
from pages.parts.gallery import gallery
from pages.parts.guard import guarded
from pages.parts.labs import current_lab, drawings_note
from pages.parts.pictures import cluster_cells, crop_shape, show_mean_heatmap
from pages.parts.state import bound, change, read_view
from whalecore.glossary import explain

FEW = 30
MAPS = {"correct": "correct assignments only, as in the paper", "top5": "all five candidates"}


def pick_clustering(lab, view):
    """The clustering that is looked at, as a row; None where the lab has none."""
    clusterings = lab.clusterings()
    if clusterings.empty:
        st.info(
            "The lab has no clusters yet; this makes them: "
            f"`python -m whalecore cluster --lab {lab.folder}`"
        )
        return None
    rows = clusterings.set_index("clustering_id", drop=False)
    usual = lab.newest_clustering(ranks="top5") or rows.index[0]
    current = view.clustering if view.clustering in rows.index else usual

    def label(name: str) -> str:
        row = rows.loc[name]
        which = MAPS.get(row["ranks"], row["ranks"])
        return f"{row['clusters']} clusters of {row['heatmaps']} heatmaps: {which}"

    st.selectbox(
        "Clustering",
        list(rows.index),
        format_func=label,
        help=explain("cluster"),
        **bound("clustering", current, "clusters"),
    )
    return rows.loc[current]


def show_correctness(row, ranks: str) -> None:
    """How often the first candidate is right in a cluster, as on the page Identify."""
    help_text = explain("cluster correctness")
    if ranks == "correct":
        st.metric("Right at first place", f"{row['top1']:.0%}", help=help_text)
        st.caption("The others are heatmaps of the right individual at the second to fifth place.")
    elif not row["identified"]:
        st.metric("First candidate right", "not known", help=help_text)
        st.caption("No first candidate's heatmap is in this cluster.")
    else:
        few = " Too few to rely on." if row["identified"] < FEW else ""
        st.metric("First candidate right", f"{row['identified_correct']:.0%}", help=help_text)
        st.caption(
            f"Of {int(row['identified'])} first candidates; between {row['identified_low']:.0%} "
            f"and {row['identified_high']:.0%} with 95 % confidence.{few}",
            help=explain("interval"),
        )


def draw_cluster(lab, clustering, row) -> None:
    """Mean heatmap and contact sheet of one cluster."""
    number, shape = int(row["cluster"]), crop_shape(lab, clustering["model_id"])
    picture, figures = st.columns([2, 1])
    with figures:
        show_correctness(row, clustering["ranks"])
        st.metric("Mean score", f"{row['mean_score']:.2f}", help=explain("mean score"))
        st.metric("Heatmaps", int(row["heatmaps"]))
    members = lab.cluster_members(clustering["clustering_id"], number)
    with picture:
        show_mean_heatmap(lab, clustering["clustering_id"], number, members, shape)
    st.caption("Click a heatmap to open its photo in Heatmaps.")
    ids, cell = cluster_cells(lab, members, shape)
    key = f"sheet_{clustering['clustering_id']}_{number}"
    clicked = gallery(ids, cell, key, f"Heatmaps of cluster {number}")
    if clicked:
        photo_id, _, individual = clicked.partition(" ")
        change(photo=photo_id, individual=individual)
        st.switch_page("pages/heatmaps.py")


begin("Clusters")
with guarded("show the clusters"):
    lab, view = current_lab(), read_view()
    drawings_note(lab)
    clustering = pick_clustering(lab, view)
    if clustering is not None:
        correctness = lab.cluster_correctness(clustering["clustering_id"])
        highest = st.slider(
            "Only clusters with a mean score of at most",
            0.0, 1.0, 1.0, 0.05, key="highest_score", persist_state="session",
            help=explain("mean score"),
        )  # fmt: skip
        kept = correctness[correctness["mean_score"] <= highest]
        if kept.empty:
            st.info("No cluster has so low a mean score: move the slider to the right.")
        else:
            numbers = [int(number) for number in kept["cluster"]]
            selected = view.cluster if view.cluster in numbers else numbers[0]
            draw_charts(kept, selected)
            draw_origin(clustering)
            st.selectbox(
                "Cluster", numbers, help=explain("cluster"), **bound("cluster", selected, "page")
            )
            with guarded("show this cluster"):
                draw_cluster(lab, clustering, kept[kept["cluster"] == selected].iloc[0])
