"""The charts of the page Clusters, and what a click on them does."""

from __future__ import annotations

import json

import streamlit as st

from pages.parts.state import change
from whalecore import charts
from whalecore.glossary import explain


def draw_charts(correctness, selected: int) -> None:
    """Fig. 8: click a bar or a dot to choose its cluster."""

    def take(key: str) -> None:
        points = st.session_state[key].selection.get(charts.CLICK) or []
        if points:
            change(cluster=int(points[0][charts.CLICK]))

    st.subheader("Which clusters can be trusted", help=explain("cluster correctness"))
    for key, make in (("shares", charts.correctness_chart), ("scores", charts.score_chart)):
        st.altair_chart(make(correctness, selected), key=key, on_select=lambda key=key: take(key))


def draw_origin(clustering) -> None:
    """Fig. 6 and the sweep: why so many clusters, and when two heatmaps count as alike."""
    with st.expander("How the number of clusters and sigma were chosen"):
        st.markdown("**Eigenvalues**", help=explain("eigenvalue") + " " + explain("eigengap"))
        values = list(clustering["eigenvalues"])
        st.altair_chart(charts.eigenvalue_chart(values, int(clustering["clusters"])))
        sweep = json.loads(clustering["sigma_sweep"] or "[]")
        st.markdown(f"**Sigma** {clustering['sigma']:.3g}", help=explain("sigma"))
        if sweep:
            st.altair_chart(
                charts.sigma_chart(sweep, clustering["sigma"], "eigengap", "largest step")
            )
