"""Whether heatmaps point to what the score rests on."""

from __future__ import annotations

from whalecore.lab.lab import Lab
from whalecore.workflow.faithful_curves import KINDS, faithful_curves
from whalecore.workflow.faithfulness import (
    METHODS,
    OPPONENTS,
    explanation_warnings,
    faithfulness_figures,
    faithfulness_words,
)
from whalecore.workflow.report.charts import curves_chart, intervals_chart
from whalecore.workflow.report.html import Html, element, section, table


def faithfulness_section(lab: Lab) -> Html:
    """The tests of both kinds of heatmap, with their photos."""
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
        )
        if margins
        else None,
        *_curves(lab),
    )


def _curves(lab: Lab) -> list[Html]:
    """The score step by step, of both heatmaps and the map that is hardest to beat."""
    curves = faithful_curves(lab)
    if curves.empty:
        return []
    names = {**METHODS, "centre": OPPONENTS["centre"]}
    return [curves_chart(curves, curve, names) for curve in KINDS]
