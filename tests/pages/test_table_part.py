"""Tables of the pages: nothing stands where nothing is known, and every column is explained."""

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import opened
from whalecore.glossary import TERMS

MOST_WORDS = 2
"""That lead from one explanation to the next, such as "Keys:"."""

PAGES = Path(__file__).resolve().parents[2] / "pages"


def page():
    import pandas as pd
    import streamlit as st

    from pages.parts.table import show_table

    frame = pd.DataFrame({"measure": ["a", "b"], "value": [0.5, None]})
    show_table(frame, "Figures")
    own = st.column_config.NumberColumn("Score", format="%.2f")
    show_table(frame, "Figures", missing="–", column_config={"value": own, "measure": "Photo"})


def columns_of(table) -> dict[str, dict]:
    return json.loads(table.proto.columns)


def test_a_missing_value_is_an_empty_cell_or_the_word_that_was_asked_for():
    usual, dashed = AppTest.from_function(page).run().dataframe
    assert (usual.proto.placeholder, dashed.proto.placeholder) == ("", "–")
    assert usual.proto.HasField("placeholder")


def test_a_column_is_explained_by_the_title_that_it_is_shown_under():
    usual, named = map(columns_of, AppTest.from_function(page).run().dataframe)
    assert usual["measure"]["help"] == TERMS["measure"]
    assert usual["value"]["help"] == TERMS["value of a figure"]
    assert (named["measure"]["label"], named["measure"]["help"]) == ("Photo", TERMS["photo"])
    assert named["value"]["help"] == TERMS["score"]
    assert named["value"]["type_config"] == {"type": "number", "format": "%.2f"}


def test_every_table_of_the_pages_is_shown_that_way():
    direct = re.compile(r"\bst\.(dataframe|table|data_editor)\(")
    found = [path.name for path in PAGES.rglob("*.py") if direct.search(path.read_text("utf-8"))]
    assert found == ["table.py"]


def test_every_explanation_of_the_pages_comes_from_the_glossary():
    written = re.compile(r"""\bhelp=\(?\s*f?(?:"([^"]+)"|'([^']+)')""")
    found = {
        (path.name, text)
        for path in PAGES.rglob("*.py")
        for text in map("".join, written.findall(path.read_text("utf-8")))
        if len(re.sub(r"\{[^}]*\}", "", text).split()) > MOST_WORDS
    }
    assert found == set()


SHOWN = {
    "clusters": [{}, {"tab": "Families"}, {"tab": "Two clusters", "cluster": "1", "second": "2"},
                 {"tab": "Changes"}, {"tab": "Comparison"}],
    "reliability": [{"topic": topic} for topic in ("Verdicts", "Heatmaps", "All figures")],
    "lab": [{}],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("where", SHOWN)
def test_every_column_that_a_reader_sees_is_explained_and_every_table_described(
    where, tiny_lab_folder
):
    seen = set()
    for address in SHOWN[where]:
        at = opened(where, tiny_lab_folder, **address)
        for table in at.dataframe:
            columns = columns_of(table)
            assert table.proto.alt
            missing = [name for name in table.value.columns if not columns[str(name)].get("help")]
            assert missing == []
            seen |= set(columns)
    assert seen
