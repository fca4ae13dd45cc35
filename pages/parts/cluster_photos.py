"""What kind of photos each cluster's heatmaps come from, and all figures as a table."""

from __future__ import annotations

import streamlit as st

from pages.parts.chart import draw_chart
from pages.parts.export import offer_table
from pages.parts.saving import offer_saving
from pages.parts.state import change
from pages.parts.table import show_table
from whalecore.cluster_charts import PROBLEMS, photos_chart
from whalecore.cluster_tables import figure_table
from whalecore.correctness_charts import CLICK
from whalecore.glossary import explain
from whalecore.lab.cluster_photos import photo_shares

TERMS = {"new_share": "new share", "problem_share": "quality problem"}
PERCENT = {"format": "percent", "min_value": 0.0, "max_value": 1.0}


@st.cache_data(max_entries=20, ttl=60, show_spinner="Reading the photos")
def shares_of(folder: str, clustering_id: str, _lab):
    """As `photo_shares`, for a minute: decisions on photos change them."""
    return photo_shares(_lab, clustering_id)


def with_shares(lab, clustering_id: str, correctness):
    """The correctness of clusters with the columns ``new_share`` and ``problem_share``."""
    return correctness.merge(shares_of(str(lab.folder), clustering_id, lab), "left", "cluster")


def draw_photos(correctness, selected: int) -> None:
    """New whales and quality problems per cluster: click a bar to choose its cluster."""

    def take(key: str) -> None:
        points = st.session_state[key].selection.get(CLICK) or []
        if points:
            change(cluster=int(points[0][CLICK]))

    st.subheader("Whose photos, and how good", help=explain("quality problem"))
    for column, (name, words) in zip(st.columns(2), PROBLEMS.items(), strict=True):
        with column:
            st.markdown(f"**Share of {words}**", help=explain(TERMS[name]))
            draw_chart(
                photos_chart,
                correctness,
                name,
                selected,
                key=name,
                on_select=lambda key=name: take(key),
            )
    st.caption("Dashed: the share over all clusters shown.")
    offer_saving(
        "cluster_photos",
        {
            f"share of {words}": lambda name=name: photos_chart(correctness, name, selected)
            for name, words in PROBLEMS.items()
        },
    )


def draw_figures(correctness) -> None:
    """All figures, sorted by a click on a column's title; a row chooses its cluster."""
    numbers = correctness["cluster"].tolist()

    def take() -> None:
        rows = st.session_state["figures"].selection.rows
        if rows and rows[0] < len(numbers):
            change(cluster=int(numbers[rows[0]]))

    place = st.expander(
        "All figures, to be sorted",
        icon=":material/table_rows:",
        key="figures_open",
        on_change="rerun",
    )
    if not place.open:
        return
    table = figure_table(correctness)
    with place:
        # Whole percents on the page, the exact shares in the files.
        show_table(
            table.round(2),
            key="figures",
            on_select=take,
            selection_mode="single-row",
            column_config={
                "Cluster": st.column_config.TextColumn(
                    width=160, help=f"{explain('cluster')} Unstable: {explain('unstable')}"
                ),
                "Heatmaps": st.column_config.NumberColumn(
                    format="localized", help=explain("heatmaps of a cluster")
                ),
                "Right individual": st.column_config.ProgressColumn(
                    width=140, help=explain("right individual"), **PERCENT
                ),
                "Mean score": st.column_config.NumberColumn(
                    format="%.2f", help=explain("mean score")
                ),
                "Stability": st.column_config.NumberColumn(
                    format="percent", help=explain("stability")
                ),
                "New whales": st.column_config.ProgressColumn(
                    width=130, help=explain("new share"), **PERCENT
                ),
                "Quality problems": st.column_config.ProgressColumn(
                    width=140, help=explain("quality problem"), **PERCENT
                ),
            },
            alt="Figures of the clusters",
        )
        offer_table(table, "clusters", "cluster_figures")
