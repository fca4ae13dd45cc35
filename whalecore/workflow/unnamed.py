"""Verdicts on photos that the catalogue names nobody for: wanted most, but they judge nothing."""

from __future__ import annotations

import numpy as np

from whalecore.lab.lab import Lab
from whalecore.reliability.rules import Rules
from whalecore.reliability.sets import answer_probabilities, candidates_in
from whalecore.reliability.shares import with_shares
from whalecore.reliability.verdict import decide
from whalecore.workflow.judged import all_scores, unnamed_photos, verdict_row


def unnamed_verdicts(lab: Lab, clustering_id: str | None, rules: Rules) -> list[dict]:
    """Rows of table ``verdicts``, without a truth, by the lab's rules as for a new photo.

    Photos that can no longer be read have none.
    """
    found = unnamed_photos(lab, clustering_id)
    scores = all_scores(lab, found)
    rows = []
    for one, own, energy in zip(found, scores.scores, scores.energy, strict=True):
        if not np.isfinite(energy):
            continue
        (evidence,) = with_shares([one.evidence], rules.clusters)
        verdict = decide(evidence, rules)
        rows.append(
            verdict_row(one, evidence, verdict, clustering_id)
            | {"set_size": _answers(own, verdict.p_new_whale, rules)}
        )
    return rows


def _answers(scores: np.ndarray, p_new: float | None, rules: Rules) -> int | None:
    """How many answers the set of the lab's confidence has."""
    if p_new is None or rules.sets is None:
        return None
    answers = answer_probabilities(scores[None], np.array([p_new]))
    inside = candidates_in(answers, rules.sets)[0]
    # Models know different numbers of individuals: the columns beyond them are no answers.
    return int((inside[:-1] & (scores > 0)).sum() + inside[-1])
