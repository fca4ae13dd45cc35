"""How trainings went, as tables and charts: against what was written into the lab."""

import json
from dataclasses import asdict, fields, replace

import pandas as pd
import pytest

from whalecore.errors import SettingsError
from whalecore.identifiers.history import Epoch, as_text
from whalecore.identifiers.later_settings import LATER
from whalecore.identifiers.settings import PRESETS, TrainingSettings
from whalecore.training_charts import MEASURES, curve_chart
from whalecore.training_tables import (
    SETTING_WORDS,
    curves,
    differing,
    results,
    settings_of,
    with_curves,
)

EPOCHS = (
    Epoch(1, True, 9.0, 0.002, 30.0, 60.0),
    Epoch(2, False, 6.0, 0.001, 90.0, 20.0, 0.4, 0.5),
    Epoch(3, False, 3.5, 0.0001, 90.0, 22.0, 0.625, 0.75),
)
LAPTOP = PRESETS["laptop"]


def model(model_id, settings=LAPTOP, epochs=EPOCHS, **other):
    about = {**asdict(settings), "preset": "laptop", "training_key": model_id}
    row = {
        "model_id": model_id,
        "individuals": ["a", "b"],
        "fold": 0,
        "photos_trained": 40,
        "settings": json.dumps(about),
        "curves": as_text(epochs) if epochs else None,
    }
    return {**row, **other}


def lab_of(*models):
    return pd.DataFrame(models)


def test_every_setting_has_plain_words():
    assert set(SETTING_WORDS) == {"preset", *(field.name for field in fields(TrainingSettings))}


@pytest.mark.parametrize("text", [None, "", "{not json", "{}", "[]", "[1, 2]", float("nan")])
def test_a_model_without_usable_curves_is_not_offered(text):
    assert with_curves(lab_of(model("old", curves=text), model("new"))) == ["new"]


def test_models_differ_in_whether_marks_count():
    models = lab_of(model("old", mark_weight=None), model("new", mark_weight=2.142))
    rows = differing(models, "old", "new").set_index("setting")
    row = rows.loc["weight of matching marks in the score"]
    assert (row["old"], row["new"]) == ("they do not count", "2.14")
    alone = settings_of(lab_of(model("old")), ["old"])
    assert alone["old"].tolist()[-1] == "they do not count"


def test_a_lab_of_an_older_version_has_no_curves():
    assert with_curves(lab_of(model("old")).drop(columns="curves")) == []


def test_curves_hold_each_pass_of_each_model():
    frame = curves(lab_of(model("m"), model("n", epochs=EPOCHS[:1])), ["m", "n"])
    assert frame["run"].tolist() == ["m", "m", "m", "n"]
    assert frame["pass"].tolist() == [1, 2, 3, 1]
    assert frame["loss"].tolist() == [9.0, 6.0, 3.5, 9.0]
    assert frame["map5"].tolist()[1:3] == [0.5, 0.75]
    assert frame["top1"].isna().tolist() == [True, False, False, True]


def test_results_are_those_of_the_last_pass_and_times_are_summed():
    found = results(lab_of(model("m"), model("n", epochs=EPOCHS[:1])), ["m", "n"])
    assert found["m"].tolist() == ["3", "3.5", "62%", "0.750", "4 min", "22"]
    assert found["n"].tolist() == ["1", "9", "", "", "30 s", "60"]


def test_only_what_differs_is_compared():
    other = replace(LAPTOP, architecture="resnet34", average=2.0, mirrored=True)
    models = lab_of(model("m"), model("n", other, photos_trained=50))
    table = differing(models, "m", "n").set_index("setting")
    assert table["m"].to_dict() == {
        "network": "resnet18",
        "mirror images as further individuals": "no",
        "passes over which the weights are averaged": "0",
        "photos it learned from": "40",
    }
    assert table["n"].tolist() == ["resnet34", "yes", "2", "50"]
    assert table["name for --set"].tolist() == ["architecture", "mirrored", "average", ""]


def test_a_model_from_before_a_setting_did_what_its_default_does():
    before = {name: value for name, value in asdict(LAPTOP).items() if name not in LATER}
    models = lab_of(model("old"), model("new"))
    models.loc[0, "settings"] = json.dumps({**before, "preset": "laptop"})
    assert differing(models, "old", "new").empty
    shown = settings_of(models, ["old"]).set_index("name for --set")["old"]
    assert shown["augmentation"] == "simple"


def drawn(measure, *models):
    chart = curve_chart(curves(lab_of(*models), [one["model_id"] for one in models]), measure)
    return chart.to_dict()


@pytest.mark.parametrize("measure", MEASURES)
def test_a_curve_has_a_point_for_each_pass_that_knows_the_measure(measure):
    chart = drawn(measure, model("m"))
    (points,) = [rows for rows in chart["datasets"].values() if rows and measure in rows[0]]
    assert len(points) == (2 if measure in ("top1", "map5") else 3)


def test_the_full_size_is_marked_where_it_begins_later():
    def marked(epochs):
        data = drawn("loss", model("m", epochs=epochs))["datasets"].values()
        return [rows for rows in data if rows and set(rows[0]) == {"run", "pass"}]

    assert marked(EPOCHS) == [[{"run": "m", "pass": 2.0}]]
    assert marked([replace(epoch, half_size=False) for epoch in EPOCHS]) == []


def test_two_runs_are_named_and_one_needs_no_legend():
    def colour(*models):
        (line,) = [one for one in drawn("loss", *models)["layer"] if one["mark"]["type"] == "line"]
        return line["encoding"]["color"]

    assert colour(model("m"))["legend"] is None
    assert colour(model("m"), model("n"))["scale"]["domain"] == ["m", "n"]
    assert colour(model("m"), model("n"))["legend"]


def test_the_chart_is_told_in_words():
    words = drawn("map5", model("m"))["description"]
    assert words == "MAP@5 by pass: m from 0.5 in pass 2 to 0.75 in pass 3."


def test_without_validation_photos_a_sentence_says_so():
    with pytest.raises(SettingsError, match="kept away to watch"):
        drawn("top1", model("m", epochs=EPOCHS[:1]))
