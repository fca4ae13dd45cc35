"""The reliability report of a lab: what its verdicts promise, and whether they keep it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from whalecore.lab.lab import Lab
from whalecore.reliability.metrics import wilson_interval
from whalecore.verdict_words import GAINS, KINDS, fine_percent
from whalecore.workflow.faithfulness import (
    METHODS,
    OPPONENTS,
    explanation_warnings,
    faithfulness_figures,
    faithfulness_words,
)
from whalecore.workflow.models import newest_models
from whalecore.workflow.report.charts import (
    counts_chart,
    intervals_chart,
    reliability_chart,
    risk_chart,
)
from whalecore.workflow.report.html import Html, element, section, table
from whalecore.workflow.report.words import gain_words, interval_words, metric_words

FEW = 30
"""Photos under which a share says too little."""

TRUTHS = ("right", "wrong", "new whale")
"""Of the first candidate: right, another known animal, an animal that nobody could name."""

PART = "test"


def lab_sections(lab: Lab) -> tuple[str, list[Html]]:
    """Title and sections of the lab's reliability report."""
    clustering = lab.newest_clustering(ranks="top5")
    models = {model["model_id"] for model in newest_models(lab)}
    judged = [
        row
        for row in lab.rows("verdicts", part=PART)
        if row["model_id"] in models and row["clustering_id"] == clustering
    ]
    figures = _newest_figures(lab, models)
    title = f"How far to trust the identifications of '{lab.name}'"
    if not judged:
        nothing = section(
            "Nothing to report yet",
            element(
                "p",
                "This lab has no verdicts on test photos yet: run the command calibrate, which "
                "needs at least 20 scored photos of validation, and write the report again.",
            ),
        )
        return title, [nothing, *_figures_section(figures)]
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    return title, [
        _summary(lab, judged, models, clustering),
        _confusion(judged),
        _curves(lab, judged),
        *_sets(judged, figures),
        _by_group("Coverage by cluster", _clusters(judged), "Cluster of the first heatmap"),
        _by_group("Coverage by quality", _qualities(judged, photos), "Photos"),
        *_heatmap_gain(figures),
        _faithfulness(lab),
        *_figures_section(figures),
    ]


def _summary(lab: Lab, judged: Sequence[dict], models: set[str], clustering: str | None) -> Html:
    trusted = [row for row in judged if row["verdict"] == "reliable"]
    wrong = sum(not row["correct"] for row in trusted)
    individuals = {name for row in lab.rows("models") if row["model_id"] in models
                   for name in row["individuals"]}  # fmt: skip
    first = (
        f"{len(judged)} photos that neither the network nor the rules had seen were identified "
        f"among {len(individuals)} individuals and judged. "
    )
    if trusted:
        second = (
            f"{len(trusted)} of them ({fine_percent(len(trusted) / len(judged))}) were called "
            f"reliable, and {wrong} of these were wrong: {interval_words(wrong, len(trusted))}. "
            f"The lab allows {fine_percent(lab.info.error_limit)}. "
        )
    else:
        second = "None of them was called reliable. "
    left = len(judged) - len(trusted)
    third = f"{left} photos are left to people."
    notes = {
        note
        for model in sorted(models)
        if (note := (lab.rules(model, clustering) or {}).get("note"))
    }
    drawn = "The flukes of this lab are drawings made by the computer; they show no real animal."
    return section(
        "In short",
        element("p", first, second, third),
        [element("p", note, class_="warning") for note in sorted(notes)],
        [element("p", text, class_="warning") for text in explanation_warnings(lab).values()],
        element("p", drawn, class_="soft") if lab.info.drawings else None,
    )


def _confusion(judged: Sequence[dict]) -> Html:
    counts = Counter((row["verdict"], _truth(row)) for row in judged)
    rows = []
    for verdict, name in KINDS.items():
        of_each = [counts[verdict, truth] for truth in TRUTHS]
        total = sum(of_each)
        shares = [f"{count} ({fine_percent(count / total)})" if total else "0" for count in of_each]
        rows.append([element("span", name, class_=verdict), *shares, total])
    totals = [sum(counts[verdict, truth] for verdict in KINDS) for truth in TRUTHS]
    rows.append([element("strong", "all"), *totals, len(judged)])
    head = ["Verdict", "first candidate right", "another known animal", "new whale", "photos"]
    return section(
        "The verdicts and the truth",
        element("p", "Shares are of the photos that got the verdict."),
        table(head, rows),
    )


def _curves(lab: Lab, judged: Sequence[dict]) -> Html:
    sure = [row for row in judged if row["p_correct"] is not None]
    correct = np.array([row["correct"] for row in sure], bool)
    probabilities = np.array([row["p_correct"] for row in sure], float)
    ways = {"probability of the rules": probabilities}
    if all(row["score"] is not None for row in sure):
        ways["score alone"] = np.array([row["score"] for row in sure], float)
    return section(
        "Is a probability right as often as it says?",
        element(
            "div",
            reliability_chart(probabilities, correct),
            risk_chart(ways, correct, lab.info.error_limit),
            class_="figures",
        )
        if len(sure)
        else element("p", "The photos were judged without a probability."),
    )


def _sets(judged: Sequence[dict], figures: pd.DataFrame) -> Iterator[Html]:
    with_set = [row for row in judged if row["set_size"] is not None]
    if not with_set:
        return
    sizes = Counter(min(row["set_size"], 6) for row in with_set)
    counts = {
        "6 and more" if size == 6 else str(size): sizes[size]
        for size in range(min(sizes), max(sizes) + 1)
    }
    held = sum(bool(row["set_holds"]) for row in with_set)
    yield section(
        "Sets of candidates",
        element(
            "p",
            f"The set of a photo holds the true answer, a known individual or a new whale, for "
            f"{held} of {len(with_set)} photos: {interval_words(held, len(with_set))}. This holds "
            "over all photos together, not for each kind of photo alone; see the tables below.",
        ),
        counts_chart(counts, "members of the set", f"{len(with_set)} photos by size of their set."),
    )


def _by_group(title: str, groups: dict[str, list[dict]], what: str) -> Html:
    """Per group of photos how many were right, called reliable, and held by their set."""
    rows = []
    for name, members in groups.items():
        count = len(members)
        if count < FEW:
            few = element("span", "too few", class_="soft")
            rows.append([name, count, few, few, few, few])
            continue
        trusted = [row for row in members if row["verdict"] == "reliable"]
        wrong = sum(not row["correct"] for row in trusted)
        held = [row["set_holds"] for row in members if row["set_holds"] is not None]
        rows.append(
            [
                name,
                count,
                _share(sum(row["correct"] for row in members), count),
                _share(len(trusted), count),
                f"{wrong} of {len(trusted)}" if trusted else "none",
                _share(sum(held), len(held)) if held else "no sets",
            ]
        )
    head = [what, "photos", "first candidate right", "called reliable", "of these wrong",
            "true answer in the set"]  # fmt: skip
    note = f"Shares with their 95 % intervals; groups of fewer than {FEW} photos say too little."
    return section(title, table(head, rows, note=note))


def _clusters(judged: Sequence[dict]) -> dict[str, list[dict]]:
    groups: dict[int, list[dict]] = {}
    for row in judged:
        groups.setdefault(0 if row["cluster"] is None else row["cluster"], []).append(row)
    # Neighbours are about as often right: small clusters are put together until they say enough.
    named: dict[str, list[dict]] = {}
    numbers: list[int] = []
    together: list[dict] = []
    for number in sorted(set(groups) - {0}):
        numbers.append(number)
        together += groups[number]
        if len(together) >= FEW:
            named[_range(numbers)], numbers, together = together, [], []
    if numbers:
        named[_range(numbers)] = together
    if 0 in groups:
        named["without a cluster"] = groups[0]
    return named


def _range(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _qualities(judged: Sequence[dict], photos: dict[str, dict]) -> dict[str, list[dict]]:
    groups: dict[str, list[dict]] = {}
    measures = {"sharpness": ("least sharp third", "middle third", "sharpest third"),
                "fluke_share": ("smallest third", "middle third", "largest third")}  # fmt: skip
    names = {"sharpness": "Sharpness", "fluke_share": "Size of the fluke"}
    for measure, thirds in measures.items():
        known = [row for row in judged if (photos.get(row["photo_id"]) or {}).get(measure)]
        if len(known) < 3:
            continue
        values = np.array([photos[row["photo_id"]][measure] for row in known])
        place = np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values, side="left")
        for third, words in enumerate(thirds):
            chosen = [row for row, at in zip(known, place, strict=True) if at == third]
            groups[f"{names[measure]}: {words}"] = chosen
    words = {"given": "given with the collection", "corrected": "corrected by hand",
             "detector": "found by the detector", "whole": "whole photo"}  # fmt: skip
    for row in judged:
        source = (photos.get(row["photo_id"]) or {}).get("crop_source")
        if source is not None:
            groups.setdefault(f"Crop: {words.get(source, source)}", []).append(row)
    return groups


def _heatmap_gain(figures: pd.DataFrame) -> Iterator[Html]:
    known = figures[figures["metric"].isin(GAINS)].dropna(subset=["value", "low", "high"])
    # Over all judged photos where that was measured: the more photos, the more can be told.
    known = known.sort_values("photos", ascending=False).drop_duplicates("metric")
    if known.empty:
        return
    gains = [row for metric in GAINS for row in known[known["metric"] == metric].itertuples()]
    yield section(
        "Do the heatmaps add anything?",
        [
            element("p", gain_words(row.metric, row.value, row.low, row.high, row.photos))
            for row in gains
        ],
        intervals_chart(
            [(GAINS[row.metric], row.value, row.low, row.high) for row in gains],
            "gain by the heatmaps' evidence",
            "The same photos judged with and without the evidence of the heatmaps; 95 % intervals "
            "from drawing photos anew. Right of the dashed line the heatmaps help.",
        ),
    )


def _faithfulness(lab: Lab) -> Html:
    figures, warnings = faithfulness_figures(lab), explanation_warnings(lab)
    warned = set(warnings.values())
    words = [
        element("p", sentence, class_="warning" if sentence in warned else None)
        for sentence in faithfulness_words(lab)
    ]
    if not figures:
        return section("Do the heatmaps tell the truth?", words)
    rows = []
    for name, called in [*METHODS.items(), *OPPONENTS.items()]:
        deleted, inserted = figures.get(f"deletion_{name}"), figures.get(f"insertion_{name}")
        if deleted is None or inserted is None:
            continue
        same = figures.get(f"randomised_{name}")
        rows.append(
            [
                called[0].upper() + called[1:],
                f"{deleted.value:.3f}",
                f"{inserted.value:.3f}",
                f"{same.value:.2f} ({same.photos} photos)" if same else "",
                deleted.photos,
            ]
        )
    margins = [
        (f"{METHODS[method]} against {OPPONENTS[opponent]}", one.value, one.low, one.high)
        for method in METHODS
        for opponent in OPPONENTS
        if (one := figures.get(f"faithful_{method}_over_{opponent}"))
    ]
    head = ["Map", "deletion", "insertion", "after forgetting", "photos"]
    note = (
        "Deletion: mean score of the first candidate while the photo is covered in the map's "
        "order, lower is better. Insertion: the same while it is uncovered, higher is better. "
        "After forgetting: rank correlation with the map of the network whose weights are "
        "shuffled, near 0 is right."
    )
    return section(
        "Do the heatmaps tell the truth?",
        words,
        table(head, rows, note=note),
        intervals_chart(
            margins,
            "insertion minus deletion, difference",
            "Right of the dashed line the heatmap names what the score rests on better than a map "
            "that knows nothing of the network.",
        ),
    )


def _figures_section(figures: pd.DataFrame) -> Iterator[Html]:
    if figures.empty:
        return
    rows = []
    for row in figures.itertuples():
        known = not (pd.isna(row.low) or pd.isna(row.high))
        rows.append(
            [
                metric_words(row.metric),
                row.part,
                "" if pd.isna(row.value) else f"{row.value:.3f}",
                f"{row.low:.3f} to {row.high:.3f}" if known else "",
                "" if pd.isna(row.photos) else int(row.photos),
            ]
        )
    head = ["Figure", "photos of", "value", "95 % interval", "photos"]
    listed = element(
        "details", element("summary", f"{len(rows)} figures"), table(head, rows, numbers=2)
    )
    yield section("All figures", listed)


def _newest_figures(lab: Lab, models: set[str]) -> pd.DataFrame:
    """The newest figure of every metric and part; of several models the one trained last."""
    frame = lab.evaluations()
    clustering = lab.newest_clustering(ranks="top5")
    own = frame["clustering_id"].isna() | (frame["clustering_id"] == clustering)
    frame = frame[frame["model_id"].isin(models) & own]
    return frame.drop_duplicates(["metric", "part"]).sort_values(["metric", "part"])


def _truth(row: dict) -> str:
    if not row["known"]:
        return "new whale"
    return "right" if row["correct"] else "wrong"


def _share(count: int, total: int) -> str:
    low, high = wilson_interval(int(count), total)
    return f"{fine_percent(count / total)} ({100 * low:.0f} to {100 * high:.0f})"
