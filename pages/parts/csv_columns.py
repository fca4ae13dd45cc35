"""Which column of a CSV file holds what."""

from __future__ import annotations

import streamlit as st

from whalecore.glossary import explain
from whalecore.photos.import_csv import NAMES, REQUIRED
from whalecore.workflow.collection import Header, header_of

FACTS = {
    "photo": "File of the photo",
    "individual": "Individual",
    "encounter": "Encounter",
    "date": "Date",
    "latitude": "Latitude",
    "longitude": "Longitude",
}
TERMS = {"individual": "individual", "encounter": "encounter"}
"""What is explained on hover."""

MISSING = "not in this file"


def pick_columns(typed: str, key: str) -> dict[str, str] | None:
    """Draw a choice for each thing that a catalogue says, where a CSV file was typed.

    Returns
    -------
    dict or None
        What differs from the usual names: ours to the file's. Empty where nothing was typed that
        has columns; None while a column that is needed was not chosen.
    """
    header = _header(typed)
    if header is None:
        return {}
    st.markdown("**Which column holds what?**", help=explain("columns of a catalogue"))
    chosen = {}
    for place, column in enumerate(st.columns(3) * 2):
        fact = list(NAMES)[place]
        found = header.usual.get(fact)
        chosen[fact] = column.selectbox(
            FACTS[fact],
            header.columns,
            None if found is None else header.columns.index(found),
            placeholder="choose one" if fact in REQUIRED else MISSING,
            key=f"{key}_column_{fact}_{typed}",
            help=explain(TERMS[fact]) if fact in TERMS else None,
        )
    if any(chosen[fact] is None for fact in REQUIRED):
        st.info("Say which column names the photo's file, and which the individual.")
        return None
    return {
        fact: column
        for fact, column in chosen.items()
        if column is not None and column != header.usual.get(fact)
    }


@st.cache_data(ttl=60, max_entries=8, show_spinner=False)
def _header(typed: str) -> Header | None:
    return header_of(typed)
