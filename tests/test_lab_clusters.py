"""Clusters in a lab: facts, names, what an earlier clustering called them, and old files."""

from dataclasses import replace
from datetime import datetime

import pytest

from tests import lab_rows as row
from whalecore.errors import LabError
from whalecore.lab import create_lab, open_lab
from whalecore.lab.rows import arrow_rows
from whalecore.lab.shards import TableFolder
from whalecore.lab.tables import TABLES
from whalecore.types import HeatmapPart, Representation

CAM = "layer=layer4"


@pytest.fixture
def lab(tmp_path):
    return create_lab(tmp_path / "lab", "Test", tmp_path)


def test_a_clustering_says_which_maps_describe_its_heatmaps(lab):
    parts = [{"method": "osm", "settings": "s"}, {"method": "gradcam", "settings": CAM}]
    about = {"parts": parts, "signed": True, "aligned": False}
    lab.write("clusterings", [row.clustering("old"), row.clustering("new", representation=about)])
    assert lab.representation("old") == Representation((HeatmapPart("osm", "s"),))
    both = (HeatmapPart("osm", "s"), HeatmapPart("gradcam", CAM))
    assert lab.representation("new") == Representation(both, signed=True)
    with pytest.raises(LabError, match="no clustering 'none'"):
        lab.representation("none")


def test_the_clustering_that_was_asked_for_last_is_the_one_in_use(lab):
    lab.write("models", [row.model("m", fold=0)])
    days = {"twelve": 1, "eight": 2, "other": 3}
    lab.write(
        "clusterings",
        [
            row.clustering(name, made_at=datetime(2024, 1, day), ranks=ranks)
            for (name, day), ranks in zip(days.items(), ("top5", "top5", "correct"), strict=True)
        ],
    )
    assert lab.usual_clustering() == "eight"
    lab.use_clustering("eight")
    assert lab.rows("clusterings", clustering_id="eight")[0]["asked_at"] is None
    before = lab.rows("clusterings", clustering_id="twelve")[0]
    lab.use_clustering("twelve")
    assert lab.usual_clustering() == lab.newest_clustering(ranks="top5") == "twelve"
    assert lab.clusterings()["clustering_id"].tolist() == ["twelve", "other", "eight"]
    (again,) = lab.rows("clusterings", clustering_id="twelve")
    assert again.pop("asked_at") > before["made_at"]
    assert {**again, "asked_at": None} == before
    lab.use_clustering("eight")
    assert open_lab(lab.folder).usual_clustering() == "eight"
    with pytest.raises(LabError, match="no clustering 'none'"):
        lab.use_clustering("none")


def test_files_of_clusterings_without_the_newer_columns_stay_readable(lab):
    newer = {
        "clusterings": (
            "mode",
            "usual_distance",
            "representation",
            "neighbouring",
            "matched_to",
            "asked_at",
        ),
        "assignments": ("unlike",),
    }
    rows = {"clusterings": row.clustering("c"), "assignments": row.assignment("p", "a", 1)}
    for name, columns in newer.items():
        table = TABLES[name]
        kept = tuple(column for column in table.columns if column.name not in columns)
        older = arrow_rows(name, [rows[name]]).drop_columns(list(columns))
        TableFolder(lab.folder / "tables" / name, replace(table, columns=kept)).write(older)
    again = open_lab(lab.folder)
    (found,) = again.rows("clusterings")
    assert (found["clusters"], found["mode"], found["matched_to"]) == (2, None, None)
    assert again.assignments("c")["unlike"].isna().tolist() == [True]
    assert again.cluster_facts("c").empty
    assert again.cluster_matches("c").empty


def test_the_facts_of_clusters_come_in_order_and_unstable_ones_are_marked(lab):
    lab.write("clusterings", [row.clustering("c", clusters=3)])
    facts = [(2, 0.49, ["It rests on the border."]), (1, 0.5, []), (3, None, [])]
    lab.write(
        "clusters",
        [
            {
                "clustering_id": "c",
                "cluster": cluster,
                "stability": stability,
                "heatmaps": 4,
                "part_shares": {"notch": 0.25},
                "warnings": warnings,
            }
            for cluster, stability, warnings in facts
        ],
    )
    found = lab.cluster_facts("c")
    assert found["cluster"].tolist() == [1, 2, 3]
    assert found["unstable"].tolist() == [False, True, False]
    assert found["warnings"].tolist() == [[], ["It rests on the border."], []]
    assert found["part_shares"].tolist() == [{"notch": 0.25}] * 3


def test_a_name_can_be_given_changed_and_taken_away(lab):
    lab.write("clusterings", [row.clustering("c")])
    lab.name_cluster("c", 2, " white  left tip ", "seen in May", "Ana")
    lab.name_cluster("c", 1, "notch")
    found = lab.cluster_names("c")
    assert found["cluster"].tolist() == [1, 2]
    assert found["name"].tolist() == ["notch", "white left tip"]
    assert found["note"].tolist() == ["", "seen in May"]
    assert found["named_by"].tolist()[1] == "Ana"
    lab.name_cluster("c", 2, "left tip")
    assert lab.cluster_names("c")["name"].tolist() == ["notch", "left tip"]
    lab.name_cluster("c", 2, "")
    assert lab.cluster_names("c")["cluster"].tolist() == [1]


@pytest.mark.parametrize(
    ("clustering", "cluster", "name", "words"),
    [
        ("c", 3, "x", "no cluster 3: choose one from 1 to 2"),
        ("c", 0, "x", "no cluster 0"),
        ("d", 1, "x", "no clustering 'd'"),
        ("c", 1, "x" * 81, "81 letters and at most 80 are allowed"),
    ],
)
def test_what_cannot_be_named_is_refused(lab, clustering, cluster, name, words):
    lab.write("clusterings", [row.clustering("c")])
    with pytest.raises(LabError, match=words):
        lab.name_cluster(clustering, cluster, name)


def test_a_note_is_kept_line_by_line_and_a_very_long_one_is_refused(lab):
    lab.write("clusterings", [row.clustering("c")])
    lab.name_cluster("c", 1, "tip", "  first\n      second  ")
    assert lab.cluster_names("c")["note"].tolist() == ["first\nsecond"]
    with pytest.raises(LabError, match="4,001 letters and at most 4,000 are allowed"):
        lab.name_cluster("c", 1, "tip", "x" * 4001)


def test_heatmaps_of_a_model_that_was_trained_again_are_compared_by_photo_and_individual(lab):
    lab.write("clusterings", [row.clustering("c"), row.clustering("d", model_id="n")])
    later = {"clustering_id": "d", "model_id": "n"}
    rows = [row.assignment("p", "a", 1), row.assignment("p", "b", 1), row.assignment("q", "a", 2)]
    rows += [row.assignment("p", "a", 4, **later), row.assignment("q", "b", 4, **later)]
    lab.write("assignments", rows)
    found = lab.compare_clusterings("d", "c")
    assert found.to_dict("list") == {"cluster": [4], "other": [1], "heatmaps": [1], "share": [1.0]}


def test_two_clusterings_are_compared_by_the_heatmaps_of_both(lab):
    lab.write("clusterings", [row.clustering("c"), row.clustering("d")])
    # Four heatmaps in both: cluster 1 keeps two in 5 and loses one to 6, cluster 2 goes to 6.
    pairs = [("a", 1, 5), ("b", 1, 6), ("c", 1, 5), ("d", 2, 6)]
    rows = [row.assignment("p", name, one) for name, one, _ in pairs]
    rows += [row.assignment("p", name, two, clustering_id="d") for name, _, two in pairs]
    rows += [row.assignment("q", "a", 1), row.assignment("r", "a", 9, clustering_id="d")]
    lab.write("assignments", rows)
    found = lab.compare_clusterings("c", "d")
    assert found.to_dict("list") == {
        "cluster": [1, 1, 2],
        "other": [5, 6, 6],
        "heatmaps": [2, 1, 1],
        "share": [pytest.approx(2 / 3), pytest.approx(1 / 3), 1.0],
    }


def test_an_earlier_cluster_is_missing_where_none_fits(lab):
    lab.write("clusterings", [row.clustering("d")])
    shared = {"clustering_id": "d", "earlier_id": "c"}
    lab.write(
        "cluster_matches",
        [
            {**shared, "cluster": 2, "earlier_cluster": 1, "shared": 7, "overlap": 0.5},
            {**shared, "cluster": 1, "earlier_cluster": None, "shared": 0, "overlap": 0.0},
        ],
    )
    found = lab.cluster_matches("d")
    assert found["earlier_cluster"].isna().tolist() == [True, False]
    assert found["earlier_cluster"].tolist()[1] == 1
