"""Clusters that continue earlier ones take over their names, and which clustering that is."""

import json
from datetime import datetime

import numpy as np
import pytest

from tests import lab_rows as row
from whalecore.lab import create_lab
from whalecore.types import HeatmapSet
from whalecore.workflow.continued import earlier_clustering, take_over

ALONE = {"parts": [{"method": "osm", "settings": "s"}], "signed": False, "aligned": False}


@pytest.fixture
def lab(tmp_path):
    return create_lab(tmp_path / "lab", "Test", tmp_path)


def heatmap_set(photos):
    count = len(photos)
    return HeatmapSet(
        method="osm",
        settings="s",
        values=np.zeros((count, 2, 3), np.float16),
        model_ids=("m",) * count,
        photo_ids=tuple(photos),
        individuals=("a",) * count,
        ranks=np.ones(count, int),
        scores=np.ones(count, np.float32),
        correct=np.ones(count, bool),
    )


def test_names_and_notes_follow_the_heatmaps_to_the_new_numbers(lab):
    first = {f"p{place:02d}": 1 if place < 10 else 2 for place in range(20)}
    lab.write("clusterings", [row.clustering("c")])
    lab.write("assignments", [row.assignment(name, "a", one) for name, one in first.items()])
    lab.name_cluster("c", 1, "left tip", "see the scar", "Ana")
    named_at = lab.rows("cluster_names")[0]["named_at"]

    # The two swap their numbers; five photos that are new form a cluster of their own.
    labels = {name: 3 - one for name, one in first.items()}
    labels |= {f"q{place}": 3 for place in range(5)}
    take_over(lab, "d", "c", heatmap_set(labels), np.array([*labels.values()]))
    lab.write("clusterings", [row.clustering("d", clusters=3)])

    found = lab.cluster_matches("d")
    assert found["earlier_cluster"].tolist()[:2] == [2, 1]
    assert found["earlier_cluster"].isna().tolist() == [False, False, True]
    assert found["shared"].tolist() == [10, 10, 0]
    assert found["overlap"].tolist() == [1.0, 1.0, 0.0]
    (name,) = lab.rows("cluster_names", clustering_id="d")
    assert (name["cluster"], name["name"], name["note"]) == (2, "left tip", "see the scar")
    assert (name["named_by"], name["named_at"]) == ("Ana", named_at)


def test_the_newest_clustering_of_the_same_heatmaps_is_continued(lab):
    def made(name, day, clusters=30, **other):
        about = {"settings": json.dumps({"clusters": clusters}), **other}
        return row.clustering(name, made_at=datetime(2024, 1, day), **about)

    assert earlier_clustering(lab, "top5", ALONE, 30) is None
    lab.write(
        "clusterings",
        [
            made("older", 1),
            made("same", 2, representation=ALONE),
            made("coarser", 3, clusters=20),
            made("others", 4, ranks="correct"),
            made("signed", 5, representation={**ALONE, "signed": True}),
            made("unlike", 6, heatmap_settings="t"),
        ],
    )
    assert earlier_clustering(lab, "top5", ALONE, 30) == "same"
    assert earlier_clustering(lab, "top5", ALONE, 20) == "coarser"
    # Without one of the same number the newest of any number will do.
    assert earlier_clustering(lab, "top5", ALONE, "auto") == "coarser"
    assert earlier_clustering(lab, "top5", {**ALONE, "aligned": True}, 30) is None
