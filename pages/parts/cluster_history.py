"""A clustering beside another one: what changed since the one before, and any two compared."""

from __future__ import annotations

import streamlit as st

from pages.parts.cluster_unknown import say_unknown_clustering
from pages.parts.saving import offer_saving
from pages.parts.state import bound, change
from pages.parts.table import show_table
from pages.parts.todo import say_missing
from whalecore.cluster_change_words import change_table, change_words, growth_words, spread_table
from whalecore.cluster_words import names_of
from whalecore.glossary import explain
from whalecore.verdict_words import counted

SHARE = {"format": "percent", "min_value": 0.0, "max_value": 1.0}


def draw_changes(lab, clustering, names) -> None:
    """What became of the clusters of the clustering before."""
    st.subheader("What changed since the clustering before", help=explain("cluster before"))
    clustering_id, earlier_id = clustering["clustering_id"], clustering["matched_to"]
    matches = lab.cluster_matches(clustering_id)
    clusterings = lab.clusterings().set_index("clustering_id")
    if matches.empty or earlier_id not in clusterings.index:
        say_missing(
            lab,
            "There is no clustering of the same kind before this one. When photos have been added, "
            "cluster the heatmaps again; you will then see here which clusters went on, which are "
            "new and which are gone.",
            "cluster",
        )
        return
    earlier = clusterings.loc[earlier_id]
    before, now = int(earlier["heatmaps"]), int(clustering["heatmaps"])
    st.markdown(growth_words(earlier["made_at"], before, now))
    flows = lab.compare_clusterings(clustering_id, earlier_id)
    flows = flows[["cluster", "other", "heatmaps"]].to_numpy()
    for sentence in change_words(matches, int(earlier["clusters"]), flows):
        st.markdown(sentence)
    table = change_table(matches, names, flows)
    show_table(
        table,
        width="content",
        height="content",
        column_config={
            "Cluster": st.column_config.TextColumn(width="medium"),
            "Same heatmaps": st.column_config.ProgressColumn(
                help=explain("same heatmaps"), width="medium", **SHARE
            ),
        },
        alt="What each cluster was before",
    )
    offer_saving("changes", tables={"what each cluster was before": table})
    if st.button("Compare the two in full", icon=":material/compare_arrows:"):
        change(tab="Comparison", other=earlier_id)
        st.rerun()


def draw_comparison(lab, view, clustering, names, words) -> None:
    """Where the heatmaps of each cluster lie in another clustering of the lab."""
    st.subheader("Beside another clustering", help=explain("clusters compared"))
    own = clustering["clustering_id"]
    others = [one for one in lab.clusterings()["clustering_id"] if one != own]
    if not others:
        say_missing(
            lab,
            "The lab has only this clustering. To compare, make one with another number of "
            "clusters.",
            "cluster",
        )
        return
    say_unknown_clustering(view.other, (*others, own))
    before = clustering["matched_to"]
    usual = before if before in others else others[0]
    current = view.other if view.other in others else usual
    st.selectbox(
        "Other clustering",
        others,
        format_func=words.get,
        help=explain("clustering"),
        **bound("other", current, "clusters"),
    )
    flows = lab.compare_clusterings(own, current)
    if flows.empty:
        st.info("The two clusterings have no heatmap in common: choose another one.")
        return
    other_names = names_of(lab.cluster_names(current))
    table = spread_table(flows, names, other_names)
    show_table(
        table,
        height="content",
        column_config={
            "Cluster": st.column_config.TextColumn(width="medium"),
            "Mostly in": st.column_config.TextColumn(help=explain("mostly in")),
            "Heatmaps in both": st.column_config.NumberColumn(width=130),
            "Share": st.column_config.ProgressColumn(help=explain("clusters compared"), **SHARE),
        },
        alt="Where the heatmaps of each cluster lie in the other clustering",
    )
    apart = int(clustering["clusters"]) - len(table)
    if apart:
        st.caption(
            f"{counted(apart, 'cluster')} more, without a heatmap that is in both.",
            help=explain("clusters compared"),
        )
    offer_saving("comparison", tables={"clusters in the other clustering": table})
