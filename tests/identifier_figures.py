"""Figures of identification with new whales among the queries, from raw scores.

A probability is the softmax of an individual's value over a list of individuals. Whether a photo
shows nobody of the list is told by the highest probability: below a threshold it is a new whale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import softmax

from tests import identifier_protocol as parts
from tests.identifier_protocol import NEW_SHARE, Lists, Looked, Protocol, ordered
from whalecore.errors import SettingsError
from whalecore.reliability.calibration import perfect_calibration_error
from whalecore.reliability.fusion import Fusion, fit_fusion
from whalecore.reliability.metrics import (
    auroc,
    expected_calibration_error,
    map_at_5,
    reference_ranks,
    top_k_accuracy,
    wilson_interval,
)

CMC_AT = (1, 2, 3, 5, 10, 20)


@dataclass(frozen=True, eq=False)
class Said:
    """What an identifier says about photos, beside the truth.

    Attributes
    ----------
    values : ndarray of shape (photos, individuals), float64
        Their softmax is the probability of each individual.
    reference : ndarray of shape (photos,), int
        Column of the right individual; -1 for a new whale.
    """

    values: np.ndarray
    reference: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Shape (photos,), bool: shows an individual of the list."""
        return self.reference >= 0

    @cached_property
    def scores(self) -> np.ndarray:
        """Probabilities, shape (photos, individuals); rows sum to 1."""
        return softmax(self.values, axis=1)

    @cached_property
    def best(self) -> np.ndarray:
        """Shape (photos,): the highest probability."""
        return self.scores.max(axis=1)

    @cached_property
    def ranks(self) -> np.ndarray:
        """Rank of the right individual on the whole list, from 1; 0 for new whales."""
        return reference_ranks(ordered(self.values), self.reference)

    def of(self, chosen: np.ndarray) -> Said:
        """The same about some of the photos."""
        return Said(self.values[chosen], self.reference[chosen])


@dataclass(frozen=True)
class Thresholds:
    """Highest probability below which a photo shows a new whale.

    Attributes
    ----------
    map5 : float
        For MAP@5 as in the competition.
    balanced : float
        For the two balanced accuracies.
    """

    map5: float
    balanced: float


def ranks_with_new(said: Said, threshold: float) -> np.ndarray:
    """Rank of the right label where ``new_whale`` is one, with the threshold for its score.

    It stands before every individual whose probability is below the threshold, as entries of the
    2018-19 Kaggle competition inserted it.

    Returns
    -------
    ndarray of shape (photos,), int
    """
    scores = said.scores
    own = scores[np.arange(len(scores)), said.reference]
    return np.where(
        said.known, said.ranks + (own < threshold), 1 + (scores >= threshold).sum(axis=1)
    )


def competition_map5(said: Said, threshold: float, new_share: float | None = None) -> float:
    """MAP@5 with ``new_whale`` as a label.

    Parameters
    ----------
    threshold : float
    new_share : float, optional
        What new whales count for together; by default as many as they are.
    """
    ranks = ranks_with_new(said, threshold)
    if new_share is None:
        return map_at_5(ranks)
    known, new = map_at_5(ranks[said.known]), map_at_5(ranks[~said.known])
    return (1 - new_share) * known + new_share * new


def baks(said: Said, threshold: float) -> float:
    """Balanced accuracy on known samples.

    The share of an individual's photos that are named right and not taken for a new whale, mean
    over the individuals that have photos.

    References
    ----------
    BAKS of ``wildlife-datasets`` (Cermak et al. 2024), as used for WildlifeReID-10k (Adam et al.
    2025) and AnimalCLEF 2025.
    """
    named = ((said.ranks == 1) & (said.best >= threshold))[said.known]
    _, individual, photos = np.unique(
        said.reference[said.known], return_inverse=True, return_counts=True
    )
    return float((np.bincount(individual, named) / photos).mean())


def baus(said: Said, threshold: float) -> float:
    """Balanced accuracy on unknown samples: the share of new whales that are taken for such.

    The source is that of `baks`, where the mean goes over unknown individuals. Who the new whales
    of a Kaggle folder are is not known, so that here each photo counts as an individual.
    """
    return float((said.best[~said.known] < threshold).mean())


def fit_thresholds(said: Said) -> Thresholds:
    """Thresholds that are best on validation photos.

    For MAP@5 new whales count as a fifth, however many there are; for the balanced accuracies
    best is the largest geometric mean of the two, by which AnimalCLEF 2025 ranks its entries.

    Raises
    ------
    SettingsError
        Without known photos or without new whales.
    """
    if not said.known.any() or said.known.all():
        raise SettingsError(
            f"{said.known.sum()} of {len(said.known)} validation photos show known individuals: a "
            "threshold needs some that do and some that do not."
        )
    return Thresholds(
        _best(said, lambda threshold: competition_map5(said, threshold, NEW_SHARE)),
        _best(said, lambda threshold: baks(said, threshold) * baus(said, threshold)),
    )


def _best(said: Said, measure: Callable[[float], float]) -> float:
    """The threshold of the largest measure; the middle one of several."""
    scores = np.unique(-np.sort(-said.scores, axis=1)[:, :5])
    between = (scores[1:] + scores[:-1]) / 2
    tried = np.concatenate([[0.0], between, [1.0]])
    found = np.array([measure(threshold) for threshold in tried])
    best = np.flatnonzero(found >= found.max() - 1e-12)
    return float(tried[best[len(best) // 2]])


def figures(said: Said, thresholds: Thresholds) -> dict[str, float]:
    """Everything that is told of the closed set with new whales among the queries.

    Returns
    -------
    dict
        ``known`` and ``new`` (photos), ``map5`` (new whales among them), ``top1`` with its 95 %
        interval ``low`` and ``high``, ``cmc_1`` to ``cmc_20``, ``ece`` (of known photos alone),
        ``ece_perfect`` and ``ece_perfect_high`` (mean and upper 95 % end of the same of photos that
        are right as often as these scores say),
        ``auroc`` (new against known by the highest probability), ``baks``, ``baus``.
    """
    known = said.of(said.known)
    right = known.ranks == 1
    low, high = wilson_interval(int(right.sum()), len(right))
    perfect = perfect_calibration_error(known.best)
    return {
        "known": int(said.known.sum()),
        "new": int((~said.known).sum()),
        "map5": competition_map5(said, thresholds.map5),
        "top1": float(right.mean()),
        "low": low,
        "high": high,
        **{f"cmc_{k}": top_k_accuracy(known.ranks, k) for k in CMC_AT},
        "ece": expected_calibration_error(known.best, right),
        "ece_perfect": perfect.mean,
        "ece_perfect_high": perfect.high,
        "auroc": auroc(-said.best, ~said.known),
        "baks": baks(said, thresholds.balanced),
        "baus": baus(said, thresholds.balanced),
    }


def unseen_figures(said: Said) -> dict[str, float]:
    """``photos``, ``top1`` with ``low`` and ``high``, ``top5`` and ``map5`` of known photos."""
    ranks = said.ranks
    low, high = wilson_interval(int((ranks == 1).sum()), len(ranks))
    return {
        "photos": len(ranks),
        "individuals": said.values.shape[1],
        "top1": top_k_accuracy(ranks, 1),
        "low": low,
        "high": high,
        "top5": top_k_accuracy(ranks, 5),
        "map5": map_at_5(ranks),
    }


def compared(
    protocol: Protocol, logits: Lists, marks: Lists | None = None, looked: Looked | None = None
) -> dict[str, dict]:
    """Everything that is told of one identifier.

    Weights and thresholds are fitted on the validation photos; the same weights serve the unseen
    population, of which validation knows nobody.

    Parameters
    ----------
    logits : Lists
        Raw scores.
    marks : Lists, optional
        Shared marks.
    looked : Looked, optional
        Whose marks count; all of them when None.

    Returns
    -------
    dict
        ``weights``, ``thresholds``, ``closed`` (see `figures`), ``unseen`` (see
        `unseen_figures`: among unseen individuals alone) and ``joint`` (among trained ones, too),
        and ``answers``, a row a photo.
    """
    names = protocol.names(parts.TRAIN) + protocol.names(parts.UNSEEN_GALLERY)
    rows, queries = protocol.rows(*parts.CLOSED), protocol.rows(parts.UNSEEN_QUERY)
    reference = protocol.columns(rows, names[: logits.trained])
    witness = _witness(logits.closed, marks and marks.closed, looked and looked.closed)
    fitted = (protocol.part[rows] == parts.VALID) & (reference >= 0)
    fusion = fit_fusion(*(one[fitted] for one in witness), reference[fitted])
    if marks is None:
        # What nothing was seen of has kept the weight that the search began with.
        fusion = replace(fusion, mark_weight=0.0)
    closed = Said(_weighed(witness, fusion), reference)
    valid = np.isin(protocol.part[rows], (parts.VALID, parts.VALID_NEW))
    thresholds = fit_thresholds(closed.of(valid))

    def unseen(start: int) -> Said:
        among = looked and (looked.alone if start else looked.unseen)
        some = _witness(logits.unseen[:, start:], marks and marks.unseen[:, start:], among)
        return Said(_weighed(some, fusion), protocol.columns(queries, names[start:]))

    alone, joint = unseen(logits.trained), unseen(0)
    asked = closed.of(~valid)
    return {
        "weights": asdict(fusion),
        "thresholds": asdict(thresholds),
        "closed": figures(asked, thresholds),
        "unseen": unseen_figures(alone),
        "joint": unseen_figures(joint),
        "answers": {
            "closed": _answers(protocol, rows[~valid], asked, names),
            "unseen": _answers(protocol, queries, alone, names[logits.trained :]),
            "joint": _answers(protocol, queries, joint, names),
        },
    }


def _witness(
    logits: np.ndarray, marks: np.ndarray | None, looked: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    if marks is None:
        return logits, np.zeros_like(logits)
    return logits, marks if looked is None else np.where(looked, marks, 0)


def _weighed(witness: tuple[np.ndarray, np.ndarray], fusion: Fusion) -> np.ndarray:
    logits, marks = (one.astype(np.float64) for one in witness)
    return fusion.logit_weight * logits + fusion.mark_weight * marks


def _answers(protocol: Protocol, rows: np.ndarray, said: Said, names: Sequence[str]) -> list[dict]:
    named = ordered(said.values)[:, 0]
    return [
        {
            "image": protocol.images[row],
            "individual": protocol.individuals[row],
            "rank": int(rank),
            "first": names[column],
            "score": round(float(score), 6),
        }
        for row, rank, column, score in zip(rows, said.ranks, named, said.best, strict=True)
    ]
