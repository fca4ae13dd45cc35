"""What the columns of tables mean: title to term of the glossary."""

from __future__ import annotations

from whalecore.errors import SettingsError
from whalecore.glossary import explain

TERMS = {
    "another animal": "known and wrong",
    "as the others": "agreement of photos",
    "95 % from": "interval",
    "95 % to": "interval",
    "all": "photos counted",
    "before": "cluster before",
    "clusters": "cluster",
    "decided (utc)": "time in utc",
    "family": "family of clusters",
    "figure": "measure",
    "first candidate": "top 1",
    "first candidate right": "chance of being right",
    "fold kept out": "fold",
    "heatmaps": "heatmaps of a cluster",
    "individuals": "individuals of a model",
    "kind": "kind of problem",
    "map": "tested map",
    "marks": "matching marks",
    "name": "problem file",
    "new whale": "truly new",
    "new whales": "new share",
    "others": "other clusters",
    "photos": "photos counted",
    "photos it learned from": "photos learned from",
    "quality problems": "quality problem",
    "reason": "reason of a problem",
    "share": "clusters compared",
    "taken back": "undo",
    "trained on (utc)": "time in utc",
    "value": "value of a figure",
}
"""Titles that are no term themselves, in small letters."""


def explain_column(title: str) -> str | None:
    """The sentence that explains a column; None where the glossary has none.

    Upper and lower case of the title do not matter.
    """
    name = title.lower()
    try:
        return explain(TERMS.get(name, name))
    except SettingsError:
        return None
