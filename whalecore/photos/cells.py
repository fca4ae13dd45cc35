"""Texts in CSV files that no spreadsheet may run as a formula."""

from __future__ import annotations

import re

_BEGINS = r"(?:\A|(?<=[;\t\r\n]))"
"""Where a cell begins: also behind what a spreadsheet elsewhere takes for the end of one."""

_FORMULA = r"(?:[^\S;\t\r\n]|\")*[=+\-@＝＋－＠]"
_SPACE = r"\A{mark}(?='*[\t\r\n])"
_CELL = rf"{_BEGINS}{{mark}}(?='*{_FORMULA})"
_BARE, _MARKED = (
    re.compile("|".join(form.format(mark=mark) for form in (_SPACE, _CELL))) for mark in ("", "'")
)


def as_cell(text: str) -> str:
    """A text that a spreadsheet shows as it is: ``'`` goes before what could begin a formula.

    That is ``=``, ``+``, ``-`` and ``@`` (also in full width) at the start, behind spaces or
    quotation marks, and behind a semicolon, tab or line break, which some spreadsheets take for
    the end of a cell; and a tab or line break at the start. What begins with such a ``'`` already
    gets another one, so that `from_cell` gives back every text.
    """
    return _BARE.sub("'", text)


def from_cell(cell: str) -> str:
    """The text that `as_cell` made a cell of."""
    return _MARKED.sub("", cell)
