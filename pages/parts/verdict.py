"""The verdict of a photo, its reasons and what they rest on."""

from __future__ import annotations

import streamlit as st

from pages.parts.guard import plain
from whalecore.glossary import explain
from whalecore.types import ClusterEvidence, Quality, Verdict

TITLES = {
    "reliable": "Reliable",
    "check": "Check by hand",
    "new_whale": "Probably a new whale",
    "retake": "Take another photo",
}
_BOXES = {
    "reliable": (st.success, ":material/check_circle:"),
    "check": (st.warning, ":material/visibility:"),
    "new_whale": (st.info, ":material/add_circle:"),
    "retake": (st.error, ":material/no_photography:"),
}
QUALITIES = ("sharpness", "exposure", "contrast", "fluke share", "resolution")
FEW = 30


def show_verdict(verdict: Verdict) -> None:
    """The verdict in one word, what to do, and the reasons."""
    box, icon = _BOXES[verdict.verdict]
    reasons = "\n".join(f"- {plain(reason)}" for reason in verdict.reasons)
    box(
        f"**{TITLES[verdict.verdict]}.** {explain(verdict.verdict)}\n\n{reasons}",
        icon=icon,
    )
    left, right = st.columns(2)
    left.metric(
        "First candidate right",
        _percent(verdict.p_correct),
        help="Estimated from photos kept away from training; that the animal may be new is "
        "taken into account.",
    )
    right.metric("New whale", _percent(verdict.p_new_whale), help=explain("new_whale"))


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{share:.0%}"


def show_cluster(cluster: ClusterEvidence | None) -> None:
    """The cluster of the first candidate's heatmap, and how far to trust heatmaps like it."""
    if cluster is None:
        st.info("The lab has no clusters yet: make them with the command shown on the page Lab.")
        return
    few = f" Only {cluster.heatmaps} photos: too few to rely on." * (cluster.heatmaps < FEW)
    st.metric(
        f"First candidates that were right in cluster {cluster.id}",
        f"{cluster.share_correct:.0%}",
        help=explain("cluster correctness"),
    )
    st.caption(
        f"Between {cluster.share_correct_low:.0%} and {cluster.share_correct_high:.0%} with 95 % "
        f"confidence, mean score {cluster.mean_score:.2f}.{few} "
        f"{cluster.membership:.0%} of the most similar heatmaps lie in this cluster.",
        help=explain("interval"),
    )


def show_quality(quality: Quality) -> None:
    """The measures of a photo, each from 0 to 1."""
    for column, name in zip(st.columns(len(QUALITIES)), QUALITIES, strict=True):
        value = getattr(quality, name.replace(" ", "_"))
        column.metric(name.capitalize(), f"{value:.2f}", help=explain(name))
