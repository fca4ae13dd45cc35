"""Photos that somebody should look at, worst first, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from whalecore.lab.clusters import LabClusters

OPEN, DECIDED, CONFLICT, ALL = "open", "decided", "conflict", "all"
STATES = (OPEN, DECIDED, CONFLICT, ALL)
"""Not decided or in conflict; decided; in conflict; any."""

NONE = "none"
VERDICTS = ("check", "new_whale", "retake", "reliable", NONE, ALL)
"""Verdicts a pile can be made of; ``none`` where there is none yet, ``all`` for any."""

TABLES = (
    "catalogue",
    "crops",
    "scores",
    "models",
    "verdicts",
    "clusterings",
    "clusters",
    "assignments",
)
"""What a pile without decisions depends on."""

PILE = """
WITH present AS (
    SELECT model_id, row_number() OVER (ORDER BY trained_at DESC, model_id) AS age FROM models
),
first AS (
    SELECT s.photo_id, s.model_id, s.individual, s.score
    FROM scores s JOIN present m USING (model_id)
    WHERE s.rank = 1
    QUALIFY row_number() OVER (PARTITION BY s.photo_id ORDER BY m.age) = 1
),
judged AS (
    SELECT photo_id, model_id, verdict, p_correct, p_new_whale, reason
    FROM verdicts WHERE clustering_id IS NOT DISTINCT FROM $1
    QUALIFY row_number() OVER (PARTITION BY photo_id, model_id ORDER BY sequence DESC) = 1
),
placed AS (
    SELECT model_id, photo_id, individual, any_value(cluster) AS cluster
    FROM assignments WHERE clustering_id = $1
    GROUP BY model_id, photo_id, individual
),
shares AS (
    SELECT cluster, mean_score AS cluster_score, identified_correct AS cluster_correct
    FROM cluster_correctness WHERE clustering_id = $1
),
steady AS (
    SELECT cluster, stability AS cluster_stability FROM clusters WHERE clustering_id = $1
)
SELECT
    c.photo_id, c.name, c.taken_at, c.individual AS catalogue_individual, c.encounter,
    f.model_id, f.individual AS candidate, f.score,
    j.verdict, j.p_correct, j.p_new_whale, j.reason,
    p.cluster, h.cluster_score, h.cluster_correct, t.cluster_stability
FROM first f
JOIN catalogue c ON c.photo_id = f.photo_id
LEFT JOIN judged j ON j.model_id = f.model_id AND j.photo_id = f.photo_id
LEFT JOIN placed p
    ON p.model_id = f.model_id AND p.photo_id = f.photo_id AND p.individual = f.individual
LEFT JOIN shares h ON h.cluster = p.cluster
LEFT JOIN steady t ON t.cluster = p.cluster
ORDER BY coalesce(j.p_correct, f.score), c.photo_id
"""

DECISIONS = """
SELECT a.photo_id, a.decision, a.individual, a.conflict, a.reviewers, a.decided_at,
    string_agg(lower(s.reviewer), chr(10)) AS who
FROM agreed a JOIN standing s USING (photo_id)
GROUP BY ALL
"""


@dataclass(frozen=True)
class Chosen:
    """Which photos a pile is made of; None where all are meant.

    Attributes
    ----------
    verdict : str, optional
        One of `VERDICTS`; by default all but ``reliable``.
    cluster : int, optional
        Of the first candidate's heatmap.
    below : float, optional
        Only clusters whose mean score is below it.
    since, until : date, optional
        When the photo was taken, both days included.
    reviewer : str, optional
        Only photos on which this person's decision stands.
    state : str, optional
        One of `STATES`; by default ``open``, or ``all`` where a reviewer is chosen.
    """

    verdict: str | None = None
    cluster: int | None = None
    below: float | None = None
    since: date | None = None
    until: date | None = None
    reviewer: str | None = None
    state: str | None = None


@dataclass(frozen=True, eq=False)
class Queue:
    """Photos to look at, worst first.

    Attributes
    ----------
    photos : DataFrame
        Columns of `LabQueue.review_pile` and, where somebody decided, ``decision``,
        ``individual``, ``conflict``, ``reviewers`` and ``decided_at``.
    decided, total : int
        Of the pile before `Chosen.reviewer` and `Chosen.state` were applied.
    conflicts : int
        Photos of it on which reviewers differ.
    """

    photos: pd.DataFrame
    decided: int
    total: int
    conflicts: int

    @cached_property
    def ids(self) -> list[str]:
        """Of the photos."""
        return self.photos["photo_id"].tolist()


class LabQueue(LabClusters):
    """The part of a lab that knows which photos deserve a look."""

    def review_pile(self) -> pd.DataFrame:
        """Scored photos with verdict and cluster, the least likely right first.

        Returns
        -------
        DataFrame
            ``photo_id``, ``name``, ``taken_at``, ``catalogue_individual``, ``encounter``,
            ``model_id``, ``candidate`` (the first), ``score``, ``verdict``, ``p_correct``,
            ``p_new_whale``, ``reason``, ``cluster``, ``cluster_score`` (mean),
            ``cluster_correct`` and ``cluster_stability`` (missing where it was not measured).
        """
        found = self._database.frame(PILE, [self.usual_clustering()])
        return found.assign(cluster=found["cluster"].astype("Int64"))

    def pile_state(self) -> str:
        """Changes when `review_pile` may have changed."""
        return self.state(*TABLES)

    def review_queue(self, chosen: Chosen | None = None, pile: pd.DataFrame | None = None) -> Queue:
        """Photos that somebody should look at, worst first.

        Parameters
        ----------
        chosen : Chosen, optional
        pile : DataFrame, optional
            What `review_pile` gave, where it was read before.
        """
        chosen = chosen or Chosen()
        pile = _of(self.review_pile() if pile is None else pile, chosen)
        decisions = self._database.frame(DECISIONS)
        joined = pile.merge(decisions, on="photo_id", how="left")
        conflict = joined["conflict"].eq(True)
        decided = joined["decided_at"].notna() & ~conflict
        state = chosen.state or (ALL if chosen.reviewer else OPEN)
        kept = {OPEN: ~decided, DECIDED: decided, CONFLICT: conflict, ALL: decided | ~decided}
        keep = kept[state]
        if chosen.reviewer:
            name = " ".join(chosen.reviewer.split()).lower()
            keep &= joined["who"].map(lambda who: isinstance(who, str) and name in who.split("\n"))
        photos = joined[keep].drop(columns="who").reset_index(drop=True)
        return Queue(photos, int(decided.sum()), len(joined), int(conflict.sum()))

    def open_with(self, photo_id: str, pile: pd.DataFrame | None = None) -> pd.DataFrame:
        """Other scored photos of a photo's encounter about which nobody has decided.

        Parameters
        ----------
        pile : DataFrame, optional
            What `review_pile` gave, where it was read before.

        Returns
        -------
        DataFrame
            Rows of the pile, in its order; none where the catalogue knows no encounter.
        """
        pile = self.review_pile() if pile is None else pile
        own = pile.loc[pile["photo_id"] == photo_id, "encounter"].dropna()
        others = pile[pile["encounter"].isin(own) & (pile["photo_id"] != photo_id)]
        if others.empty:
            return others
        decided = self._database.frame("SELECT DISTINCT photo_id FROM standing")["photo_id"]
        return others[~others["photo_id"].isin(decided)]

    def reviewers(self) -> list[str]:
        """Names of all whose decisions stand."""
        sql = """SELECT any_value(reviewer) AS name FROM standing WHERE reviewer IS NOT NULL
                 GROUP BY lower(reviewer) ORDER BY lower(name)"""
        return [name for (name,) in self._database.rows(sql)]


def _of(pile: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    keep = pd.Series(True, index=pile.index)
    if chosen.verdict is None:
        keep &= pile["verdict"].ne("reliable")
    elif chosen.verdict == NONE:
        keep &= pile["verdict"].isna()
    elif chosen.verdict != ALL:
        keep &= pile["verdict"].eq(chosen.verdict)
    if chosen.cluster is not None:
        keep &= pile["cluster"].eq(chosen.cluster).fillna(False)
    if chosen.below is not None:
        keep &= pile["cluster_score"].lt(chosen.below)
    if chosen.since is not None:
        keep &= pile["taken_at"].ge(pd.Timestamp(chosen.since))
    if chosen.until is not None:
        keep &= pile["taken_at"].lt(pd.Timestamp(chosen.until) + pd.Timedelta(days=1))
    return pile[keep]
