"""Whether heatmaps are tested on the lab's own photos, and warned of where they fail."""

import numpy as np
import pytest

from tests import lab_rows
from whalecore.errors import TooFewError
from whalecore.lab import create_lab
from whalecore.workflow.faithful_curves import faithful_curves
from whalecore.workflow.faithfulness import (
    Sample,
    explanation_warnings,
    faithfulness_figures,
    faithfulness_words,
    measure_faithfulness,
)


@pytest.fixture
def lab(tmp_path):
    lab = create_lab(tmp_path / "lab", "Test", tmp_path)
    lab.write("models", [lab_rows.model("m", fold=0)])
    return lab


def figures(lab, **values) -> None:
    rows = [
        {"model_id": "m", "metric": metric, "value": value, "low": low, "high": high,
         "photos": 20, "part": "test"}
        for metric, (value, low, high) in values.items()
    ]  # fmt: skip
    lab.write("evaluations", rows)


PASSED = {
    "faithful_osm_over_centre": (0.1, 0.05, 0.15),
    "faithful_osm_over_random": (0.2, 0.15, 0.25),
    "randomised_osm": (0.05, -0.05, 0.15),
}


def test_a_map_that_passes_every_test_is_not_warned_of(lab):
    figures(lab, **PASSED)
    assert explanation_warnings(lab) == {}
    (sentence,) = faithfulness_words(lab)
    assert sentence.startswith("Occlusion maps passed: on 20 photos")
    assert "0.100 against the former, 0.050 to 0.150" in sentence


@pytest.mark.parametrize(
    ("metric", "value", "word"),
    [
        ("faithful_osm_over_centre", (0.1, 0.0, 0.2), "a spot in the middle of the photo"),
        ("faithful_osm_over_random", (-0.1, -0.2, -0.05), "a map from chance"),
        ("randomised_osm", (0.21, 0.1, 0.3), "forgot all it learned (rank correlation 0.21"),
        ("randomised_osm", (-0.5, -0.6, -0.4), "rank correlation -0.50"),
    ],
)
def test_each_failed_test_is_warned_of_with_its_number(lab, metric, value, word):
    figures(lab, **{**PASSED, metric: value})
    warnings = explanation_warnings(lab)
    assert list(warnings) == ["osm"]
    assert word in warnings["osm"]
    assert faithfulness_words(lab) == [warnings["osm"]]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((-0.3, -0.4, -0.2), "are worse than"),
        ((-0.1, -0.2, 0.1), "are not shown to be better than"),
    ],
)
def test_a_loss_beyond_chance_is_called_worse(lab, value, said):
    figures(lab, **{**PASSED, "faithful_osm_over_centre": value})
    assert said in explanation_warnings(lab)["osm"]


def test_a_single_photo_cannot_fail_the_test_of_forgetting(lab):
    figures(lab, **PASSED)
    lab.write(
        "evaluations",
        [{"model_id": "m", "metric": "randomised_osm", "value": 0.9, "low": 0.9, "high": 0.9,
          "photos": 1, "part": "test"}],
    )  # fmt: skip
    assert explanation_warnings(lab) == {}


def test_the_photo_s_edges_need_not_be_beaten(lab):
    figures(lab, **PASSED, faithful_osm_over_edges=(-0.1, -0.2, 0.0))
    assert explanation_warnings(lab) == {}


def test_each_method_is_judged_on_its_own(lab):
    figures(lab, **PASSED, faithful_gradcam_over_centre=(0.0, -0.1, 0.1))
    assert list(explanation_warnings(lab)) == ["gradcam"]
    assert len(faithfulness_words(lab)) == 2


def test_without_a_test_that_is_said_and_nothing_is_warned_of(lab):
    assert explanation_warnings(lab) == {}
    assert "not been tested" in faithfulness_words(lab)[0]


def test_a_lab_without_occlusion_maps_is_refused(lab):
    with pytest.raises(TooFewError, match="Only 0 test photos"):
        measure_faithfulness(lab)


@pytest.mark.slow
def test_a_lab_s_heatmaps_are_tested_and_the_figures_kept(tiny_lab):
    sample = Sample(photos=5, shuffled=1)
    found = measure_faithfulness(tiny_lab, sample)
    assert faithfulness_figures(tiny_lab).keys() == found.keys()
    for name in ("osm", "gradcam", "centre", "random", "edges"):
        for curve in ("deletion", "insertion"):
            assert 0 <= found[f"{curve}_{name}"].value <= 1
    margins = {
        name: found[f"insertion_{name}"].value - found[f"deletion_{name}"].value
        for name in ("osm", "centre")
    }
    assert found["faithful_osm_over_centre"].value == pytest.approx(
        margins["osm"] - margins["centre"]
    )
    assert -1 <= found["randomised_osm"].value <= 1
    assert found["randomised_osm"].photos <= 2
    curves = faithful_curves(tiny_lab)
    for (name, curve), own in curves.groupby(["map", "curve"]):
        area = np.trapezoid(own["value"], own["share"])
        assert area == pytest.approx(found[f"{curve}_{name}"].value, abs=1e-6)
    assert len(curves) == 5 * 2 * 17
    again = measure_faithfulness(tiny_lab, sample)
    assert {name: one.value for name, one in again.items()} == {
        name: one.value for name, one in found.items()
    }
