"""A table on a page: without row numbers, empty where nothing is known, each column explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from whalecore.column_words import explain_column


def show_table(
    frame, alt: str, missing: str = "", column_config: Mapping[str, Any] | None = None, **options
):
    """Show a table; what the reader selected is returned, where rows can be selected.

    Columns that say nothing of their own are explained from the glossary by their titles.

    Parameters
    ----------
    frame : DataFrame or Styler
    alt : str
        What the table holds, for those who do not see it.
    missing : str
        What stands where there is no value.
    column_config : mapping of str to column, optional
        How columns are shown, by their names in the frame.
    **options
        Of ``st.dataframe``, such as ``height``.
    """
    given = column_config or {}
    names = getattr(frame, "data", frame).columns
    config = {str(name): _explained(str(name), given.get(str(name))) for name in names}
    return st.dataframe(
        frame, hide_index=True, placeholder=missing, column_config=config, alt=alt, **options
    )


def _explained(name: str, column) -> Any:
    """How a column is shown, with a sentence about it wherever there is one."""
    column = st.column_config.Column(column) if isinstance(column, str) else column
    column = dict(column or st.column_config.Column())
    return {**column, "help": column.get("help") or explain_column(column.get("label") or name)}
