"""Clusters: heatmaps that look alike, and how often identifications like them are right."""

from __future__ import annotations

import streamlit as st

from pages.parts.cluster_charts import draw_charts, draw_origin, say_what_noise_reaches
from pages.parts.cluster_detail import draw_cluster
from pages.parts.cluster_families import draw_families
from pages.parts.cluster_filter import kept_clusters
from pages.parts.cluster_history import draw_changes, draw_comparison
from pages.parts.cluster_map import draw_map
from pages.parts.cluster_pair import draw_pair
from pages.parts.cluster_photos import draw_figures, draw_photos, with_shares
from pages.parts.cluster_unknown import say_unknown, say_unknown_clustering
from pages.parts.frame import begin
from pages.parts.guard import guarded
from pages.parts.labs import current_lab, drawings_note
from pages.parts.state import TABS, bound, read_view
from pages.parts.times import moment
from pages.parts.todo import say_missing
from whalecore.cluster_tables import label_in
from whalecore.cluster_words import described, names_of
from whalecore.glossary import explain

MAPS = {"correct": "correct assignments only, as in the paper", "top5": "all five candidates"}


def pick_clustering(lab, view):
    """The clustering that is looked at, as a row, and the words for each; None without any."""
    clusterings = lab.clusterings()
    if clusterings.empty:
        say_missing(lab, "The lab has no clusters of heatmaps yet.", "cluster")
        return None, None
    rows = clusterings.set_index("clustering_id", drop=False)
    usual = lab.usual_clustering() or rows.index[0]
    current = view.clustering if view.clustering in rows.index else usual
    say_unknown_clustering(view.clustering, rows.index)

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
    made = moment(row["made_at"])
    whose = "" if row["present"] else ", of an earlier model"
    return f"{row['clusters']} clusters of {row['heatmaps']:,} heatmaps: {which}{whose} ({made})"


def row_of(frame, cluster: int):
    """The row of one cluster, or None."""
    rows = frame[frame["cluster"] == cluster].itertuples(index=False)
    return next(rows, None)


def draw_clusters(lab, view, clustering, correctness) -> None:
    """The charts of all clusters, and below them the chosen one."""
    kept = kept_clusters(correctness, view).set_index("cluster", drop=False)
    if kept.empty:
        st.info("No cluster lies in both ranges: make them wider.")
        return
    selected = view.cluster if view.cluster in kept.index else int(kept.index[0])
    # One that the ranges hide is a cluster all the same.
    say_unknown(view.cluster, correctness["cluster"].tolist(), selected)
    shown = kept.reset_index(drop=True)
    draw_charts(shown, selected)
    say_what_noise_reaches(clustering, correctness["heatmaps"].tolist())
    draw_photos(shown, selected)
    draw_figures(shown)

    def label(number: int) -> str:
        return label_in(kept.loc[number])

    st.selectbox(
        "Cluster",
        [int(number) for number in kept.index],
        format_func=label,
        help=f"{explain('cluster')} Unstable: {explain('unstable')}",
        **bound("cluster", selected, "page"),
    )
    with guarded("show this cluster"):
        clustering_id = clustering["clustering_id"]
        frames = (
            lab.cluster_facts(clustering_id),
            lab.cluster_names(clustering_id),
            lab.cluster_matches(clustering_id),
        )
        draw_cluster(
            lab, clustering, kept.loc[selected], *(row_of(frame, selected) for frame in frames)
        )


def draw_tab(tab: str, lab, view, clustering, words) -> None:
    """One part of the page."""
    clustering_id = clustering["clustering_id"]
    named = lab.cluster_names(clustering_id)
    if tab == "Origin":
        draw_origin(lab, clustering)
    elif tab == "Changes":
        draw_changes(lab, clustering, names_of(named))
    elif tab == "Comparison":
        draw_comparison(lab, view, clustering, names_of(named), words)
    elif tab == "Map":
        draw_map(lab, view, clustering, names_of(named))
    else:
        correctness = with_shares(
            lab,
            clustering_id,
            described(
                lab.cluster_correctness(clustering_id), lab.cluster_facts(clustering_id), named
            ),
        )
        draw = {"Families": draw_families, "Two clusters": draw_pair}.get(tab, draw_clusters)
        draw(lab, view, clustering, correctness)


begin("Clusters")
with guarded("show the clusters"):
    lab, view = current_lab(), read_view()
    drawings_note(lab)
    clustering, words = pick_clustering(lab, view)
    if clustering is not None:
        current = view.tab or TABS[0]
        tabs = dict(zip(TABS, st.tabs(TABS, **bound("tab", current, "clusters")), strict=True))
        with tabs[current], guarded(f"show the part {current}"):
            draw_tab(current, lab, view, clustering, words)
