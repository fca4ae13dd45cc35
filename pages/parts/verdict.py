"""The verdict of a photo, its reasons and what they rest on."""

from __future__ import annotations

import streamlit as st

from pages.parts.guard import plain
from whalecore.cluster_words import label_of, stability_words, unstable_mark
from whalecore.clustering_words import AGAIN
from whalecore.glossary import explain
from whalecore.plain_words import chance, percent
from whalecore.types import ClusterEvidence, Verdict
from whalecore.verdict_words import KINDS, counted_words

_BOXES = {
    "reliable": (st.success, ":material/check_circle:"),
    "check": (st.warning, ":material/visibility:"),
    "new_whale": (st.info, ":material/add_circle:"),
    "retake": (st.error, ":material/no_photography:"),
}


def show_verdict(verdict: Verdict, joint: bool = False) -> None:
    """The verdict in one word, what to do, the reasons and both probabilities.

    The joint verdict of several photos has no probabilities that were measured.
    """
    box, icon = _BOXES[verdict.verdict]
    unmeasured = joint or verdict.p_correct is None
    meaning = "check by eye" if unmeasured and verdict.verdict == "check" else verdict.verdict
    reasons = "\n".join(f"- {plain(reason)}" for reason in verdict.reasons)
    box(
        f"**{KINDS[verdict.verdict]}.** {explain(meaning)}\n\n{reasons}",
        icon=icon,
    )
    if joint or (verdict.p_correct is None and verdict.p_new_whale is None):
        # The reasons say why; two empty figures would add nothing.
        return
    left, right = st.columns(2)
    left.metric(
        "First candidate right",
        chance(verdict.p_correct),
        help=explain("chance of being right"),
    )
    right.metric("New whale", chance(verdict.p_new_whale), help=explain("new_whale"))


def show_cluster(cluster: ClusterEvidence | None, name: str | None = None) -> None:
    """The cluster of the first candidate's heatmap, and how far to trust heatmaps like it."""
    if cluster is None:
        st.info("The lab has no clusters yet: the page Lab starts that step.")
        return
    called = plain(label_of(cluster.id, name))
    if cluster.unlike:
        st.warning(
            f"**Unlike any cluster.** {explain('unlike any cluster')} Look whether the box on the "
            "photo fits the fluke, then compare the candidates by eye. Where many photos of your "
            "lab are like this one, add them and cluster the heatmaps again.",
            icon=":material/help:",
        )
        st.caption(f"The nearest cluster is {called}.", help=explain("cluster"))
        return
    loose = unstable_mark(cluster.stability)
    st.metric(
        f"First candidates that were right in cluster {called}{loose}",
        percent(cluster.share_correct if cluster.heatmaps else None),
        help=explain("cluster correctness"),
    )
    st.caption(
        f"Between {percent(cluster.share_correct_low)} and {percent(cluster.share_correct_high)} "
        f"with 95 % confidence, mean score {cluster.mean_score:.2f}.",
        help=explain("interval"),
    )
    st.caption(counted_words(cluster.heatmaps), help=explain("evidence"))
    st.caption(
        f"Membership {percent(cluster.membership)}: so many of the most similar heatmaps lie in "
        "this cluster.",
        help=explain("membership"),
    )
    if cluster.stability is None:
        words = f"{AGAIN} how stable this cluster is."
    else:
        words = f"{'' if loose else 'Stability: '}{stability_words(cluster.stability)}"
    st.caption(f":orange[{words}]" if loose else words, help=explain("stability"))
