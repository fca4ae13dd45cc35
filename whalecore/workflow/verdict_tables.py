"""How the verdicts of a lab compare with the truth, as tables ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd

from whalecore.cluster_words import label_of
from whalecore.lab.lab import Lab
from whalecore.reliability.calibration import ReliabilityBin, reliability_bins
from whalecore.reliability.effect import Effect
from whalecore.reliability.metrics import wilson_interval
from whalecore.types import Quality
from whalecore.verdict_words import KINDS, TRUTHS
from whalecore.workflow.models import newest_models

PART = "test"
"""Photos that neither the network nor the rules had seen."""

BOTH = "validation and test"
"""Photos by which the gain of the heatmaps is judged, each by rules of other photos."""

BINS = 10

FEW = 30
"""Photos under which a share says too little."""

LARGEST_SIZE = 6
"""Sets of so many answers and more are counted together."""

THIRDS = {
    "sharpness": ("Least sharp third", "Middle third", "Sharpest third"),
    "fluke_share": ("Smallest third", "Middle third", "Largest third"),
}
NAMES = {"sharpness": "Sharpness", "fluke_share": "Size of the fluke"}
SOURCES = {
    "given": "given with the collection",
    "corrected": "corrected by hand",
    "detector": "found by the detector",
    "whole": "the whole photo",
}
QUALITIES = tuple(field.name for field in fields(Quality))
GAIN = ("heatmap_gain_", "cluster_gain_")
"""Starts of the metrics that say what heatmaps add."""

OF_HEATMAPS = ("deletion_", "insertion_", "faithful_", "random")
"""Starts of the metrics that no judgement of verdicts gives."""


@dataclass(frozen=True, eq=False)
class VerdictTables:
    """What the newest rules of a lab said about photos that nothing was learned from.

    Attributes
    ----------
    judged : DataFrame
        One row per photo of the validation part, judged by rules of other photos, and of the test
        part, judged by the lab's: the columns of ``verdicts``, ``cluster_stability`` (missing where
        it was not measured), ``truth`` (see `TRUTHS`),
        ``margin`` (lead of the first candidate's score, as a logarithm), the measures of
        quality and ``crop_source``.
    figures : dict of str to Effect
        The newest figures of the test part, and those of the gain of the heatmaps.
    individuals : int
        That the models can name.
    error_limit : float
        Share of errors among photos called reliable that the lab allows.
    notes : tuple of str
        What the rules cannot promise, and why.
    confidence : float or None
        Share of photos whose set should hold the right answer; None without sets.
    """

    judged: pd.DataFrame
    figures: dict[str, Effect]
    individuals: int
    error_limit: float
    notes: tuple[str, ...]
    confidence: float | None

    @cached_property
    def photos(self) -> pd.DataFrame:
        """Those of the test part."""
        return self.judged[self.judged["part"] == PART] if len(self.judged) else self.judged

    @cached_property
    def reliable(self) -> pd.DataFrame:
        """Photos that were called reliable."""
        return self.photos[self.photos["verdict"] == "reliable"]

    @cached_property
    def probable(self) -> pd.DataFrame:
        """Photos with a probability."""
        return self.photos.dropna(subset=["p_correct"])


def verdict_tables(lab: Lab) -> VerdictTables:
    """Read the verdicts of the newest models and the newest clustering, and their figures."""
    clustering = lab.usual_clustering()
    models = {row["model_id"]: row for row in newest_models(lab)}
    rules = [lab.rules(model_id, clustering) for model_id in models]
    notes = dict.fromkeys(note for one in rules if one and (note := one.get("note")))
    facts = lab.rows("clusters", clustering_id=clustering) if clustering else []
    stability = {row["cluster"]: row["stability"] for row in facts}
    judged = [
        {**row, "cluster_stability": stability.get(row["cluster"])}
        for row in lab.rows("verdicts")
        if row["model_id"] in models
        and row["clustering_id"] == clustering
        # Nobody knows the truth about a photo without a name.
        and row["correct"] is not None
    ]
    return VerdictTables(
        _with_quality(lab, judged, models),
        _figures(lab, set(models), clustering),
        len({name for row in models.values() for name in row["individuals"]}),
        # What these rules promise, whatever the lab asks of the next ones.
        next((one["error_limit"] for one in rules if one), lab.info.error_limit),
        tuple(notes),
        next((sets["confidence"] for one in rules if one and (sets := one.get("sets"))), None),
    )


def calibration_bins(tables: VerdictTables) -> tuple[ReliabilityBin, ...]:
    """How often photos were right, by ten ranges of their probability."""
    sure = tables.probable
    return reliability_bins(
        sure["p_correct"].to_numpy(np.float64), sure["correct"].to_numpy(bool), BINS
    )


def orders(tables: VerdictTables) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """By what photos can be ordered, the surest first, and which of them are right."""
    sure = tables.probable
    ways = {"probability of the verdict": "p_correct", "score alone": "score",
            "lead over the second candidate": "margin"}  # fmt: skip
    return {
        name: sure[column].to_numpy(np.float64)
        for name, column in ways.items()
        if sure[column].notna().all()
    }, sure["correct"].to_numpy(bool)


def confusion(photos: pd.DataFrame) -> pd.DataFrame:
    """Photos by verdict and truth: verdict, truth, photos, of (those with the verdict)."""
    counts = photos.groupby(["verdict", "truth"]).size().to_dict()
    given = photos["verdict"].value_counts().to_dict()
    return pd.DataFrame(
        [
            {
                "verdict": verdict,
                "truth": truth,
                "photos": int(counts.get((verdict, truth), 0)),
                "of": int(given.get(verdict, 0)),
            }
            for verdict in KINDS
            for truth in TRUTHS
        ]
    )


def set_sizes(photos: pd.DataFrame) -> pd.DataFrame:
    """Photos by the number of answers in their set: size, photos, held (set with the right one).

    The last size stands for all larger ones as well.
    """
    known = photos[["set_size", "set_holds"]].dropna(subset=["set_size"])
    sizes = known["set_size"].clip(upper=LARGEST_SIZE).astype(int)
    rows = []
    for size in range(1, LARGEST_SIZE + 1):
        chosen = known[sizes == size]
        words = f"{size} and more" if size == LARGEST_SIZE else str(size)
        rows.append({"size": words, "photos": len(chosen), "held": int(chosen["set_holds"].sum())})
    return pd.DataFrame(rows)


def by_cluster(photos: pd.DataFrame) -> pd.DataFrame:
    """`group_shares` by cluster; those of few photos are taken together."""
    numbers = photos["cluster"]
    counts = numbers.value_counts()
    large = sorted(int(number) for number, count in counts.items() if count >= FEW)
    steady = dict(zip(numbers, photos["cluster_stability"], strict=True))
    groups = {
        f"Cluster {label_of(number, stability=steady[number])}": photos[numbers == number]
        for number in large
    }
    small = [number for number in counts.index if number not in large]
    if small:
        few = "1 cluster" if len(small) == 1 else f"{len(small)} clusters"
        groups[f"{few} of fewer than {FEW} photos"] = photos[numbers.isin(small)]
    groups["No cluster, or unlike any"] = photos[numbers.isna()]
    return group_shares(groups)


def by_quality(photos: pd.DataFrame) -> pd.DataFrame:
    """`group_shares` by thirds of sharpness and size of the fluke, and by origin of the crop."""
    groups = {}
    for measure, thirds in THIRDS.items():
        known = photos.dropna(subset=[measure])
        if len(known) < len(thirds):
            continue
        values = known[measure].astype(float)
        place = np.searchsorted(np.quantile(values, [1 / 3, 2 / 3]), values, side="left")
        for third, words in enumerate(thirds):
            groups[f"{NAMES[measure]}: {words.lower()}"] = known[place == third]
    for source in sorted(photos["crop_source"].dropna().unique()):
        chosen = photos[photos["crop_source"] == source]
        groups[f"Crop: {SOURCES.get(source, source)}"] = chosen
    return group_shares(groups)


def group_shares(groups: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """How groups of photos fared, one row per group and measure; empty groups are left out.

    Returns
    -------
    DataFrame
        group, photos, measure (``right``: the first candidate is right; ``reliable``: called
        reliable; ``held``: the set holds the right answer), share, low, high (95 % Wilson
        interval), count, of.
    """
    rows = []
    for name, members in groups.items():
        held = members["set_holds"].dropna()
        for measure, hits, total in (
            ("right", int(members["correct"].sum()), len(members)),
            ("reliable", int((members["verdict"] == "reliable").sum()), len(members)),
            ("held", int(held.astype(bool).sum()), len(held)),
        ):
            if total:
                low, high = wilson_interval(hits, total)
                rows.append(
                    {"group": name, "photos": len(members), "measure": measure, "count": hits,
                     "of": total, "share": hits / total, "low": low, "high": high}
                )  # fmt: skip
    columns = ["group", "photos", "measure", "count", "of", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _with_quality(lab: Lab, judged: list[dict], models: dict[str, dict]) -> pd.DataFrame:
    """Add the truth in a word, the lead of the first candidate and what is known of the photo."""
    frame = pd.DataFrame(judged)
    if frame.empty:
        return frame
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    for name in (*QUALITIES, "crop_source"):
        frame[name] = [photos.get(photo_id, {}).get(name) for photo_id in frame["photo_id"]]
    frame["truth"] = np.where(
        frame["correct"], TRUTHS[0], np.where(frame["known"], TRUTHS[1], TRUTHS[2])
    )
    logits = {
        (row["model_id"], row["photo_id"], row["rank"]): row["logit"]
        for row in lab.rows("scores")
        if row["rank"] <= 2
    }
    keys = zip(frame["model_id"], frame["photo_id"], strict=True)
    frame["margin"] = [
        (logits.get((*key, 1), np.nan) - logits.get((*key, 2), np.nan))
        / models[key[0]]["temperature"]
        for key in keys
    ]
    return frame


def _figures(lab: Lab, models: set[str], clustering: str | None) -> dict[str, Effect]:
    """The newest figure of each metric; of several models the one trained last."""
    frame = lab.evaluations().dropna(subset=["value", "photos"])
    frame = frame[frame["model_id"].isin(models)]
    ours = frame["clustering_id"].isna() | (frame["clustering_id"] == clustering)
    # A figure that the newest judgement could not give any more is none of its figures.
    judged_at = frame.loc[ours & (frame["metric"] == "brier"), "made_at"].max()
    ours &= ~(frame["made_at"] < judged_at) | frame["metric"].str.startswith(OF_HEATMAPS)
    gain = frame["metric"].str.startswith(GAIN)
    frame = frame[ours & (frame["part"] == np.where(gain, BOTH, PART))]
    return {
        row.metric: Effect(row.value, row.low, row.high, int(row.photos))
        for row in frame.drop_duplicates("metric").itertuples()
    }
