"""Clusters regrouped into families that look alike."""

from __future__ import annotations

import streamlit as st

from pages.parts.cluster_cells import CELL
from pages.parts.cluster_mean import say_of_which_maps, stored_means_of
from pages.parts.decide import NAME
from pages.parts.gallery import Thumbnail, gallery
from pages.parts.guard import guarded, plain
from pages.parts.pictures import crop_shape
from pages.parts.saving import offer_saving
from pages.parts.state import bound, change
from pages.parts.table import show_table
from whalecore import overlays
from whalecore.cluster_tables import family_table
from whalecore.cluster_words import label_of, unstable_mark
from whalecore.clusters.families import families_of
from whalecore.glossary import explain
from whalecore.lab.clusters import LONGEST_NAME
from whalecore.plain_words import percent
from whalecore.terminal import lab_option

USUAL = 5
"""Families, where there are more clusters."""

PERCENT = {"format": "percent", "min_value": 0.0, "max_value": 1.0}


def draw_families(lab, view, clustering, correctness) -> None:
    """A chosen number of families, each with its figures and its clusters' mean heatmaps."""
    st.subheader("Families of clusters", help=explain("family of clusters"))
    clustering_id, most = clustering["clustering_id"], int(clustering["clusters"])
    means = stored_means_of(lab, clustering_id)
    if means is None:
        st.info(
            "This clustering kept no mean heatmaps, by which clusters are regrouped: cluster "
            f"again with `python -m whalecore cluster {lab_option(lab.folder)}`"
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
    named = lab.family_names(clustering_id)
    clusters_of = {
        int(family): tuple(sorted(int(number) for number in one["cluster"]))
        for family, one in correctness.groupby(own)
    }
    table = family_table(correctness, own)
    table.insert(1, "Name", [named.get(clusters_of[one], "") for one in table["Family"]])
    show_table(
        table,
        height="content",
        column_config={
            "Family": st.column_config.NumberColumn(width="small"),
            "Name": st.column_config.TextColumn(width="medium", help=explain("family name")),
            "Clusters": st.column_config.TextColumn(
                help=f"{explain('cluster')} Unstable: {explain('unstable')}"
            ),
            "Heatmaps": st.column_config.NumberColumn(
                width="small", format="localized", help=explain("heatmaps of a cluster")
            ),
            "In unstable clusters": st.column_config.ProgressColumn(
                help=explain("in unstable clusters"), **PERCENT
            ),
            "Right individual": st.column_config.ProgressColumn(
                help=explain("right individual"), **PERCENT
            ),
            "Mean score": st.column_config.NumberColumn(format="%.2f", help=explain("mean score")),
        },
        alt="Figures of the families",
    )
    offer_saving("families", tables={"families of clusters": table})
    st.caption(
        "Clusters are one family when their mean heatmaps have the same pattern. Click a mean "
        "heatmap to see its cluster."
    )
    say_of_which_maps(lab, clustering_id)
    sheets = _pictures(lab, clustering, correctness, means)
    for family, numbers in clusters_of.items():
        _draw_family(lab, clustering_id, family, numbers, named.get(numbers, ""), sheets)


def _draw_family(lab, clustering_id: str, family: int, numbers, name: str, pictures) -> None:
    """A family's name, which can be changed, and the mean heatmaps of its clusters."""
    key = f"{clustering_id}_{'_'.join(map(str, numbers))}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Family {family}**" + (f": {plain(name)}" if name else ""))
        # The name is in the key, so that the form closes when another one was saved.
        place = st.popover(
            "Change the name" if name else "Name it",
            icon=":material/edit:",
            key=f"name_{key}_{name}",
        )
        with place, guarded("name this family"):
            _edit_name(lab, clustering_id, numbers, name, key)
    cells = [str(number) for number in numbers]
    called = f"family {family}" + (f", {name}" if name else "")
    clicked = gallery(cells, pictures, f"family_{key}", f"Mean heatmaps of {called}")
    if clicked:
        change(cluster=int(clicked), tab="Clusters")
        st.rerun()


def _edit_name(lab, clustering_id: str, numbers, name: str, key: str) -> None:
    """A form for the name of the family that is made of these clusters."""
    with st.form(f"name_family_{key}", border=False):
        typed = st.text_input(
            "Name of the family",
            name,
            max_chars=LONGEST_NAME,
            placeholder="outline of the trailing edge",
            help=explain("family name"),
            key=f"family_name_{key}",
        )
        person = st.text_input(
            "Your name", st.session_state.get(NAME, ""), key=f"family_by_{key}", max_chars=80
        )
        if st.form_submit_button("Save"):
            lab.name_family(clustering_id, numbers, typed, person.strip() or None)
            st.rerun()


def _pictures(lab, clustering, correctness, means):
    """The function that makes the small mean heatmaps of clusters, each on its own scale."""
    shape = crop_shape(lab, clustering["model_id"])
    height = max(1, round(CELL * shape[0] / shape[1]))
    rows = {str(row.cluster): row for row in correctness.itertuples()}

    def pictures(numbers) -> dict[str, Thumbnail]:
        found = {}
        for number in numbers:
            row, mean = rows[number], means[int(number) - 1]
            short = (
                f"{label_of(row.cluster, row.name, row.stability)} · "
                f"{percent(row.share_correct)} right"
            )
            words = f"{short} · stability {percent(row.stability)}"
            # The mark says it already, and both would not fit.
            caption = short if unstable_mark(row.stability) else words
            drawn = overlays.heatmap_picture(mean, height, CELL)
            found[number] = Thumbnail(
                overlays.thumbnail(drawn, CELL), caption, f"Mean heatmap of cluster {words}"
            )
        return found

    return pictures
