"""Cells of CSV files: nothing runs as a formula, and every text comes back."""

import random

import pytest

from whalecore.photos.cells import as_cell, from_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ('"=1"', '\'"=1"'),
        ("a;=1;b", "a;'=1;b"),
        ('a;"=1', "a;'\"=1"),
        ("a\n-1", "a\n'-1"),
    ],
)
def test_what_could_begin_a_formula_gets_a_mark(text, cell):
    assert as_cell(text) == cell
    assert from_cell(cell) == text


@pytest.mark.parametrize("text", ["", "Salt", "2019-07-31", "a=b", "O'Neil", "'quoted'", "x - y"])
def test_other_texts_stay_what_they_are(text):
    assert as_cell(text) == text
    assert from_cell(text) == text


def test_every_text_comes_back():
    signs = "=+-@＝'\" ;,\t\r\na"
    draw = random.Random(0)
    for _ in range(20_000):
        text = "".join(draw.choices(signs, k=draw.randrange(8)))
        assert from_cell(as_cell(text)) == text


def test_no_cell_begins_with_a_formula_in_any_spreadsheet():
    signs = "=+-@'\" ;\t\na"
    draw = random.Random(1)
    for _ in range(20_000):
        cell = as_cell("".join(draw.choices(signs, k=draw.randrange(8))))
        for part in cell.replace("\t", ";").replace("\n", ";").split(";"):
            assert not part.lstrip(' "').startswith(("=", "+", "-", "@"))
