"""The reliability report of a lab: what its verdicts promise, and whether they keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from whalecore.lab.lab import Lab
from whalecore.plain_words import known
from whalecore.verdict_words import (
    CLUSTER_GAINS,
    FIGURES,
    GAINS,
    KINDS,
    TRUTHS,
    cluster_gain_words,
    coverage_words,
    fine_percent,
    gain_words,
    promise_words,
    rest_words,
)
from whalecore.workflow.faithfulness import explanation_warnings
from whalecore.workflow.report.charts import (
    counts_chart,
    intervals_chart,
    reliability_chart,
    risk_chart,
)
from whalecore.workflow.report.faithful import faithfulness_section
from whalecore.workflow.report.html import Html, element, section, strong, table
from whalecore.workflow.verdict_tables import (
    FEW,
    VerdictTables,
    by_cluster,
    by_quality,
    confusion,
    orders,
    set_sizes,
    verdict_tables,
)

DRAWN = "The flukes of this lab are drawings made by the computer; they show no real animal."


def lab_sections(lab: Lab) -> tuple[str, list[Html]]:
    """Title and sections of the lab's reliability report."""
    tables = verdict_tables(lab)
    title = f"How far to trust the identifications of '{lab.name}'"
    if tables.photos.empty:
        nothing = section(
            "Nothing to report yet",
            element(
                "p",
                "This lab has no verdicts on test photos yet: run the command calibrate, which "
                "needs at least 20 scored photos of validation, and write the report again.",
            ),
        )
        return title, [nothing, *_figures(tables)]
    return title, [
        _summary(lab, tables),
        _confusion(tables),
        _curves(tables),
        *_sets(tables),
        _by_group("By quality of the photo", by_quality, tables),
        _by_group("By cluster of the heatmap", by_cluster, tables),
        *_heatmap_gain(tables),
        faithfulness_section(lab),
        *_figures(tables),
    ]


def _summary(lab: Lab, tables: VerdictTables) -> Html:
    photos, trusted = tables.photos, tables.reliable
    wrong = int((~trusted["correct"].astype(bool)).sum())
    counts = photos["verdict"].value_counts().to_dict()
    return section(
        "In short",
        element(
            "p",
            f"{len(photos)} photos that neither the network nor the rules had seen were "
            f"identified among {tables.individuals} individuals and judged.",
        ),
        [
            element("p", strong(words))
            for words in promise_words(len(trusted), wrong, len(photos), tables.error_limit)
            if words
        ],
        element("p", rest_words(counts)),
        [element("p", note, class_="warning") for note in tables.notes],
        [element("p", text, class_="warning") for text in explanation_warnings(lab).values()],
        element("p", DRAWN, class_="soft") if lab.info.drawings else None,
    )


def _confusion(tables: VerdictTables) -> Html:
    counts = confusion(tables.photos)
    rows = []
    for verdict, name in KINDS.items():
        own = counts[counts["verdict"] == verdict]
        shares = [
            f"{row.photos} ({fine_percent(row.photos / row.of)})" if row.of else "0"
            for row in own.itertuples()
        ]
        rows.append([element("span", name, class_=verdict), *shares, int(own["photos"].sum())])
    totals = counts.groupby("truth", sort=False)["photos"].sum()
    rows.append([element("strong", "all"), *totals.tolist(), len(tables.photos)])
    return section(
        "The verdicts and the truth",
        element("p", "Shares are of the photos that got the verdict."),
        table(["Verdict", *TRUTHS, "photos"], rows),
    )


def _curves(tables: VerdictTables) -> Html:
    title = "Is a probability right as often as it says?"
    sure = tables.probable
    if sure.empty:
        return section(title, element("p", "The photos were judged without a probability."))
    ways, correct = orders(tables)
    return section(
        title,
        element(
            "div",
            reliability_chart(sure["p_correct"].to_numpy(np.float64), correct),
            risk_chart(ways, correct, tables.error_limit),
            class_="figures",
        ),
    )


def _sets(tables: VerdictTables) -> Iterator[Html]:
    photos = tables.photos.dropna(subset=["set_size", "set_holds"])
    if photos.empty:
        return
    held = int(photos["set_holds"].astype(bool).sum())
    sizes = set_sizes(photos)
    yield section(
        "Sets of answers",
        element("p", coverage_words(held, len(photos), tables.confidence)),
        element(
            "p",
            "This holds over all photos together. Some kinds of photos get less, others more.",
        ),
        counts_chart(
            dict(zip(sizes["size"], sizes["photos"], strict=True)),
            "answers in the set",
            f"{len(photos)} photos by size of their set.",
        ),
    )


def _by_group(
    title: str, shares_of: Callable[[pd.DataFrame], pd.DataFrame], tables: VerdictTables
) -> Html:
    """Per group of photos how many were right, called reliable, and held by their set."""
    rows = []
    for name, own in shares_of(tables.judged).groupby("group", sort=False):
        photos = int(own["photos"].iloc[0])
        shares = own.set_index("measure")
        few = element("span", "too few", class_="soft")
        cells = [
            few
            if photos < FEW
            else _share(shares.loc[measure])
            if measure in shares.index
            else "no sets"
            for measure in ("right", "reliable", "held")
        ]
        rows.append([name, photos, *cells])
    head = ["Photos", "number", "first candidate right", "called reliable", "right answer in set"]
    note = (
        f"Photos of validation and test; shares with their 95 % intervals. Groups of fewer than "
        f"{FEW} photos say too little."
    )
    return section(title, table(head, rows, note=note))


def _share(row: pd.Series) -> str:
    return f"{fine_percent(row['share'])} ({100 * row['low']:.0f} to {100 * row['high']:.0f})"


def _heatmap_gain(tables: VerdictTables) -> Iterator[Html]:
    names = {**GAINS, **CLUSTER_GAINS}
    found = {name: tables.figures[name] for name in names if name in tables.figures}
    if not found:
        return
    photos = max(one.photos for one in found.values())
    yield section(
        "Do the heatmaps add anything?",
        element("p", strong(f"{gain_words(tables.figures)} {cluster_gain_words(tables.figures)}")),
        intervals_chart(
            [(names[name], one.value, one.low, one.high) for name, one in found.items()],
            "gain by the heatmaps' evidence",
            f"{photos} photos judged with and without the evidence of the heatmaps; 95 % intervals "
            "from drawing photos anew. Right of the dashed line the heatmaps help.",
        ),
    )


def _figures(tables: VerdictTables) -> Iterator[Html]:
    found = {name: tables.figures[name] for name in FIGURES if name in tables.figures}
    if not found:
        return
    rows = [
        [
            FIGURES[name],
            f"{one.value:.3f}",
            f"{one.low:.3f} to {one.high:.3f}" if known(one.low) and known(one.high) else "",
            one.photos,
        ]
        for name, one in found.items()
    ]
    head = ["Figure", "value", "95 % interval", "photos"]
    listed = element("details", element("summary", f"{len(rows)} figures"), table(head, rows))
    yield section("All figures", listed)
