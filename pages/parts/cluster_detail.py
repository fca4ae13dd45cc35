"""One cluster: how far to trust it, what it shows, what it is called, its heatmaps."""

from __future__ import annotations

import streamlit as st

from pages.parts.chart import draw_chart
from pages.parts.cluster_cells import cluster_cells
from pages.parts.cluster_mean import say_of_which_maps, show_mean_heatmap
from pages.parts.gallery import gallery
from pages.parts.guard import guarded, plain
from pages.parts.pictures import crop_shape
from pages.parts.saving import offer_saving
from pages.parts.state import ORDERS, bound, change, read_view
from whalecore.cluster_change_words import match_words
from whalecore.cluster_charts import parts_chart
from whalecore.cluster_tables import label_in
from whalecore.cluster_words import (
    most_frequent_words,
    outlier_words,
    part_words,
    stability_words,
    unstable_mark,
)
from whalecore.clustering_words import AGAIN
from whalecore.glossary import explain
from whalecore.lab.clusters import LONGEST_NAME
from whalecore.plain_words import known, percent
from whalecore.terminal import lab_option

ORDER_WORDS = {"typical": "Most typical first", "far": "Score far from the mean first"}
FEW = 30
SHARES = {"mirrored": "mirrored_share", "blurred": "blurred_share"}
WHOSE = (
    ("Animals on the photos", "photo_individuals", "Most frequent one", "photo_purity", "purity"),
    ("Candidates", "individuals", "Most frequent candidate", "purity", "purity by candidate"),
)
"""Who is counted: title and column of the number; title, column and term of the largest share."""

TERMS = {"mirrored": "mirrored", "blurred": "blurred", "new whales": "new share"}


def draw_cluster(lab, clustering, row, facts, named, match) -> None:
    """Everything about one cluster.

    Parameters
    ----------
    row : Series
        Its correctness with stability, name and the shares of photos.
    facts, named, match : namedtuple or None
        What it rests on, its name and note, the cluster it continues; None where not known.
    """
    clustering_id, number = clustering["clustering_id"], int(row["cluster"])
    st.subheader(plain(f"Cluster {label_in(row)}"), divider="gray")
    if named is not None and named.note:
        st.markdown(plain(named.note).replace("\n", "  \n"))
    if match is not None:
        words = match_words(match.earlier_cluster, match.overlap, number)
        st.caption(words, help=explain("cluster before"))
    for warning in facts.warnings if facts is not None else ():
        st.warning(plain(warning), icon=":material/warning:")
    order = read_view().order or ORDERS[0]
    members = lab.cluster_members(clustering_id, number, order=order)
    shape = crop_shape(lab, clustering["model_id"])
    picture, figures = st.columns([2, 1])
    with figures:
        _show_figures(row, clustering, measured=facts is not None)
    with picture, guarded("show the mean heatmap"):
        show_mean_heatmap(lab, clustering_id, number, shape)
    with guarded("say what this cluster rests on"):
        _show_meaning(lab, row, facts)
        say_of_which_maps(lab, clustering_id)
    with guarded("name this cluster"):
        _edit_name(lab, clustering_id, number, named)
    st.segmented_control(
        "Order of the heatmaps",
        ORDERS,
        format_func=ORDER_WORDS.get,
        required=True,
        help=f"{explain('membership')} {explain('far from the mean')}",
        **bound("order", order, "clusters"),
    )
    if order == ORDERS[0]:
        members = members.drop(columns="z")
    else:
        st.caption(outlier_words(members["z"]), help=explain("far from the mean"))
    show_sheet(lab, members, shape, f"{clustering_id}_{number}_{order}", f"cluster {number}")


def show_sheet(lab, members, shape, key: str, whose: str) -> None:
    """Heatmaps as a gallery, from which a click leads to the photo."""
    st.caption("Click a heatmap to open its photo in Heatmaps.")
    ids, cells = cluster_cells(lab, members, shape)
    clicked = gallery(ids, cells, f"sheet_{key}", f"Heatmaps of {whose}")
    if clicked:
        photo_id, _, individual = clicked.partition(" ")
        open_heatmap(photo_id, individual)


def open_heatmap(photo_id: str, individual: str) -> None:
    """Turn to the page Heatmaps with this photo and candidate."""
    change(photo=photo_id, individual=individual, rival=None)
    st.switch_page("pages/heatmaps.py")


def _show_figures(row, clustering, measured: bool) -> None:
    """How often the first candidate is right in a cluster, and whether that can be relied on."""
    mark, help_text = unstable_mark(row["stability"]), explain("cluster correctness")
    loose = bool(mark)
    if clustering["ranks"] == "correct":
        st.metric(f"Right at first place{mark}", percent(row["top1"]), help=help_text)
        st.caption("The others are heatmaps of the right individual at the second to fifth place.")
    elif not row["identified"]:
        st.metric(f"First candidate right{mark}", "not known", help=help_text)
        st.caption("No first candidate's heatmap is in this cluster.")
    else:
        few = " Too few to rely on." if row["identified"] < FEW else ""
        right = percent(row["identified_correct"])
        st.metric(f"First candidate right{mark}", right, help=help_text)
        st.caption(
            f"Of {int(row['identified'])} first candidates; between "
            f"{percent(row['identified_low'])} and {percent(row['identified_high'])} with 95 % "
            f"confidence.{few}",
            help=explain("interval"),
        )
    st.metric("Stability", percent(row["stability"]), help=explain("stability"))
    words = f"{AGAIN} it."
    if measured:
        words = stability_words(row["stability"], clustering["noise_stability"])
    st.caption(f":orange[{words}]" if loose else words)
    st.metric(f"Mean score{mark}", f"{row['mean_score']:.2f}", help=explain("mean score"))
    st.metric("Heatmaps", f"{int(row['heatmaps']):,}")


def _show_meaning(lab, row, facts) -> None:
    """What a cluster rests on, and whose heatmaps it holds."""
    if facts is None:
        st.caption(
            f"{AGAIN} what this cluster rests on, how stable it is and whose heatmaps it holds: "
            f"`python -m whalecore cluster {lab_option(lab.folder)}`"
        )
        return
    parts, whose = st.columns(2, gap="large")
    with parts:
        st.markdown("**What it rests on**", help=explain("fluke part"))
        if facts.part_shares:
            draw_chart(parts_chart, facts.part_shares)
            st.caption(part_words(facts.part_shares))
            offer_saving(
                "cluster_parts",
                {"what a cluster rests on": lambda: parts_chart(facts.part_shares)},
            )
        else:
            st.caption("The parts of the fluke are not known.")
    with whose:
        st.markdown("**Whose heatmaps it holds**", help=explain("purity"))
        for title, count, most, share, term in WHOSE:
            first, second = st.columns(2)
            number = getattr(facts, count)
            first.metric(title, int(number) if known(number) else "not known", help=explain(title))
            second.metric(most, percent(getattr(facts, share)), help=explain(term))
        st.caption(plain(most_frequent_words(facts.photo_individual, facts.individual)))
        shares = {words: getattr(facts, name) for words, name in SHARES.items()}
        # As the catalogue is today, like in the chart above.
        shares["new whales"] = row["new_share"]
        for column, (words, share) in zip(st.columns(3), shares.items(), strict=True):
            column.metric(words.capitalize(), percent(share), help=explain(TERMS[words]))


def _edit_name(lab, clustering_id: str, number: int, named) -> None:
    """A form for the name and the note of a cluster."""
    key = f"{clustering_id}_{number}"
    with st.expander("Name and note", icon=":material/edit:"), st.form(f"name_{key}", border=False):
        name = st.text_input(
            "Name",
            named.name if named is not None else "",
            max_chars=LONGEST_NAME,
            placeholder="trailing edge, left tip",
            help=explain("cluster name"),
        )
        note = st.text_area("Note", named.note if named is not None else "", height=80)
        person = st.text_input("Your name", key="named_by", persist_state="session", max_chars=80)
        if st.form_submit_button("Save"):
            lab.name_cluster(clustering_id, number, name, note, person.strip() or None)
            st.toast(plain(f"Saved for cluster {number}."))
            st.rerun()
