"""The map of all heatmaps of a clustering, and the heatmaps that are chosen on it."""

from __future__ import annotations

import streamlit as st

from pages.parts.cluster_detail import open_heatmap, show_sheet
from pages.parts.cluster_lasso import NOTHING, corners_of, lasso
from pages.parts.pictures import crop_shape
from pages.parts.saving import offer_saving
from pages.parts.state import COLOURS, bound, change, parse
from whalecore.cluster_charts import map_chart, map_groups
from whalecore.cluster_words import chosen_words, map_words
from whalecore.clusters.flat_map import inside
from whalecore.glossary import explain
from whalecore.lab.flat_maps import LabMap, keep_arranged_map, lab_map, map_path

COLOUR_WORDS = {"cluster": "Cluster", "correct": "Right or not", "score": "Score"}


@st.cache_data(max_entries=10, ttl=300, show_spinner="Reading the map")
def _map(folder: str, clustering_id: str, stamp: float, _lab) -> LabMap:
    return lab_map(_lab, clustering_id)


def draw_map(lab, view, clustering, names) -> None:
    """The map with its colours; what is drawn round is shown below as a gallery."""
    clustering_id = clustering["clustering_id"]
    st.subheader("Map of the heatmaps", help=explain("map of heatmaps"))
    path = map_path(lab, clustering_id)
    found = _map(
        str(lab.folder), clustering_id, path.stat().st_mtime if path.is_file() else 0.0, lab
    )
    colour = view.colour or COLOURS[0]
    st.segmented_control(
        "Colours",
        COLOURS,
        format_func=COLOUR_WORDS.get,
        required=True,
        **bound("colour", colour, "clusters"),
    )
    if not found.arranged:
        _offer_arranging(lab, clustering_id)
    heatmaps = found.heatmaps
    groups = map_groups(heatmaps, colour, names)
    drawn, opened = lasso(
        heatmaps["x"].to_numpy(),
        heatmaps["y"].to_numpy(),
        groups.which,
        groups.words,
        groups.colours,
        captions_of(heatmaps),
        marks_of(heatmaps),
        view.outline,
        f"map_{clustering_id}",
    )
    st.caption(
        map_words(len(heatmaps), found.clustered, found.arranged), help=explain("arranged map")
    )
    offer_saving(
        "map", {"map of the heatmaps": lambda: map_chart(heatmaps, groups, marks_of(heatmaps))}
    )
    if opened is not None:
        row = heatmaps.iloc[opened]
        open_heatmap(row["photo_id"], row["individual"])
    if drawn == NOTHING:
        change(outline=None)
        st.rerun()
    elif drawn:
        # What a browser says is checked like an address.
        change(outline=parse({"outline": drawn})[0].outline)
        st.rerun()
    if view.outline:
        _draw_chosen(lab, clustering, heatmaps, view.outline)


def captions_of(heatmaps) -> list[str]:
    """What is said of each heatmap while the pointer is on it."""
    return [
        f"Cluster {row.cluster} · {'✓' if row.is_reference else '✗'} top {row.rank} · "
        f"{row.individual} · {row.score:.2f} · {row.name}"
        for row in heatmaps.itertuples()
    ]


def marks_of(heatmaps) -> list[tuple[float, float, str]]:
    """The clusters' numbers, each in the middle of its heatmaps."""
    middles = heatmaps.groupby("cluster")[["x", "y"]].median()
    return [(float(row.x), float(row.y), str(row.Index)) for row in middles.itertuples()]


def _offer_arranging(lab, clustering_id: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Bring alike heatmaps together", icon=":material/hub:")
        st.caption("Takes about 10 to 60 seconds, once.", help=explain("arranged map"))
    if pressed:
        with st.spinner("Arranging the map"):
            keep_arranged_map(lab, clustering_id)
        change(outline=None)
        st.rerun()


def _draw_chosen(lab, clustering, heatmaps, outline: str) -> None:
    x, y = heatmaps["x"].to_numpy(), heatmaps["y"].to_numpy()
    chosen = heatmaps[inside(x, y, corners_of(outline))]
    st.subheader("Chosen on the map")
    if chosen.empty:
        st.info("No heatmap lies in the outline: draw another one.")
        return
    facts = lab.cluster_facts(clustering["clustering_id"])
    st.markdown(chosen_words(chosen, dict(zip(facts["cluster"], facts["stability"], strict=True))))
    shape = crop_shape(lab, clustering["model_id"])
    show_sheet(lab, chosen, shape, f"map_{clustering['clustering_id']}_{outline}", "the outline")
