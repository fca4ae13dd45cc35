"""What verdicts are worth, in sentences for people who read no tables of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

from whalecore.cluster_words import unstable_mark
from whalecore.plain_words import SPACE, known, listed
from whalecore.reliability.effect import Effect
from whalecore.reliability.evidence import LARGEST_MARGIN, Evidence
from whalecore.reliability.evidence_reasons import FEW
from whalecore.reliability.metrics import wilson_interval
from whalecore.types import AnswerSet, Quality

KINDS = {
    "reliable": "Reliable",
    "check": "Check by hand",
    "new_whale": "Probably a new whale",
    "retake": "Take another photo",
}
"""Verdict to its name."""

TRUTHS = ("first candidate right", "another known animal", "new whale")
"""What can be true of an identification."""

GAINS = {
    "heatmap_gain_brier": "Closer probabilities",
    "heatmap_gain_risk_coverage": "Fewer errors among the surest",
    "heatmap_gain_auroc": "Right told from wrong",
}
"""What heatmaps may improve: metric to a short name."""

CLUSTER_GAINS = {
    "cluster_gain_brier": "Closer probabilities, by the cluster alone",
    "cluster_gain_risk_coverage": "Fewer errors among the surest, by the cluster alone",
    "cluster_gain_auroc": "Right told from wrong, by the cluster alone",
}
"""What a heatmap's cluster may improve where nothing else of the heatmap counts."""

FIGURES = {
    "top_1": "First candidate right, of known animals",
    "top_5": "Right individual among the five, of known animals",
    "map_at_5": "Mean average precision of the five (MAP@5)",
    "expected_calibration_error": "Gap between score and share right, of known animals",
    "calibration_error": "Gap between probability and share right",
    "calibration_error_perfect": "Gap of perfect probabilities, by chance alone",
    "calibration_error_score": "Gap between the score alone and share right",
    "brier": "Squared error of the probability",
    "brier_score": "Squared error of the score alone",
    "calibration_error_gain_score": "Gap saved over the score alone",
    "brier_gain_score": "Squared error saved over the score alone",
    "risk_coverage": "Area under the risk-coverage curve",
    "risk_coverage_score": "Area under the curve of the score alone",
    "risk_coverage_margin": "Area under the curve of the lead over the second candidate alone",
    "risk_coverage_unscaled_score": "Area under the curve of the score before calibration",
    "risk_coverage_gain_score": "Area under the curve saved over the score alone",
    "risk_coverage_gain_margin": "Area under the curve saved over the lead alone",
    "risk_coverage_gain_unscaled_score": "Area under the curve saved over the score before "
    "calibration",
    "generalized_risk": "Area of accepted and wrong",
    "generalized_risk_score": "Accepted and wrong, of the score alone",
    "generalized_risk_margin": "Accepted and wrong, of the lead over the second candidate alone",
    "generalized_risk_unscaled_score": "Accepted and wrong, of the score before calibration",
    "generalized_risk_gain_score": "Accepted and wrong, saved over the score alone",
    "generalized_risk_gain_margin": "Accepted and wrong, saved over the lead alone",
    "generalized_risk_gain_unscaled_score": "Accepted and wrong, saved over the score before "
    "calibration",
    "auroc_errors": "Right told from wrong by the probability (AUROC)",
    "auroc_new": "New whales told from known ones by the verdict (AUROC)",
    "auroc_new_by_score": "New whales told from known ones by the score alone (AUROC)",
    "auroc_new_by_energy": "New whales told from known ones by all raw scores (AUROC)",
    "auroc_new_by_distance": "New whales told from known ones by the nearest photo (AUROC)",
    "auroc_new_gain_score": "New whales, gained over the score alone (AUROC)",
    "auroc_new_gain_energy": "New whales, gained over all raw scores (AUROC)",
    "auroc_new_gain_distance": "New whales, gained over the nearest photo (AUROC)",
    "share_reliable": "Called reliable",
    "error_among_reliable": "Wrong among those called reliable",
    "error_among_reliable_bound": "At most wrong among them, with 95 % confidence to one side",
    "share_check": "Called check by hand",
    "share_new_whale": "Called probably a new whale",
    "share_retake": "Called take another photo",
    "set_size": "Answers in a set, on average",
    "set_coverage": "Sets that hold the right answer",
    "set_coverage_known": "Sets that hold the right answer, of known animals",
    "set_coverage_new": "Sets that hold the right answer, of new animals",
    "set_with_new_whale": "Sets that hold the answer new whale",
    "heatmap_gain_brier": "Squared error saved by heatmaps",
    "heatmap_gain_risk_coverage": "Area under the risk-coverage curve saved by heatmaps",
    "heatmap_gain_auroc": "Right told from wrong, gained by heatmaps (AUROC)",
    "cluster_gain_brier": "Squared error saved by the cluster alone",
    "cluster_gain_risk_coverage": "Area under the risk-coverage curve saved by the cluster alone",
    "cluster_gain_auroc": "Right told from wrong, gained by the cluster alone (AUROC)",
    "deletion_osm": "Score while covering by the occlusion map",
    "deletion_gradcam": "Score while covering by Grad-CAM",
    "deletion_centre": "Score while covering from the middle outward",
    "deletion_random": "Score while covering at random",
    "deletion_edges": "Score while covering by the photo's edges",
    "insertion_osm": "Score while uncovering by the occlusion map",
    "insertion_gradcam": "Score while uncovering by Grad-CAM",
    "insertion_centre": "Score while uncovering from the middle outward",
    "insertion_random": "Score while uncovering at random",
    "insertion_edges": "Score while uncovering by the photo's edges",
    "faithful_osm_over_centre": "Occlusion map better than the middle of the photo",
    "faithful_osm_over_random": "Occlusion map better than chance",
    "faithful_osm_over_edges": "Occlusion map better than the photo's edges",
    "faithful_gradcam_over_centre": "Grad-CAM better than the middle of the photo",
    "faithful_gradcam_over_random": "Grad-CAM better than chance",
    "faithful_gradcam_over_edges": "Grad-CAM better than the photo's edges",
    "randomised_osm": "Likeness of the occlusion map after the network forgot all",
    "randomised_osm_layer4": "Likeness of the occlusion map after it forgot the last block",
    "randomised_gradcam": "Likeness of Grad-CAM after the network forgot all",
    "randomised_gradcam_layer4": "Likeness of Grad-CAM after it forgot the last block",
}
"""Metric of the table ``evaluations`` to its name, in the order in which they are read."""

EVIDENCE = {
    "score": ("Score of the first candidate", "score"),
    "lead": ("Times the second candidate's score", "margin"),
    "equal_candidates": ("Candidates that seem equally likely", "spread of the score"),
    "marks": ("Matching marks with the first candidate", "matching marks"),
    "marks_back": ("Marks of its best photo found on this one", "marks found back"),
    "marks_back_second": ("The same of the second candidate", "marks found back"),
    "network_rank": ("Place of the first candidate by the network alone", "place by the network"),
    "nearest_likeness": ("Likeness of the most similar known photo", "nearest likeness"),
    "nearest_agreement": ("Most similar photos that agree", "nearest agreement"),
    "share_correct": ("Right among heatmaps like this one", "cluster correctness"),
    "compactness": ("Heatmap gathered in few places", "compactness"),
    "inside_fluke": ("Evidence that lies on the fluke", "inside the fluke"),
    "balance": ("Places for against places against", "balance"),
    "cam_agreement": ("Agreement of the two kinds of heatmap", "agreement of heatmaps"),
    "patch_agreement": ("Agreement with larger covered squares", "agreement of sizes"),
    "changing_share": ("Evidence on the tips", "changing parts"),
    "left_tip": ("Evidence on the left tip", "parts of the fluke"),
    "right_tip": ("Evidence on the right tip", "parts of the fluke"),
    "trailing_edge": ("Evidence on the trailing edge", "parts of the fluke"),
    "notch": ("Evidence on the notch", "parts of the fluke"),
    "leading_edge": ("Evidence on the leading edge", "parts of the fluke"),
    "inner_surface": ("Evidence on the inner surface", "parts of the fluke"),
    "encounter_support": ("Support by photos of the same sighting", "sighting support"),
    "visible": ("Fluke that is seen", "visible"),
    "cut_off": ("Box on the edge of the photo", "cut off"),
    "crop_confidence": ("How sure the box is", "crop confidence"),
    "sharpness": ("Sharpness", "sharpness"),
    "exposure": ("Exposure", "exposure"),
    "contrast": ("Contrast", "contrast"),
    "fluke_share": ("Share of the photo that is fluke", "fluke share"),
    "fluke_width": ("Width of the fluke in pixels", "fluke size"),
    "fluke_height": ("Height of the fluke in pixels", "fluke size"),
    "resolution": ("Resolution", "resolution"),
}
"""Piece of evidence to its name and the term of the glossary that explains it."""

NAMED = 5
"""Individuals of a set that a sentence names."""

LARGE, HUGE = 100, 1000
"""From here on numbers have no digits behind the point, and from there on they say no more."""


def fine_percent(share: float) -> str:
    """A share in percent, with one digit behind the point where it is small."""
    number = 100 * share
    whole = number >= 10 or abs(number - round(number)) < 0.05
    return f"{number:.0f}{SPACE}%" if whole else f"{number:.1f}{SPACE}%"


def counted(count: int, one: str, more: str | None = None) -> str:
    """A number with its word: "1 photo", "2 photos"."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def promise_words(reliable: int, wrong: int, photos: int, limit: float) -> tuple[str, str]:
    """How many photos are called reliable, and whether the promise was kept.

    Parameters
    ----------
    reliable, wrong : int
        Photos called reliable, and wrong ones among them.
    photos : int
        All that were judged.
    limit : float
        Share of wrong ones that the lab allows.
    """
    first = f"Of {counted(photos, 'test photo')}, **{reliable:,}** would be called reliable"
    if not reliable:
        return f"{first}: every photo is left to people.", ""
    low, high = wilson_interval(wrong, reliable)
    first += f" ({fine_percent(reliable / photos)}), and **{wrong:,}** of these were wrong."
    seen = (
        f"That is {fine_percent(wrong / reliable)}; with 95{SPACE}% confidence between "
        f"{fine_percent(low)} and {fine_percent(high)}. The lab promises at most "
        f"{fine_percent(limit)}"
    )
    if low > limit:
        return first, f"{seen}: **the promise is broken here**, so check these photos as well."
    if high <= limit:
        return first, f"{seen}: the promise is kept."
    if wrong / reliable > limit:
        return first, f"{seen}: more were wrong, but so few photos cannot tell chance from fault."
    return first, f"{seen}: the promise is kept on these photos, which are too few to be certain."


def rest_words(counts: Mapping[str, int]) -> str:
    """What is left to people, by verdict."""
    left = [
        f"{counts[verdict]:,} to be {words}"
        for verdict, words in (
            ("check", "checked by hand"),
            ("new_whale", "treated as probably new whales"),
            ("retake", "taken again"),
        )
        if counts.get(verdict)
    ]
    return f"Left to people: {listed(left)}." if left else "No photo is left to people."


def coverage_words(held: int, photos: int, confidence: float | None) -> str:
    """How often the set of answers held the right one."""
    promised = f" {fine_percent(confidence)} were promised." if known(confidence) else ""
    return (
        f"The set of a photo held the right answer for {held:,} of {counted(photos, 'photo')} "
        f"({_share_words(held, photos)}).{promised}"
    )


def part_coverage_words(kind: str, held: int, photos: int) -> str:
    """The same for photos of known or of new animals."""
    return (
        f"Of {kind} animals: for {held:,} of {counted(photos, 'photo')} "
        f"({_share_words(held, photos)})."
    )


def _share_words(count: int, photos: int) -> str:
    low, high = wilson_interval(count, photos)
    return f"{fine_percent(count / photos)}, {fine_percent(low)} to {fine_percent(high)}"


def cluster_gain_words(figures: Mapping[str, Effect]) -> str:
    """Whether the heatmap's cluster by itself adds anything; empty where that is not known."""
    gain = figures.get("cluster_gain_brier")
    if gain is None:
        return ""
    between = f"({-gain.high:+.4f} to {-gain.low:+.4f}, 95 %, {counted(gain.photos, 'photo')})"
    if gain.low > 0:
        return (
            "**The cluster by itself adds something to the score**: the squared error changes by "
            f"{-gain.value:+.4f} {between}."
        )
    if gain.high < 0:
        return (
            "**The cluster by itself makes the probabilities worse here**: the squared error "
            f"changes by {-gain.value:+.4f} {between}."
        )
    return (
        "The cluster by itself adds nothing to the score that can be shown: the squared error "
        f"changes by {-gain.value:+.4f} {between}."
    )


def gain_words(figures: Mapping[str, Effect]) -> str:
    """Whether the heatmaps add anything to the score, plainly."""
    found = {GAINS[name].lower(): figures[name] for name in GAINS if name in figures}
    if not found:
        return "What the heatmaps add to the score is not known yet."
    photos = counted(max(effect.photos for effect in found.values()), "photo")
    better = [name for name, effect in found.items() if effect.low > 0]
    worse = [name for name, effect in found.items() if effect.high < 0]
    if better and not worse:
        return f"**The heatmaps add something to the score** on {photos}: {listed(better)}."
    if worse and not better:
        return (
            f"**The heatmaps make the verdicts worse here**, on {photos}, in these respects: "
            f"{listed(worse)}."
        )
    if worse:
        return (
            f"On {photos} the heatmaps help in one way and harm in another: {listed(better)}, but "
            f"not {listed(worse)}."
        )
    return (
        f"**The heatmaps add nothing to the score that can be shown** on {photos}: the score and "
        "similar photos say as much."
    )


def calibration_words(figures: Mapping[str, Effect]) -> str:
    """Whether the probabilities are as good as those of perfect rules would seem."""
    own, perfect = figures.get("calibration_error"), figures.get("calibration_error_perfect")
    if own is None or perfect is None:
        return ""
    words = (
        f"Probability and share right lie {fine_percent(own.value)} apart on average; on "
        f"{counted(own.photos, 'photo')}, perfect probabilities would lie "
        f"{fine_percent(perfect.low)} to {fine_percent(perfect.high)} apart by chance alone"
    )
    if own.value <= perfect.high:
        return f"{words}: these cannot be told from perfect ones."
    return f"{words}: these are a little off, so read them with care."


def set_words(answers: AnswerSet) -> str:
    """The answers among which the right one is, in one sentence."""
    sure = f"Lists made this way hold the right answer for {fine_percent(answers.confidence)} of"
    names = list(answers.individuals)
    more = len(names) - NAMED
    shown = names if more <= 1 else [*names[:NAMED], f"{more:,} others"]
    if not names:
        return f"{sure} photos. This one holds only: a new whale."
    end = " – or a new whale" if answers.new_whale else ""
    if len(names) == 1:
        return f"{sure} photos. This one holds{'' if end else ' only'}: {names[0]}{end}."
    return f"{sure} photos. This one holds {len(names):,}: {listed(shown)}{end}."


@dataclass(frozen=True)
class EvidenceRow:
    """A piece of evidence in words: its name, its term in the glossary, value and what is usual."""

    name: str
    term: str
    value: str
    usual: str


def evidence_rows(
    evidence: Evidence, quality: Quality, usual: Mapping[str, Sequence[float]]
) -> list[EvidenceRow]:
    """The evidence that is there, in the order of `EVIDENCE`.

    Parameters
    ----------
    usual : mapping of str to (low, high)
        Ends of the usual values by name of the evidence.
    """
    ends = {
        **usual,
        "lead": [exp(min(end, LARGEST_MARGIN)) for end in usual.get("margin", ())],
        "equal_candidates": [exp(end) for end in usual.get("entropy", ())],
        "nearest_likeness": [1 - end for end in reversed(usual.get("nearest_distance", ()))],
    }
    rows = []
    for name, (words, term) in EVIDENCE.items():
        holder = quality if hasattr(quality, name) else evidence
        value = getattr(holder, name, None)
        if value is None:
            continue
        if name == "share_correct":
            words += unstable_mark(evidence.cluster_stability)
        beside = usual_words(value, ends.get(name))
        if name == "share_correct":
            # The rules count other photos than the panel of the cluster does.
            beside = f"of {counted(evidence.cluster_heatmaps, 'photo')}"
        rows.append(EvidenceRow(words, term, _short(value), beside))
    return rows


def usual_words(value: float, usual: Sequence[float] | None) -> str:
    """Where a value lies among those that are usual."""
    if not usual:
        return ""
    # As they are shown, so that a number is never called low beside the very same number.
    digits = None if isinstance(value, int) else 2
    value, low, high = (round(number, digits) for number in (value, *usual))
    where = "low" if value < low else "high" if value > high else "usual"
    return f"{where}: {_short(low)} to {_short(high)}"


def _short(number: float) -> str:
    if isinstance(number, int):
        return f"{number:,}"
    if number >= HUGE:
        return f"over {HUGE:,}"
    if 0.99 < number < 1:
        # Not 1.00, which would read as certain.
        return f"{number:.3f}" if number < 0.9995 else "over 0.999"
    return f"{number:.0f}" if number >= LARGE else f"{number:.2f}"


def counted_words(heatmaps: int) -> str:
    """Which photos the share of a cluster counts, and whether they are too few to rely on."""
    if not heatmaps:
        return "No other photo with such a heatmap shows an animal that the catalogue names."
    few = f" These are fewer than {FEW}: too few to rely on." if heatmaps < FEW else ""
    return (
        f"Counted: {counted(heatmaps, 'other photo')} with such a heatmap whose animal the "
        "catalogue names, those of the test among them; the reasons of a verdict count only those "
        f"from which its rules were learned.{few}"
    )


def tips_words(share: float, area: float) -> str:
    """How much of the evidence lies on the tips of the fluke."""
    than = "more than" if share > 1.1 * area else "less than" if share < 0.9 * area else "about"
    return (
        f"{fine_percent(share)} of what speaks for the first candidate lies on the tips, which "
        f"change over the years; they take {fine_percent(area)} of the fluke, so that this is "
        f"{than}{' as much as' if than == 'about' else ''} their share."
    )
