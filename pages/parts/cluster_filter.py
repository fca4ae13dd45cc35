"""Which clusters are shown: by mean score and by share of the right individual."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.state import change
from whalecore.glossary import explain

FIELDS = {
    "scores": ("Mean score", "mean_score", "score range"),
    "rights": ("Share of the right individual", "share_correct", "correct range"),
}
"""Field of the view: title, column, term that explains it."""

STEP = 5
WHOLE = (0, 100)


def kept_clusters(correctness: pd.DataFrame, view) -> pd.DataFrame:
    """The clusters that the two sliders leave; their ranges are in the address."""
    kept = correctness
    columns = st.columns(2, gap="large")
    for place, (field, (title, column, term)) in enumerate(FIELDS.items()):
        with columns[place]:
            low, high = _range(field, title, explain(term), getattr(view, field))
        shares = 100 * kept[column]
        # A mean that is 0.60 but for rounding belongs to the range up to 60 %.
        kept = kept[(shares >= low - 1e-9) & (shares <= high + 1e-9)]
    if len(kept) < len(correctness):
        hidden = len(correctness) - len(kept)
        st.caption(f"{len(kept)} of {len(correctness)} clusters are shown, {hidden} are hidden.")
    return kept


def _range(field: str, title: str, words: str, wanted: str | None) -> tuple[int, int]:
    key = f"clusters_{field}"
    low, high = map(int, wanted.split("-")) if wanted else WHOLE
    st.session_state[key] = (low, high)

    def take() -> None:
        chosen = st.session_state[key]
        change(**{field: None if tuple(chosen) == WHOLE else f"{chosen[0]}-{chosen[1]}"})

    return st.slider(title, *WHOLE, step=STEP, format="%d %%", key=key, on_change=take, help=words)
