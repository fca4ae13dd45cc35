"""The verdicts of a lab beside the truth: what the page Reliability says and draws of them."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import pandas as pd
import streamlit as st

from pages.parts.chart import draw_chart
from pages.parts.guard import plain
from pages.parts.saving import offer_saving
from pages.parts.table import show_table
from whalecore import reliability_charts as charts
from whalecore.glossary import explain
from whalecore.plain_words import known, percent
from whalecore.verdict_words import (
    FIGURES,
    KINDS,
    calibration_words,
    coverage_words,
    gain_words,
    part_coverage_words,
    promise_words,
    rest_words,
)
from whalecore.workflow.verdict_tables import (
    FEW,
    VerdictTables,
    by_cluster,
    by_quality,
    calibration_bins,
    confusion,
    orders,
    set_sizes,
)

ALWAYS = (
    "The promise is about photos like those of this lab, all of them together: not about one "
    "photo, one animal or one kind of photo. Another camera, sea or year can break it; judge again "
    "when photos of a new kind have come in."
)

SHORT = {
    "first candidate right": st.column_config.NumberColumn(
        "right", width=80, help=explain("known and right")
    ),
    "another known animal": st.column_config.NumberColumn("another animal", width=115),
    "new whale": st.column_config.NumberColumn(width=85),
    "all": st.column_config.NumberColumn(width=60),
}
"""Columns of a table that stands beside its chart."""


def draw_summary(tables: VerdictTables) -> None:
    """What a reader needs who reads nothing else."""
    photos, trusted = tables.photos, tables.reliable
    wrong = int((~trusted["correct"].astype(bool)).sum())
    held = photos["set_holds"].dropna()
    facts = st.columns(4)
    facts[0].metric("Test photos", f"{len(photos):,}", help=explain("test photo"))
    facts[1].metric("Called reliable", f"{len(trusted):,}", help=explain("reliable"))
    facts[2].metric(
        "Of these wrong", f"{wrong:,}" if len(trusted) else "none", help=explain("promise")
    )
    facts[3].metric(
        "Right answer in the set",
        percent(held.astype(bool).mean()) if len(held) else "not known",
        help=explain("answer set"),
    )
    first, kept = promise_words(len(trusted), wrong, len(photos), tables.error_limit)
    counts = photos["verdict"].value_counts().to_dict()
    sentences = [f"{first} {kept}".strip(), rest_words(counts), gain_words(tables.figures)]
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences if sentence))
    missing = [plain(note[0].upper() + note[1:]) for note in tables.notes]
    st.info(
        "**What cannot be promised.** " + " ".join([*(f"{one}." for one in missing), ALWAYS]),
        icon=":material/info:",
    )


def draw_verdicts(tables: VerdictTables) -> None:
    """Which verdicts were given, and what was true."""
    st.header("Verdicts and the truth", help=explain("verdict"))
    counts = confusion(tables.photos)
    left, right = st.columns([3, 4], gap="medium")
    with left:
        draw_chart(charts.verdicts_chart, counts)
    with right:
        table = counts.assign(verdict=counts["verdict"].map(KINDS))
        wide = table.pivot_table("photos", "verdict", "truth", sort=False)
        wide = wide.astype(int).assign(all=wide.sum(axis=1).astype(int))
        show_table(wide.reset_index(), "Verdicts and the truth", column_config=SHORT)
        st.caption(
            f"{len(tables.photos):,} test photos by verdict (rows) and truth (columns). The name "
            "of the animal on each photo is known, so the truth is too.",
            help=explain("test photo"),
        )
    offer_saving(
        "verdicts",
        {"verdicts and truth": lambda: charts.verdicts_chart(counts)},
        {"verdicts and truth": counts, "verdict of each test photo": tables.photos},
    )


def draw_certainty(tables: VerdictTables) -> None:
    """Whether probabilities come true, and how many errors more photos cost."""
    st.header("Is a probability right as often as it says?", help=explain("probability"))
    sure = tables.probable
    if sure.empty:
        st.info("The verdicts of this lab have no probabilities: it needs more photos to judge by.")
        return
    left, right = st.columns(2, gap="large")
    bins, (ways, correct) = calibration_bins(tables), orders(tables)
    with left:
        st.markdown("**Probability and what came true**", help=explain("reliability diagram"))
        draw_chart(charts.reliability_diagram, bins)
        words = calibration_words(tables.figures)
        st.caption(
            "Numbers beside the dots: photos; lines: 95 % interval. Dots above the dashed line "
            f"were right more often than was said. {words}",
            help=explain("calibration error"),
        )
    with right:
        st.markdown("**Errors by photos accepted**", help=explain("risk-coverage curve"))
        draw_chart(charts.risk_coverage_chart, ways, correct, tables.error_limit)
        st.caption(
            f"{len(sure):,} photos, the surest first: the lower the line, the fewer errors for the "
            "same photos accepted without a look.",
            help=f"{explain('score alone')} {explain('lead alone')}",
        )
    offer_saving(
        "probabilities",
        {
            "probability and truth": lambda: charts.reliability_diagram(bins),
            "errors by photos accepted": lambda: charts.risk_coverage_chart(
                ways, correct, tables.error_limit
            ),
        },
        {"probability and truth": lambda: pd.DataFrame([asdict(one) for one in bins])},
    )


def draw_sets(tables: VerdictTables) -> None:
    """How large the sets of answers are and how often they hold the right one."""
    photos = tables.photos.dropna(subset=["set_size", "set_holds"])
    st.header("Sets of answers", help=explain("answer set"))
    if photos.empty:
        st.info("The rules of this lab give no sets of answers yet: calibrate it again.")
        return
    held = photos["set_holds"].astype(bool)
    left, right = st.columns([3, 2], gap="large")
    sizes = set_sizes(photos)
    with left:
        draw_chart(charts.sizes_chart, sizes)
    with right:
        st.markdown(coverage_words(int(held.sum()), len(photos), tables.confidence))
        for name, chosen in (("known", photos["known"]), ("new", ~photos["known"].astype(bool))):
            own = held[chosen.astype(bool)]
            if len(own):
                st.markdown(f"- {part_coverage_words(name, int(own.sum()), len(own))}")
        st.caption(
            "This holds over all photos together. Some kinds of photos get less, others more.",
            help=explain("answer set"),
        )
    offer_saving(
        "sets",
        {"sizes of the sets": lambda: charts.sizes_chart(sizes)},
        {"sizes of the sets": sizes},
    )


def draw_groups(tables: VerdictTables) -> None:
    """For which photos verdicts are good, and for which they are not."""
    st.header("Which photos are easy, and which are not?")
    st.caption(
        f"{len(tables.judged):,} photos of validation and test. The probabilities of the former "
        "come from rules fitted on other photos, but what is called reliable was chosen on them: "
        "there it may look better than it is."
    )
    kept_charts, kept_tables = {}, {}
    parts = {
        "quality": ("By quality of the photo", by_quality),
        "cluster": ("By cluster of the heatmap", by_cluster),
    }
    for term, (title, shares_of) in parts.items():
        st.markdown(f"**{title}**", help=explain(term))
        shares = shares_of(tables.judged)
        few = shares["photos"] < FEW
        if (~few).any():
            draw_chart(charts.groups_chart, shares[~few])
            kept_charts[title.lower()] = partial(charts.groups_chart, shares[~few])
        kept_tables[title.lower()] = shares
        left_out = shares[few].drop_duplicates("group")
        words = "; ".join(f"{row.group} ({row.photos})" for row in left_out.itertuples())
        note = f" Fewer than {FEW} photos, not drawn: {plain(words)}." if words else ""
        st.caption(f"In brackets: photos; lines: 95 % interval.{note}", help=explain("interval"))
    offer_saving("groups", kept_charts, kept_tables)


def draw_figures(tables: VerdictTables) -> None:
    """Every figure with its interval and number of photos."""
    shown = [name for name in FIGURES if name in tables.figures]
    if not shown:
        return
    terms = ("interval", "risk-coverage curve", "squared error", "auroc")
    st.header(f"All {len(shown)} figures", help=" ".join(map(explain, terms)))
    found = [tables.figures[name] for name in shown]
    table = pd.DataFrame(
        {
            "figure": [FIGURES[name] for name in shown],
            "value": [round(one.value, 4) for one in found],
            "95 % from": [round(one.low, 4) if known(one.low) else None for one in found],
            "95 % to": [round(one.high, 4) if known(one.high) else None for one in found],
            "photos": [one.photos for one in found],
        }
    )
    show_table(
        table,
        height="content",
        column_config={
            "figure": st.column_config.TextColumn(width=430),
            **{
                name: st.column_config.NumberColumn(format="%.4f")
                for name in ("value", "95 % from", "95 % to")
            },
        },
        missing="–",
        alt="All figures of the verdicts",
    )
    offer_saving("figures", tables={"figures of the verdicts": table})
