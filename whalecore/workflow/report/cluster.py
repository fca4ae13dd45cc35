"""The report of one cluster: what its heatmaps share and how often they are right."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whalecore.cluster_words import label_of, most_frequent_words, stability_words
from whalecore.clustering_words import first_part_words
from whalecore.clusters.descriptor import turned
from whalecore.clusters.stability import is_unstable
from whalecore.errors import LabError, WhalecoreError
from whalecore.glossary import explain
from whalecore.lab.cluster_photos import photo_shares
from whalecore.lab.lab import Lab
from whalecore.lab.sheets import many_boxes, many_heatmaps
from whalecore.overlays import heatmap_picture, kind_of, mean_heatmap, overlay
from whalecore.photos.crop import cut
from whalecore.plain_words import known, percent
from whalecore.terminal import lab_option
from whalecore.types import Representation
from whalecore.verdict_words import fine_percent
from whalecore.workflow.report.html import Html, element, picture, section, table

TYPICAL = 24
"""Heatmaps shown, the most typical."""

AVERAGED = 500
"""Heatmaps behind the mean heatmap, at most."""

CELL_WIDTH = 256


def cluster_sections(lab: Lab, cluster: int) -> tuple[str, list[Html]]:
    """Title and sections of the report of a cluster of the newest clustering.

    Raises
    ------
    LabError
        If the lab has no clusters, or no such one.
    """
    clustering = lab.usual_clustering() or lab.newest_clustering()
    if clustering is None:
        raise LabError(
            f"The lab '{lab.name}' has no clusters yet: make them with "
            f"'python -m whalecore cluster {lab_option(lab.folder)}'."
        )
    correctness = lab.cluster_correctness(clustering)
    found = correctness[correctness["cluster"] == cluster]
    if found.empty:
        last = 0 if correctness.empty else int(correctness["cluster"].max())
        raise LabError(
            f"The newest clustering has no cluster {cluster}: choose one from 1 to {last}."
        )
    facts = lab.cluster_facts(clustering)
    facts = facts[facts["cluster"] == cluster]
    # As the catalogue is today, like on the page Clusters.
    shares = photo_shares(lab, clustering).set_index("cluster")["new_share"]
    facts = facts.assign(new_share=shares.get(cluster))
    names = lab.cluster_names(clustering)
    named = names[names["cluster"] == cluster]
    name = "" if named.empty else named["name"].iloc[0]
    stability = None if facts.empty else facts["stability"].iloc[0]
    noise = lab.rows("clusterings", clustering_id=clustering)[0]["noise_stability"]
    members = lab.cluster_members(clustering, cluster, limit=AVERAGED)
    return f"Cluster {label_of(cluster, name, stability)}", [
        _figures(found.iloc[0], facts, noise),
        *_note(named),
        *_meaning(facts, lab.representation(clustering)),
        _pictures(lab, members, lab.representation(clustering).aligned),
    ]


def _figures(row: pd.Series, facts: pd.DataFrame, noise: float | None) -> Html:
    def share(value: str, low: str, high: str) -> str:
        if pd.isna(row[value]):
            return "none"
        return f"{fine_percent(row[value])} ({fine_percent(row[low])} to {fine_percent(row[high])})"

    rows = [
        ["Heatmaps", int(row["heatmaps"])],
        ["Photos", int(row["photos"])],
        ["Of the true individual", share(
            "share_correct", "share_correct_low", "share_correct_high")],
        ["First candidates", int(row["identified"])],
        ["Of these right", share("identified_correct", "identified_low", "identified_high")],
        ["Mean score", f"{row['mean_score']:.3f}"],
    ]  # fmt: skip
    stability = None if facts.empty else facts["stability"].iloc[0]
    kind = {"class_": "warning"} if is_unstable(stability) else {}
    return section(
        "How often it is right",
        table(["", "value"], rows, note="Shares with their 95 % intervals."),
        element("p", stability_words(stability, noise), **kind) if len(facts) else None,
    )


def _note(named: pd.DataFrame) -> list[Html]:
    if named.empty or not named["note"].iloc[0]:
        return []
    lines = named["note"].iloc[0].splitlines()
    return [section("Note", [element("p", line) for line in lines])]


HOW_MANY = {
    "photo_individuals": ("Animals on the photos", "animals on the photos"),
    "individuals": ("Candidates", "candidates"),
}
"""Column to its name and the term of the glossary that explains it."""

WHOSE = {
    "photo_purity": ("Photos of the most frequent animal", "purity"),
    "purity": ("Of the most frequent candidate", "purity by candidate"),
    "mirrored_share": ("Mirrored", "mirrored"),
    "blurred_share": ("Blurred", "blurred"),
    "new_share": ("New whales", "new share"),
}
"""The same of shares."""


def _meaning(facts: pd.DataFrame, representation: Representation) -> list[Html]:
    if facts.empty:
        return []
    row = facts.iloc[0]
    parts = sorted(row["part_shares"].items(), key=lambda one: -(one[1] or 0))
    whose = [
        [name, percent(row[column]), element("span", explain(term), class_="soft")]
        for column, (name, term) in WHOSE.items()
    ]
    counts = [
        [
            name,
            int(row[column]) if known(row[column]) else "not known",
            element("span", explain(term), class_="soft"),
        ]
        for column, (name, term) in HOW_MANY.items()
    ]
    several = first_part_words(representation)
    sides = explain("turned heatmaps") if representation.aligned else None
    return [
        section(
            "What it rests on",
            [element("p", text, class_="warning") for text in row["warnings"]],
            table(
                ["Part of the fluke", "share of the support"],
                [[part, fine_percent(share)] for part, share in parts if share is not None],
            ),
            [element("p", words, class_="soft") for words in (several, sides) if words],
        ),
        section(
            "Whose heatmaps it holds",
            table(
                ["", "value", "what it means"],
                [*counts, *whose],
                numbers=3,
                note=most_frequent_words(row["photo_individual"], row["individual"]),
            ),
        ),
    ]


def _pictures(lab: Lab, members: pd.DataFrame, aligned: bool) -> Html:
    keys = list(
        members[["model_id", "photo_id", "individual", "method", "settings"]].itertuples(
            index=False, name=None
        )
    )
    heatmaps = many_heatmaps(lab, keys)
    if not heatmaps:
        return section("Heatmaps", element("p", "None of its heatmaps is there any more."))
    model = lab.models().iloc[0]
    shape = int(model["input_height"]), int(model["input_width"])
    size = round(CELL_WIDTH * shape[0] / shape[1]), CELL_WIDTH
    kind = kind_of(keys[0][3])
    grids = np.stack([one.values for one in heatmaps.values()])
    mean = mean_heatmap(turned(grids) if aligned else grids)
    boxes = many_boxes(lab, [key[1] for key in keys[:TYPICAL]])
    cells = []
    for key, row in zip(keys[:TYPICAL], members.itertuples(), strict=False):
        try:
            crop = cut(lab.read_photo(key[1]), boxes[key[1]], *size)
            drawn = overlay(crop, heatmaps[key].values, kind=kind)
        except (WhalecoreError, KeyError):
            continue
        right = "right" if row.is_reference else "not the animal"
        words = f"{row.name}: {key[2]}, rank {row.rank}, score {row.score:.2f}, {right}"
        cells.append(
            element("figure", picture(drawn, f"Heatmap of {key[2]} over photo {row.name}"),
                    element("figcaption", words))
        )  # fmt: skip
    return section(
        "Heatmaps",
        element(
            "figure",
            picture(heatmap_picture(mean, *size, kind=kind), "Mean heatmap"),
            element("figcaption", f"Mean of {len(heatmaps)} heatmaps."),
        ),
        element("h3", f"The {len(cells)} most typical"),
        element("div", cells, class_="sheet"),
    )
