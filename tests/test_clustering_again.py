"""Clustering a lab that was clustered before: what is kept, what is said, and what is in use."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whalecore.clustering_words import noise_words
from whalecore.errors import TooFewError
from whalecore.lab.assess import OTHER_CLUSTERS, assess
from whalecore.types import Box, OcclusionSettings
from whalecore.workflow.cluster import cluster_heatmaps
from whalecore.workflow.clustered import describe_clustering, spoken_clustering
from whalecore.workflow.explain import explain_photos


def made(lab, clusters, **other):
    """The id of a clustering, what is said of it, and the same in sentences."""
    name = cluster_heatmaps(lab, "top5", clusters, **other).clustering_id
    about = describe_clustering(lab, name)
    return name, about, " ".join(spoken_clustering(about))


def test_a_lab_that_grows_keeps_its_number_of_clusters_and_says_why_it_is_lower(tiny_lab):
    first, about, said = made(tiny_lab, 30)
    heatmaps = about["heatmaps"]
    assert about["clusters"] == heatmaps // 10 < 30
    assert (
        f"{first}: {about['clusters']} clusters were made instead of 30: 30 clusters of 10 "
        f"heatmaps each on average need 300 heatmaps, and there are {heatmaps}."
    ) in said
    explain_photos(tiny_lab, [OcclusionSettings(16, 8)], limit=28)
    second, later, said = made(tiny_lab, 30)
    assert later["heatmaps"] // 10 > about["clusters"] == later["clusters"]
    assert second.startswith(f"top5-k{about['clusters']}-")
    assert later["started_from_it"]
    assert f"started from the clusters of {first}, so that they stay where they were" in said
    # Asked for once more, nothing is made.
    assert made(tiny_lab, 30)[0] == second


def test_clusters_that_could_not_be_the_start_are_not_said_to_be(tiny_lab, monkeypatch):
    from whalecore.workflow import cluster

    first, *_ = made(tiny_lab, 5)
    explain_photos(tiny_lab, [OcclusionSettings(16, 8)], limit=28)
    whole = cluster.start_of

    def without_the_last(*given):
        start = whole(*given)
        return replace(start, labels=np.where(start.labels == 5, 0, start.labels))

    monkeypatch.setattr(cluster, "start_of", without_the_last)
    _, about, said = made(tiny_lab, 5)
    assert about["matched_to"] == first
    assert (about["kept_sigma"], about["started_from_it"]) == (True, False)
    assert "stay where they were" not in said
    assert f"of {first}, but started from chance" in said


def test_a_photo_whose_crop_was_put_back_is_in_its_cluster_again(tiny_lab):
    name, *_ = made(tiny_lab, 3)
    before = tiny_lab.assignments(name)
    photo = before["photo_id"][0]
    (crop,) = tiny_lab.rows("crops", photo_id=photo)
    edges = [crop[f"crop_{edge}"] for edge in ("x0", "y0", "x1", "y1")]
    tiny_lab.correct_crop(photo, Box(3, 3, 90, 60))
    tiny_lab.correct_crop(photo, Box(*edges))
    assert set(tiny_lab.assignments(name)["photo_id"]) == set(before["photo_id"]) - {photo}
    assert made(tiny_lab, 3)[0] == name
    pd.testing.assert_frame_equal(tiny_lab.assignments(name), before)


@pytest.mark.parametrize("other", [{"seed": 5}, {"mode": "scale"}])
def test_another_seed_or_mode_starts_anew(tiny_lab, other):
    first, *_ = made(tiny_lab, 5)
    second, about, _ = made(tiny_lab, 5, **other)
    assert second != first
    assert not about["kept_sigma"]
    assert not about["started_from_it"]
    settings = json.loads(tiny_lab.rows("clusterings", clustering_id=second)[0]["settings"])
    assert {name: settings[name] for name in other} == other


def test_the_clusters_that_were_asked_for_last_judge_new_photos(tiny_lab):
    usual = tiny_lab.usual_clustering()
    # One that has heatmaps: of another one they would be computed, and clustered with the others.
    photo = tiny_lab.read_photo(tiny_lab.assignments(usual)["photo_id"][0])
    before = assess(tiny_lab, photo).verdict
    assert before.p_correct is not None
    other, about, _ = made(tiny_lab, 3)
    assert not about["calibrated"]
    unjudged = assess(tiny_lab, photo)
    assert unjudged.verdict.verdict == "check"
    assert unjudged.verdict.reasons == (OTHER_CLUSTERS.format(score=unjudged.evidence.score),)
    asked = json.loads(tiny_lab.rows("clusterings", clustering_id=usual)[0]["settings"])
    again, about, said = made(tiny_lab, asked["clusters"])
    assert again == usual == tiny_lab.usual_clustering()
    assert about["calibrated"]
    assert "calibrate" not in said
    assert assess(tiny_lab, photo).verdict == before
    back, about, said = made(tiny_lab, 3)
    assert back == other == tiny_lab.usual_clustering()
    assert "verdicts do not follow from these clusters yet: give the command calibrate" in said


def test_damaged_heatmaps_are_left_out_and_their_photos_named(tiny_lab, monkeypatch):
    whole = tiny_lab.heatmaps()
    values = whole.values.copy()
    values[[3, 8]] = np.nan
    monkeypatch.setattr(tiny_lab, "heatmaps", lambda **_: replace(whole, values=values))
    found = cluster_heatmaps(tiny_lab, "top5", 3)
    assert found.left_out == 2
    names = {row["photo_id"]: row["name"] for row in tiny_lab.rows("photos")}
    first, second = (names[whole.photo_ids[place]] for place in (3, 8))
    assert found.note == (
        "2 damaged heatmaps were left out ('top5'), which hold values that are not finite, of "
        f"{first} and {second}: correct the crop of such a photo, and its heatmaps are computed "
        "anew."
    )
    rows = tiny_lab.assignments(found.clustering_id)
    assert len(rows) == len(whole) - 2
    clustered = set(zip(rows["photo_id"], rows["individual"], strict=True))
    damaged = {(whole.photo_ids[place], whole.individuals[place]) for place in (3, 8)}
    assert not damaged & clustered


def test_a_lab_of_nothing_but_damaged_heatmaps_is_told_so(tiny_lab, monkeypatch):
    whole = tiny_lab.heatmaps()
    broken = replace(whole, values=np.full_like(whole.values, np.inf))
    monkeypatch.setattr(tiny_lab, "heatmaps", lambda **_: broken)
    with pytest.raises(TooFewError, match=rf"has 0 heatmaps .* {len(whole)} damaged heatmaps"):
        cluster_heatmaps(tiny_lab, "top5", 3)


def test_heatmaps_without_one_of_the_maps_are_counted_and_left_out(tiny_lab):
    both = OcclusionSettings(16, 8), OcclusionSettings(8, 8)
    explain_photos(tiny_lab, both[1:], limit=12)
    photos = [
        {photo for (photo,) in tiny_lab.scored_heatmaps(["photo_id"], settings=one.key)}
        for one in both
    ]
    found = cluster_heatmaps(tiny_lab, "top5", 3, settings=[one.key for one in both])
    assert found.left_out == 5 * len(photos[0] ^ photos[1]) > 0
    assert found.note.startswith(f"{found.left_out} heatmaps were left out ('top5'), because they")
    (row,) = tiny_lab.rows("clusterings", clustering_id=found.clustering_id)
    assert row["heatmaps"] == 5 * len(photos[0] & photos[1])


def test_the_stability_of_noise_is_kept_and_said_beside_that_of_the_clusters(tiny_lab):
    name, about, said = made(tiny_lab, 3)
    assert about["noise_stability"] == tiny_lab.clustering(name).noise_stability
    assert 0 < about["noise_stability"] <= 1
    assert noise_words(about["stability"], about["noise_stability"]) in said
    lopsided = {**about, "lopsided": "One cluster holds nearly all."}
    assert f"{name}: One cluster holds nearly all." in spoken_clustering(lopsided)
