"""Clusters that continue earlier ones start from them and take over their names."""

import json
import re
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from tests import lab_rows as row
from whalecore.errors import LabError
from whalecore.lab import create_lab
from whalecore.types import HeatmapSet
from whalecore.workflow.continued import (
    Before,
    clustering_before,
    continuing,
    made_before,
    number_kept,
    start_of,
    take_over,
)

ALONE = {"parts": [{"method": "osm", "settings": "s"}], "signed": False, "aligned": False}
ASKED = {"clusters": 30, "sigma": "auto", "seed": 0, "mode": "auto"}


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


def made(name, day, clusters=30, sigma="auto", **other):
    about = {"settings": json.dumps({"clusters": clusters, "sigma": sigma}), **other}
    return row.clustering(name, made_at=datetime(2024, 1, day), **about)


def assigned(name, photos):
    return [row.assignment(photo, "a", 1, clustering_id=name) for photo in photos]


def test_names_and_notes_follow_the_heatmaps_to_the_new_numbers(lab):
    first = {f"p{place:02d}": 1 if place < 10 else 2 for place in range(20)}
    lab.write("clusterings", [row.clustering("c")])
    lab.write("assignments", [row.assignment(name, "a", one) for name, one in first.items()])
    lab.name_cluster("c", 1, "left tip", "see the scar", "Ana")
    named_at = lab.rows("cluster_names")[0]["named_at"]

    # The two swap their numbers; five photos that are new form a cluster of their own.
    labels = {name: 3 - one for name, one in first.items()}
    labels |= {f"q{place}": 3 for place in range(5)}
    before = clustering_before(lab, heatmap_set(labels), "top5", ALONE, ASKED)
    assert before.labels.tolist() == [*first.values()] + 5 * [0]
    take_over(lab, "d", before, np.array([*labels.values()]))
    lab.write("clusterings", [row.clustering("d", clusters=3)])

    found = lab.cluster_matches("d")
    assert found["earlier_cluster"].tolist()[:2] == [2, 1]
    assert found["earlier_cluster"].isna().tolist() == [False, False, True]
    assert found["shared"].tolist() == [10, 10, 0]
    assert found["overlap"].tolist() == [1.0, 1.0, 0.0]
    (name,) = lab.rows("cluster_names", clustering_id="d")
    assert (name["cluster"], name["name"], name["note"]) == (2, "left tip", "see the scar")
    assert (name["named_by"], name["named_at"]) == ("Ana", named_at)


def test_families_are_taken_over_where_all_their_clusters_go_on(lab):
    lab.write("clusterings", [row.clustering("c", clusters=4)])
    for clusters, name in (((1, 2), "tips"), ((2, 3), "edges"), ((3, 4), "notch"), ((1, 3), "")):
        lab.name_family("c", clusters, name or "was", "Ana")
        if not name:
            lab.name_family("c", clusters, "")
    # 1 and 2 swap their numbers, 3 is now 4, and of 4 next to nothing is left.
    earlier = np.repeat([1, 2, 3, 4, 4, 4], 10)
    now = np.repeat([2, 1, 4, 3, 5, 6], 10)
    take_over(lab, "d", Before("c", earlier, True), now)
    lab.write("clusterings", [row.clustering("d", clusters=6)])
    assert lab.family_names("d") == {(1, 2): "tips", (1, 4): "edges"}
    assert lab.rows("family_names", clustering_id="d")[0]["named_by"] == "Ana"


def test_a_clustering_that_cannot_be_read_keeps_no_other_from_being_continued(lab):
    lab.write("clusterings", [
        made("good", 1),
        made("bad", 2, representation="{broken"),
        made("odd", 3) | {"settings": "[1"},
    ])  # fmt: skip
    for name in ("good", "bad", "odd"):
        lab.write("assignments", assigned(name, "p"))
    found = clustering_before(lab, heatmap_set("p"), "top5", ALONE, ASKED)
    assert found.clustering_id == "good"
    assert made_before(lab, "nothing") is None
    with pytest.raises(LabError, match=r"'bad' does not say .* cluster the heatmaps again"):
        lab.representation("bad")


def test_the_newest_clustering_of_the_same_heatmaps_is_continued(lab):
    def before(representation=ALONE, photos="p", **other):
        asked = {**ASKED, **other}
        found = clustering_before(lab, heatmap_set(photos), "top5", representation, asked)
        return found and found.clustering_id

    assert before() is None
    lab.write(
        "clusterings",
        [
            made("older", 1),
            made("same", 2, representation=ALONE),
            made("coarser", 3, clusters=20),
            made("others", 4, ranks="correct"),
            made("signed", 5, representation={**ALONE, "signed": True}),
            made("unlike", 6, heatmap_settings="t"),
            made("of other photos", 7),
        ],
    )
    for name in ("older", "same", "coarser", "others", "signed", "unlike"):
        lab.write("assignments", assigned(name, "p"))
    lab.write("assignments", assigned("of other photos", "q"))
    assert before() == "same"
    assert before(clusters=20) == "coarser"
    # Without one of the same number the newest of any number will do.
    assert before(clusters="auto") == "coarser"
    assert before({**ALONE, "aligned": True}) is None
    assert before(photos="r") is None


def test_one_that_was_asked_for_in_the_same_way_comes_before_newer_ones(lab):
    asked = {"clusters": 30, "sigma": "auto"}
    lab.write(
        "clusterings",
        [
            made("usual", 1),
            made("other seed", 2, settings={**asked, "seed": 5}),
            made("scale", 3, settings={**asked, "mode": "scale"}),
        ],
    )
    for name in ("usual", "other seed", "scale"):
        lab.write("assignments", assigned(name, "p"))

    def before(**other):
        asked = {**ASKED, **other}
        return clustering_before(lab, heatmap_set("p"), "top5", ALONE, asked).clustering_id

    assert before() == "usual"
    assert before(seed=5) == "other seed"
    assert before(mode="scale") == "scale"
    assert before(seed=6) == "scale"


def test_a_name_does_not_pass_to_a_cluster_that_continues_only_in_part(lab):
    # Of cluster 1's six heatmaps three are in the new 1, which has one more: 3 of 7. Of cluster 2's
    # four three are in the new 2, which holds three more: 3 of 7. The new 3 is the earlier 3.
    labels = {1: "aaabbb", 2: "abbb", 3: "cc"}
    earlier = [number for number, new in labels.items() for _ in new]
    now = ["abc".index(letter) + 1 for new in labels.values() for letter in new]
    lab.write("clusterings", [row.clustering("c", clusters=3)])
    for cluster in (1, 2, 3):
        lab.name_cluster("c", cluster, f"name {cluster}")
    take_over(lab, "d", Before("c", np.array(earlier), True), np.array(now))
    lab.write("clusterings", [row.clustering("d", clusters=3)])
    found = lab.cluster_matches("d")
    assert found["earlier_cluster"].tolist() == [1, 2, 3]
    assert found["overlap"].tolist() == [pytest.approx(3 / 7), pytest.approx(3 / 7), 1.0]
    assert lab.cluster_names("d")["name"].tolist() == ["name 3"]


def test_names_pass_to_the_heatmaps_of_a_model_that_was_trained_again(lab):
    lab.write("clusterings", [made("c", 1)])
    lab.write("assignments", assigned("c", "pq"))
    heatmaps = replace(heatmap_set("pqr"), model_ids=("n",) * 3)
    before = clustering_before(lab, heatmaps, "top5", ALONE, ASKED)
    assert before.labels.tolist() == [1, 1, 0]
    assert not before.same_model
    assert start_of(lab, before, ASKED) is None


def test_a_clustering_starts_where_the_one_before_was(lab):
    sweep = [
        {
            "sigma": 2.0,
            "eigengap": 0.1,
            "groups": 3,
            "mean_degree": 5.0,
            "isolated": 0.0,
            "stability": 0.5,
        }
    ]
    asked = {**ASKED, "sigma_rule": "most stable"}
    lab.write("clusterings", [row.clustering("c", settings=asked, sigma=2.0, sigma_sweep=sweep)])
    before = Before("c", np.array([1, 2, 0]), True)
    start = start_of(lab, before, ASKED)
    assert start.labels.tolist() == [1, 2, 0]
    assert start.sigma.sigma == 2.0
    assert start.sigma.rule == "kept from the clustering before, where it was: most stable"
    assert [trial.groups for trial in start.sigma.sweep] == [3]
    assert start_of(lab, None, ASKED) is None
    assert start_of(lab, before, {**ASKED, "clusters": 20}) is None
    assert start_of(lab, before, {**ASKED, "sigma": "paper"}) is None
    # Who gives another seed or mode wants to see what the clusters would be without the others.
    assert start_of(lab, before, {**ASKED, "seed": 1}) is None
    assert start_of(lab, before, {**ASKED, "mode": "exact"}) is None
    mostly_new = replace(before, labels=np.array([1, 0, 0]))
    assert start_of(lab, mostly_new, ASKED) is None


def test_the_number_of_clusters_stays_until_there_are_heatmaps_for_as_many_as_are_wanted(lab):
    made_of = {**ASKED, "number": 20}
    lab.write("clusterings", [row.clustering("c", settings=made_of, clusters=19)])
    before = Before("c", np.array([1]), True)
    # Heatmaps for 21, for 29, for as many as are wanted, for more, and for fewer than there were.
    found = [number_kept(lab, before, 30, most) for most in (21, 29, 30, 40, 18)]
    assert found == [20, 20, 30, 30, 18]
    lab.write("clusterings", [row.clustering("older", settings=ASKED, clusters=19)])
    assert number_kept(lab, replace(before, clustering_id="older"), 30, 21) == 19


def test_the_id_of_a_clustering_depends_on_the_one_it_continues():
    key = "top5-k30-0123456789"
    other = "top5-k30-9876543210"
    ids = {key, continuing(key, "a", 30), continuing(key, "b", 30), continuing(other, "a", 30)}
    assert len(ids) == 4
    assert continuing(key, "a", 30) == continuing(key, "a", 30)
    assert all(re.fullmatch("top5-k30-[0-9a-f]{10}", name) for name in ids)
    assert re.fullmatch("correct-k20-[0-9a-f]{10}", continuing("correct-k21-0123456789", "a", 20))


def test_what_was_clustered_is_found_again_whatever_it_continued(lab):
    key = "top5-k30-0123456789"
    assert made_before(lab, key) is None
    started = {**ASKED, "key": "top5-k30-9876543210"}
    rows = [made(key, 1), row.clustering("continued", settings=started), made("without", 2)]
    lab.write("clusterings", rows)
    assert made_before(lab, key) == key
    assert made_before(lab, "top5-k30-9876543210") == "continued"
    assert made_before(lab, "without a key") is None
