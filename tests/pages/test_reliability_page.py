"""The page Reliability on verdicts that were made up, so that each sentence is known."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.report_file import report_file
from whalecore.errors import LabError
from whalecore.glossary import explain
from whalecore.lab.lab import create_lab
from whalecore.workflow.usual import usual_evidence
from whalecore.workflow.verdict_tables import (
    by_cluster,
    by_quality,
    calibration_bins,
    confusion,
    orders,
    set_sizes,
    verdict_tables,
)

APP = Path(__file__).resolve().parents[2] / "app.py"
MODEL = {
    "model_id": "m1",
    "architecture": "resnet18",
    "input_height": 32,
    "input_width": 64,
    "individuals": ["A", "B", "C"],
    "fingerprint": "0" * 64,
    "temperature": 2.0,
    "fold": 0,
    "folds": 1,
    "trained_at": datetime(2026, 1, 1, tzinfo=UTC),
    "settings": "{}",
    "metrics": "{}",
}


def verdict(number: int, kind: str, correct: bool, known: bool = True, **other) -> dict:
    return {
        "model_id": "m1",
        "clustering_id": None,
        "photo_id": f"{number:016x}",
        "part": "test",
        "verdict": kind,
        "p_correct": 0.95 if kind == "reliable" else 0.35,
        "p_new_whale": 0.1,
        "correct": correct,
        "known": known,
        "score": 0.9 if correct else 0.4,
        "set_size": 1 if kind == "reliable" else 8,
        "set_holds": True,
        "reason": "Because.",
        **other,
    }


@pytest.fixture
def judged_lab(tmp_path):
    """60 test photos: 40 reliable (1 wrong), 15 to be checked, 5 new whales; 30 of validation."""
    (tmp_path / "photos").mkdir()
    lab = create_lab(tmp_path / "lab", name="judged", photo_root=tmp_path / "photos")
    lab.write("models", [MODEL])
    rows = [verdict(number, "reliable", number > 0, cluster=1) for number in range(40)]
    rows += [verdict(40 + number, "check", number < 9, cluster=2) for number in range(15)]
    rows += [verdict(55 + number, "new_whale", False, known=False) for number in range(5)]
    rows += [
        verdict(60 + number, "reliable", True, part="validation", cluster=1) for number in range(30)
    ]
    lab.write("verdicts", rows)
    lab.write(
        "scores",
        [
            {"model_id": "m1", "photo_id": row["photo_id"], "crop": "0,0,1,1", "rank": rank,
             "individual": "ABC"[rank], "score": 0.5 / rank, "logit": 6.0 / rank,
             "is_reference": False, "origin": "held out"}
            for row in rows
            for rank in (1, 2)
        ],
    )  # fmt: skip
    gain = {"model_id": "m1", "part": "validation and test", "photos": 90}
    lab.write(
        "evaluations",
        [
            {**gain, "metric": "heatmap_gain_brier", "value": 0.02, "low": 0.01, "high": 0.03},
            {**gain, "metric": "heatmap_gain_auroc", "value": 0.0, "low": -0.1, "high": 0.1},
        ],
    )
    return lab


def opened(folder, **view) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=120)
    at.query_params["lab"] = str(folder)
    for name, value in view.items():
        at.query_params[name] = value
    at.run()
    at.switch_page("pages/reliability.py")
    return at.run()


def words(at: AppTest) -> str:
    kinds = (at.header, at.markdown, at.caption, at.info, at.success, at.warning)
    text = " ".join(element.value for kind in kinds for element in kind)
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_says_how_many_are_reliable_and_how_many_of_these_are_wrong(judged_lab):
    at = opened(judged_lab.folder)
    assert not at.exception
    assert not at.error
    metrics = {one.label: one.value for one in at.metric}
    assert metrics["Test photos"] == "60"
    assert metrics["Called reliable"] == "40"
    assert metrics["Of these wrong"] == "1"
    text = words(at)
    assert "Of 60 test photos, **40** would be called reliable (67 %), and **1** of these" in text
    assert "too few to be certain" in text
    assert "15 to be checked by hand and 5 to be treated as probably new whales" in text


def test_the_page_says_plainly_what_heatmaps_add_and_what_cannot_be_promised(judged_lab):
    text = words(opened(judged_lab.folder, topic="Heatmaps"))
    assert "The heatmaps add something to the score** on 90 photos: closer probabilities." in text
    assert "What cannot be promised" in text
    assert "has not been tested" in text


def charts_of(at: AppTest) -> list:
    return at.get("arrow_vega_lite_chart") or at.get("vega_lite_chart")


@pytest.mark.parametrize(
    ("topic", "drawn"),
    # Verdicts and sets; probabilities and errors; clusters, no photo has a known quality; gain.
    [("Verdicts", 2), ("Probabilities", 2), ("Kinds of photos", 1), ("Heatmaps", 1)],
)
def test_every_chart_is_drawn_under_its_topic_and_the_report_can_be_taken_away(
    judged_lab, topic, drawn
):
    at = opened(judged_lab.folder, topic=topic)
    assert not at.error
    assert len(charts_of(at)) == drawn
    assert len(at.get("download_button")) == 1


def test_all_figures_stand_under_their_own_topic(judged_lab):
    at = opened(judged_lab.folder, topic="All figures")
    assert not at.error
    assert at.dataframe[0].value["photos"].tolist() == [90, 90]
    (title,) = [one for one in at.header if one.value.startswith("All")]
    assert explain("auroc") in title.proto.help


def test_charts_and_tables_can_be_saved_once_their_list_is_opened(judged_lab):
    at = opened(judged_lab.folder)
    at.session_state["saving_verdicts"] = True
    at.run()
    files = [one.proto.label for one in at.get("download_button")]
    # Chart, counts, verdict of each photo.
    assert files[1:] == ["PNG", "SVG", "CSV", "Parquet", "CSV", "Parquet"]


@pytest.mark.parametrize(
    ("error", "said"),
    [(LabError("The lab is <b>gone</b>: bring it back."), "The lab is &lt;b&gt;gone"),
     (ValueError("secret"), "could not be made; the details are in the program's log")],
)  # fmt: skip
def test_a_report_that_cannot_be_made_says_why_in_its_place(error, said):
    def fail():
        raise error

    text = report_file(fail).decode()
    assert text.startswith("<!doctype html>")
    assert said in text
    assert "secret" not in text


def test_a_figure_that_the_newest_judgement_no_longer_gives_is_not_listed(judged_lab):
    row = {"model_id": "m1", "part": "test", "photos": 60, "value": 0.1}
    judged_lab.write(
        "evaluations",
        [
            {**row, "metric": "brier"},
            {**row, "metric": "error_among_reliable", "made_at": datetime(2020, 1, 1)},
            {**row, "metric": "faithful_osm_over_centre", "made_at": datetime(2020, 1, 1)},
        ],
    )
    figures = verdict_tables(judged_lab).figures
    assert {"brier", "faithful_osm_over_centre"} <= set(figures)
    assert "error_among_reliable" not in figures


def test_counts_by_verdict_and_truth_are_those_of_the_test_photos_alone(judged_lab):
    counts = confusion(verdict_tables(judged_lab).photos)
    found = {(row.verdict, row.truth): row.photos for row in counts.itertuples() if row.photos}
    assert found == {
        ("reliable", "first candidate right"): 39,
        ("reliable", "another known animal"): 1,
        ("check", "first candidate right"): 9,
        ("check", "another known animal"): 6,
        ("new_whale", "new whale"): 5,
    }


def test_sizes_probabilities_and_orders_are_as_written(judged_lab):
    tables = verdict_tables(judged_lab)
    sizes = set_sizes(tables.photos).set_index("size")["photos"].to_dict()
    assert sizes == {"1": 40, "2": 0, "3": 0, "4": 0, "5": 0, "6 and more": 20}
    bins = {round(one.probability, 2): (one.right, one.photos)
            for one in calibration_bins(tables) if one.photos}  # fmt: skip
    assert bins == {0.35: (9, 20), 0.95: (39, 40)}
    ways, correct = orders(tables)
    # (6 - 3) / 2: the lead in units of the temperature.
    assert set(ways["lead over the second candidate"]) == {1.5}
    assert correct.sum() == 48


def test_clusters_count_photos_of_both_parts_and_small_ones_together(judged_lab):
    shares = by_cluster(verdict_tables(judged_lab).judged)
    right = shares[shares["measure"] == "right"].set_index("group")
    assert right.loc["Cluster 1", ["count", "of"]].tolist() == [69, 70]
    assert right.loc["1 cluster of fewer than 30 photos", "of"] == 15
    assert right.loc["No cluster, or unlike any", "of"] == 5


def test_an_unstable_cluster_is_marked_among_the_kinds_of_photos(judged_lab):
    judged = verdict_tables(judged_lab).judged
    assert judged["cluster_stability"].isna().all()
    loose = by_cluster(judged.assign(cluster_stability=0.2))["group"]
    assert "Cluster 1 (unstable)" in set(loose)


def test_photos_of_unknown_quality_are_in_no_group(judged_lab):
    assert by_quality(verdict_tables(judged_lab).judged).empty


def test_the_usual_values_are_those_of_the_middle_half(judged_lab):
    usual = usual_evidence(judged_lab, "m1")
    assert usual["score"] == (0.5, 0.5)
    assert usual["margin"] == (1.5, 1.5)
    assert "sharpness" not in usual


def test_a_verdict_of_an_older_model_is_not_counted(judged_lab):
    judged_lab.write(
        "models",
        [{**MODEL, "model_id": "m2", "trained_at": datetime(2026, 2, 1, tzinfo=UTC)}],
    )
    assert verdict_tables(judged_lab).photos.empty
    assert "judged with another model or other clusters" in words(opened(judged_lab.folder))
