"""A table on a page: without row numbers, and empty where nothing is known."""

from __future__ import annotations

import streamlit as st


def show_table(frame, missing: str = "", **options):
    """Show a table; what the reader selected is returned, where rows can be selected.

    Parameters
    ----------
    frame : DataFrame or Styler
    missing : str
        What stands where there is no value.
    **options
        Of ``st.dataframe``, such as ``column_config`` and ``height``.
    """
    return st.dataframe(frame, hide_index=True, placeholder=missing, **options)
