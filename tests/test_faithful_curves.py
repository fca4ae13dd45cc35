"""The curves of covering and uncovering: their means, what is kept, and how they are drawn."""

import numpy as np
import pandas as pd
import pytest

from tests import lab_rows
from whalecore.errors import SettingsError
from whalecore.explain.faithfulness import Curves
from whalecore.faithful_chart import curve_chart
from whalecore.lab import create_lab
from whalecore.workflow.faithful_curves import curve_rows, faithful_curves
from whalecore.workflow.report.faithful import faithfulness_section

SHARES = np.array([0.0, 0.5, 1.0])
NAMES = {"osm": "Occlusion maps", "centre": "A spot"}


def curves(*deleted) -> list[Curves]:
    """One photo per list of scores; uncovered, it goes the other way."""
    return [Curves(SHARES, np.array(one), np.array(one[::-1])) for one in deleted]


@pytest.fixture
def lab(tmp_path):
    lab = create_lab(tmp_path / "lab", "Test", tmp_path)
    lab.write("models", [lab_rows.model("m", fold=0)])
    return lab


@pytest.fixture
def tested(lab):
    measured = {"osm": curves([0.9, 0.2, 0.1], [0.7, 0.4, 0.1]), "centre": curves([0.8, 0.6, 0.1])}
    lab.write("heatmap_curves", list(curve_rows("m", measured)))
    return lab


def test_a_curve_is_the_mean_of_the_photos_at_every_share(tested):
    found = faithful_curves(tested)
    own = found[(found["map"] == "osm") & (found["curve"] == "deletion")]
    assert own["share"].tolist() == [0, 0.5, 1]
    assert own["value"].tolist() == pytest.approx([0.8, 0.3, 0.1])
    assert own["photos"].tolist() == [2, 2, 2]
    assert (own["low"] <= own["value"] + 1e-9).all()
    assert (own["value"] <= own["high"] + 1e-9).all()
    other = found[(found["map"] == "osm") & (found["curve"] == "insertion")]
    assert other["value"].tolist() == pytest.approx([0.1, 0.3, 0.8])


def test_the_curves_of_the_model_tested_last_are_shown(tested):
    tested.write("heatmap_curves", list(curve_rows("n", {"osm": curves([0.5, 0.5, 0.5])})))
    found = faithful_curves(tested)
    assert set(found["map"]) == {"osm"}
    assert found["value"].tolist() == pytest.approx([0.5] * 6)


def test_the_chart_holds_every_point_and_says_what_it_shows(tested):
    chart = curve_chart(faithful_curves(tested), "deletion", NAMES).to_dict()
    (rows,) = chart["datasets"].values()
    assert {(row["name"], row["share"], round(row["value"], 3)) for row in rows} == {
        ("Occlusion maps", 0.0, 0.8), ("Occlusion maps", 0.5, 0.3), ("Occlusion maps", 1.0, 0.1),
        ("A spot", 0.0, 0.8), ("A spot", 0.5, 0.6), ("A spot", 1.0, 0.1),
    }  # fmt: skip
    assert "on 2 photos while they are covered in the order of 2 maps" in chart["description"]


def test_there_is_no_chart_without_curves(lab):
    assert faithful_curves(lab).empty
    with pytest.raises(SettingsError, match="test the heatmaps of the lab first"):
        curve_chart(faithful_curves(lab), "deletion", NAMES)
    empty = pd.DataFrame({"map": ["osm"], "curve": ["insertion"], "share": [0.0], "value": [0.1]})
    with pytest.raises(SettingsError, match="no curves to draw"):
        curve_chart(empty, "deletion", NAMES)


def test_the_report_draws_both_curves_where_there_are_any(tested):
    figures = [
        {"model_id": "m", "metric": metric, "value": 0.5, "low": 0.4, "high": 0.6, "photos": 2,
         "part": "test"}
        for metric in ("deletion_osm", "insertion_osm", "faithful_osm_over_centre")
    ]  # fmt: skip
    tested.write("evaluations", figures)
    text = str(faithfulness_section(tested))
    assert text.count("Mean score of the first candidate while 2 photos are") == 2
    assert "Score while the photo is covered" in text
    assert "Score while the photo is uncovered" in text
