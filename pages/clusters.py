"""Clusters: heatmaps that look alike, and how often identifications like them are right."""

from __future__ import annotations

import streamlit as st

from pages.parts.cluster_charts import draw_charts, draw_origin
from pages.parts.cluster_detail import draw_cluster
from pages.parts.cluster_history import draw_changes, draw_comparison
from pages.parts.frame import begin
from pages.parts.guard import guarded
from pages.parts.labs import current_lab, drawings_note
from pages.parts.state import TABS, bound, read_view
from whalecore.cluster_words import described, label_of, names_of
from whalecore.glossary import explain
from whalecore.lab.clusters import UNSTABLE

MAPS = {"correct": "correct assignments only, as in the paper", "top5": "all five candidates"}


def pick_clustering(lab, view):
    """The clustering that is looked at, as a row, and the words for each; None without any."""
    clusterings = lab.clusterings()
    if clusterings.empty:
        st.info(
            "The lab has no clusters yet; this makes them: "
            f"`python -m whalecore cluster --lab {lab.folder}`"
        )
        return None, None
    rows = clusterings.set_index("clustering_id", drop=False)
    usual = lab.newest_clustering(ranks="top5") or rows.index[0]
    current = view.clustering if view.clustering in rows.index else usual

    words = rows.apply(clustering_words, axis=1)
    # A selectbox tells its options apart by their words alone.
    words = words.where(~words.duplicated(keep=False), words + " · " + rows.index)
    st.selectbox(
        "Clustering",
        list(rows.index),
        format_func=words.get,
        help=f"{explain('clustering')} {explain('cluster')}",
        **bound("clustering", current, "clusters"),
    )
    return lab.rows("clusterings", clustering_id=current)[0], words


def clustering_words(row) -> str:
    """One clustering of a lab in words."""
    which = MAPS.get(row["ranks"], row["ranks"])
    made = f"{row['made_at']:%Y-%m-%d %H:%M}"
    return f"{row['clusters']} clusters of {row['heatmaps']:,} heatmaps: {which} ({made})"


def row_of(frame, cluster: int):
    """The row of one cluster, or None."""
    rows = frame[frame["cluster"] == cluster].itertuples(index=False)
    return next(rows, None)


def draw_clusters(lab, view, clustering) -> None:
    """The charts of all clusters, and below them the chosen one."""
    clustering_id = clustering["clustering_id"]
    facts, named = lab.cluster_facts(clustering_id), lab.cluster_names(clustering_id)
    correctness = described(lab.cluster_correctness(clustering_id), facts, named)
    highest = st.slider(
        "Only clusters with a mean score of at most",
        0.0, 1.0, 1.0, 0.05, key="highest_score", persist_state="session",
        help=explain("mean score"),
    )  # fmt: skip
    kept = correctness[correctness["mean_score"] <= highest].set_index("cluster", drop=False)
    if kept.empty:
        st.info("No cluster has so low a mean score: move the slider to the right.")
        return
    selected = view.cluster if view.cluster in kept.index else int(kept.index[0])
    draw_charts(kept.reset_index(drop=True), selected)

    def label(number: int) -> str:
        row = kept.loc[number]
        mark = " (unstable)" if row["stability"] < UNSTABLE else ""
        return label_of(number, row["name"]) + mark

    st.selectbox(
        "Cluster",
        [int(number) for number in kept.index],
        format_func=label,
        help=explain("cluster"),
        **bound("cluster", selected, "page"),
    )
    with guarded("show this cluster"):
        matches = lab.cluster_matches(clustering_id)
        known = [row_of(frame, selected) for frame in (facts, named, matches)]
        draw_cluster(lab, clustering, kept.loc[selected], *known)


begin("Clusters")
with guarded("show the clusters"):
    lab, view = current_lab(), read_view()
    drawings_note(lab)
    clustering, words = pick_clustering(lab, view)
    if clustering is not None:
        current = view.tab or TABS[0]
        tabs = dict(zip(TABS, st.tabs(TABS, **bound("tab", current, "clusters")), strict=True))
        with tabs[current], guarded(f"show the part {current}"):
            names = names_of(lab.cluster_names(clustering["clustering_id"]))
            if current == "Clusters":
                draw_clusters(lab, view, clustering)
            elif current == "Origin":
                draw_origin(lab, clustering)
            elif current == "Changes":
                draw_changes(lab, clustering, names)
            else:
                draw_comparison(lab, view, clustering, names, words)
