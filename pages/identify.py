"""Identify: who is on the photo, what says so, can it be believed, and what is decided?"""

from __future__ import annotations

import streamlit as st

from pages.parts.assessment import assessment_of, decoded, show_crop
from pages.parts.candidates import compare_with, pick_candidate, say_rest
from pages.parts.decide import show_decision
from pages.parts.decisions import turned_to
from pages.parts.encounter import (
    assess_encounter,
    companions_of,
    show_joint,
    show_one_animal,
    subject_of,
)
from pages.parts.evidence import show_answers, show_changing, show_evidence, show_evidence_line
from pages.parts.export import offer_assessment_report
from pages.parts.frame import begin
from pages.parts.guard import guarded, plain
from pages.parts.hand import photos_in_hand, pick_photo
from pages.parts.labs import current_lab, drawings_note
from pages.parts.state import change
from pages.parts.todo import say_missing
from pages.parts.unfold import unfold
from pages.parts.verdict import show_cluster, show_verdict
from whalecore.cluster_words import names_of
from whalecore.glossary import explain
from whalecore.lab.gallery import individuals_asked
from whalecore.types import TOP


def show_answer(lab, found, one_of_several: bool = False) -> None:
    """Verdict and evidence line of one photo, beside the photo and its box."""
    left, right = st.columns([3, 2])
    with left:
        if one_of_several:
            # The joint answer stands above in a box that looks the same, and can be another one.
            first = plain(found.prediction.individuals[0])
            st.markdown(f"**The answer of this photo alone: {first}**", help=explain("one animal"))
        show_verdict(found.verdict)
        show_answers(found.answers)
    with right:
        show_crop(lab, found.photo, found.prediction.crop)
    show_evidence_line(lab, found)


@st.fragment
def compare_and_decide(lab, found, candidates, held, joint) -> None:
    """The ranked list, the comparison and the decision: what is drawn anew with each key."""
    title = "Candidates"
    if joint is not None:
        title += f" of all {len(joint.assessments)} photos together"
    st.header(title, help=explain("candidate") + " " + explain("score"))
    photo_id, chosen = found.photo.photo_id, candidates[0]
    with guarded("compare the candidates"):
        chosen = pick_candidate(lab, candidates, found.answers, photo_id, joint is not None)
        say_rest(candidates, individuals_asked(lab, found.prediction))
        compare_with(lab, found.photo, found.prediction, found.heatmaps, chosen)
    with guarded("offer a decision"):
        show_decision(
            lab,
            subject_of(found, held[photo_id]),
            [one.individual for one in candidates],
            chosen=chosen.individual,
            companions=companions_of(lab, joint, held, photo_id),
        )


def show_more(lab, found) -> None:
    """Cluster, tips and all evidence, for those who want to know why."""
    with guarded("show who has similar tips"):
        show_changing(lab, found)
    unfold(
        "The cluster of the heatmap",
        ":material/scatter_plot:",
        "cluster_of_the_heatmap",
        lambda: show_its_cluster(lab, found.cluster),
    )

    def evidence() -> None:
        with guarded("list the evidence"):
            show_evidence(lab, found)

    unfold("What the verdict was made from", ":material/fact_check:", "made_from", evidence)
    with guarded("offer the page to print"):
        offer_assessment_report(lab, found)


def show_its_cluster(lab, cluster) -> None:
    """The cluster of the first candidate's heatmap, and the way to it."""
    clustering_id = lab.usual_clustering()
    with guarded("show the cluster of the heatmap"):
        name = names_of(lab.cluster_names(clustering_id)).get(cluster.id) if cluster else None
        show_cluster(cluster, name)
    words = "Open the nearest cluster" if cluster and cluster.unlike else "Open this cluster"
    if cluster is not None and st.button(words, icon=":material/scatter_plot:"):
        # Whatever else was chosen belongs to another clustering.
        rest = dict.fromkeys(("tab", "second", "other", "outline", "families"))
        change(cluster=cluster.id, clustering=clustering_id, **rest)
        st.switch_page("pages/clusters.py")


def show_photo(lab, held, joint) -> None:
    """Everything about the photo that is looked at, alone or as one of an encounter."""
    one = pick_photo(lab, held)
    turned_to(one.photo_id)
    with guarded(f"identify {one.name}"):
        photo = decoded(one.data, one.name)
        if joint is None:
            found = assessment_of(lab, photo)
            candidates = found.prediction.candidates
        else:
            by_id = {each.photo.photo_id: each for each in joint.assessments}
            found, candidates = by_id[photo.photo_id], joint.candidates[:TOP]
        show_answer(lab, found, joint is not None)
        compare_and_decide(lab, found, candidates, held, joint)
        show_more(lab, found)


begin("Identify")
with guarded("identify this photo"):
    lab = current_lab()
    drawings_note(lab)
    usable = not lab.models().empty
    if not usable:
        say_missing(lab, "The lab has no model yet, so it cannot say who is on a photo.", "train")
    held = photos_in_hand(lab) if usable else {}
    if usable and not held:
        st.markdown(
            "Drop a photo of a fluke above. You will see the five most likely individuals, "
            "what on the photo speaks for each of them, and whether the answer can be believed."
        )
    elif usable:
        joint = None
        if show_one_animal(held) and (joint := assess_encounter(lab, held)) is not None:
            show_joint(joint)
        show_photo(lab, held, joint)
