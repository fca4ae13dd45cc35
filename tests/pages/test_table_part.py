"""Tables of the pages: nothing stands where nothing is known."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).resolve().parents[2] / "pages"


def page():
    import pandas as pd

    from pages.parts.table import show_table

    frame = pd.DataFrame({"measure": ["a", "b"], "value": [0.5, None]})
    show_table(frame)
    show_table(frame, missing="–")


def test_a_missing_value_is_an_empty_cell_or_the_word_that_was_asked_for():
    usual, dashed = AppTest.from_function(page).run().dataframe
    assert (usual.proto.placeholder, dashed.proto.placeholder) == ("", "–")
    assert usual.proto.HasField("placeholder")


def test_every_table_of_the_pages_is_shown_that_way():
    direct = re.compile(r"\bst\.dataframe\(")
    found = [path.name for path in PAGES.rglob("*.py") if direct.search(path.read_text("utf-8"))]
    assert found == ["table.py"]
