"""Shares of a cluster's photos, heatmaps far from its mean, and which heatmap is which dot."""

import numpy as np
import pytest

from tests import lab_rows as row
from whalecore.errors import LabError
from whalecore.lab import create_lab, open_lab
from whalecore.lab.cluster_photos import photo_shares
from whalecore.lab.flat_maps import keep_arranged_map, lab_map, map_path


@pytest.fixture
def lab(tmp_path):
    """Ten photos p0..p9, sharper from one to the next; even ones in cluster 1, odd ones in 2."""
    lab = create_lab(tmp_path / "lab", "Test", tmp_path)
    photos = [f"p{place}" for place in range(10)]
    lab.write("catalogue", [row.photo(name, None if name < "p4" else "a") for name in photos])
    lab.write(
        "crops",
        [
            row.crop(
                name,
                "whole" if name == "p9" else "detector",
                sharpness=place / 10,
                exposure=0.5,
                contrast=0.5,
                resolution=1.0,
            )
            for place, name in enumerate(photos)
        ],
    )
    lab.write("models", [row.model("m")])
    scores = [0.5, 0.5, 0.5, 0.5, 0.5, 0.9, 0.5, 0.5, 0.3, 0.5]
    lab.write(
        "scores",
        [row.score(name, 1, "a", value) for name, value in zip(photos, scores, strict=True)],
    )
    lab.write("clusterings", [row.clustering("c")])
    lab.write(
        "assignments",
        [row.assignment(name, "a", 1 + place % 2) for place, name in enumerate(photos)],
    )
    return lab


def test_new_whales_and_quality_problems_are_counted_per_cluster(lab):
    found = photo_shares(lab, "c")
    assert found["cluster"].tolist() == [1, 2]
    # p0 and p2, p1 and p3 have no individual.
    assert found["new_share"].tolist() == [0.4, 0.4]
    # p0 is the least sharp, no fluke was found on p9.
    assert found["problem_share"].tolist() == [0.2, 0.2]


def test_a_whale_that_the_model_never_learned_is_new_to_it(lab):
    lab.write("catalogue", [row.photo("p9", "held out whole"), row.photo("p7", "b")])
    # p1 and p3 have no individual, p9 has one that the model does not know.
    assert photo_shares(lab, "c")["new_share"].tolist() == [0.4, 0.6]


def test_heatmaps_far_from_the_mean_score_come_first_with_their_distance(lab):
    members = lab.cluster_members("c", 1, order="far")
    # Scores .5 .5 .5 .5 .3: mean .46, standard deviation .08.
    assert members["photo_id"].iloc[0] == "p8"
    np.testing.assert_allclose(members["z"], [-2, 0.5, 0.5, 0.5, 0.5])
    assert lab.cluster_members("c", 1)["photo_id"].tolist() == ["p0", "p2", "p4", "p6", "p8"]
    with pytest.raises(LabError, match="'nearest' of heatmaps is unknown"):
        lab.cluster_members("c", 1, order="nearest")


def test_scores_that_are_all_the_same_have_no_distance_from_the_mean(lab):
    lab.write("scores", [row.score(f"p{place}", 1, "a", 0.5) for place in range(10)])
    assert lab.cluster_members("c", 2, order="far")["z"].isna().all()


def test_each_dot_of_the_map_is_the_heatmap_that_it_is_taken_for(demo_folder):
    lab = open_lab(demo_folder)
    clustering_id = lab.newest_clustering(ranks="top5")
    found, clustering = lab_map(lab, clustering_id), lab.clustering(clustering_id)
    assert found.clustered == len(found.heatmaps) == len(clustering.labels)
    first = clustering.points[:, 0]
    for place in (0, 700, 1549):
        one = found.heatmaps.iloc[place]
        key = [one[name] for name in ("model_id", "photo_id", "individual", "method", "settings")]
        values = lab.heatmap(*key).values[None]
        (point,) = clustering.projection.points(values)
        wanted = (point[0] - first.min()) / np.ptp(first)
        assert one["x"] == pytest.approx(wanted, abs=0.01)
        assert (
            one["cluster"]
            == lab.rows(
                "assignments",
                clustering_id=clustering_id,
                **{"photo_id": one["photo_id"], "individual": one["individual"]},
            )[0]["cluster"]
        )


def test_a_lab_whose_heatmaps_are_not_those_that_were_clustered_has_no_map(demo_copy):
    lab = open_lab(demo_copy)
    clustering_id = lab.newest_clustering(ranks="top5")
    (one, *_) = lab.rows("assignments", clustering_id=clustering_id)
    lab.write("assignments", [{**one, "cluster": one["cluster"] % 20 + 1}])
    with pytest.raises(LabError, match="changed since it was made"):
        lab_map(lab, clustering_id)


@pytest.mark.slow
def test_an_arranged_map_is_kept_and_shown_from_then_on(demo_copy):
    lab = open_lab(demo_copy)
    clustering_id = lab.newest_clustering(ranks="correct")
    before = lab_map(lab, clustering_id)
    keep_arranged_map(lab, clustering_id)
    after = lab_map(lab, clustering_id)
    assert (before.arranged, after.arranged) == (False, True)
    assert (after.heatmaps["photo_id"] == before.heatmaps["photo_id"]).all()
    assert (after.heatmaps["x"] != before.heatmaps["x"]).any()
    map_path(lab, clustering_id).write_bytes(b"damaged")
    assert not lab_map(lab, clustering_id).arranged
