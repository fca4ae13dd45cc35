"""Sentences about a whole clustering: each number in them can be checked by hand."""

import pytest

from whalecore import clustering_words as words
from whalecore.plain_words import SPACE
from whalecore.types import HeatmapPart, Representation


def test_stability_stands_beside_that_of_noise_and_clusters_that_hold_no_better_are_told():
    better = words.noise_words(0.62, 0.47).replace(SPACE, " ")
    assert better == (
        "In all, 62 % of the pairs stay together; in as many clusters of noise, which holds no "
        "kinds at all, 47 %."
    )
    for noise in (0.62, 0.9):
        assert "do not take them for kinds of heatmaps" in words.noise_words(0.62, noise)
    assert "Cluster the heatmaps again" in words.noise_words(0.62, None)
    assert "too few heatmaps" in words.noise_words(float("nan"), 0.5)


def test_one_cluster_of_nearly_everything_beside_single_heatmaps_is_warned_of():
    assert words.lopsided_words([1, 95, 1, 3]).startswith(
        "One cluster holds 95 of 100 heatmaps, and most others fewer than 10"
    )
    assert words.lopsided_words([1, 89, 1, 9]) == ""
    # A tenth of many heatmaps may well be a kind.
    assert words.lopsided_words([900, 100]) == ""
    assert words.lopsided_words([100]) == words.lopsided_words([]) == ""


@pytest.mark.parametrize(
    ("mode", "heatmaps", "part"),
    [
        ("exact", 500, "every other one, as in the paper"),
        ("scale", 10_000, "every other one, by their first 128 principal components alone"),
        ("scale", 10_001, "A random sample of 10,000 heatmaps was compared with each other"),
        (None, 500, "again"),
        ("new", 500, "'new'"),
    ],
)
def test_the_mode_is_said_in_plain_words(mode, heatmaps, part):
    assert part in words.mode_words(mode, heatmaps)


def test_fewer_clusters_than_asked_for_are_said_with_their_reason():
    assert words.number_words(30, 20, 200) == (
        "20 clusters were made instead of 30: 30 clusters of 10 heatmaps each on average need 300 "
        "heatmaps, and there are 200."
    )
    assert "no more of the heatmaps differ" in words.number_words(8, 3, 80)
    assert words.number_words(30, 30, 300) == words.number_words(None, 20, 200) == ""


def test_a_number_that_was_looked_for_is_said_with_the_eigenvalues_that_decided():
    alone = words.number_words("auto", 6, 240)
    assert alone == (
        "The number was looked for: the largest step after 2 to 24 eigenvalues decided."
    )
    assert "landmarks" in words.number_words("auto", 6, 1300, by_landmarks=True)


def test_the_largest_steps_are_counted_without_the_first_one():
    values = [0.0, 0.5, 0.6, 0.9, 0.95, 1.15]
    assert words.gap_words(values, 4) == (
        "The largest steps lie after 3, 5 and 2 eigenvalues; 4 clusters were chosen, where the "
        "step is number 4 of 4 in size."
    )
    assert words.gap_words(values, 30).endswith("30 clusters were chosen.")
    assert words.gap_words([0.0, 0.5], 2) == "2 clusters were chosen."


def test_what_was_compared_is_said():
    osm = HeatmapPart("osm", "patch=16,stride=8,fill=0,target=probability")
    cam = HeatmapPart("gradcam", "layer=layer4")
    assert words.representation_words(Representation((osm,))) == (
        "Compared were occlusion sensitivity maps (patch 16, stride 8), each scaled from 0 at its "
        "lowest value to 1 at its highest, so that places that speak against the individual count "
        "as less than those without influence."
    )
    both = words.representation_words(Representation((osm, cam), signed=True, aligned=True))
    assert "and Grad-CAM (layer4) together, support and evidence against the individual" in both
    assert "mirrored first" in both


def test_of_several_maps_the_first_is_named_as_the_one_that_is_shown():
    osm = HeatmapPart("osm", "patch=16,stride=8,fill=0,target=probability")
    cam = HeatmapPart("gradcam", "layer=layer4")
    assert words.first_part_words(Representation((osm,))) == ""
    assert words.first_part_words(Representation((cam, osm))).endswith("alone: Grad-CAM (layer4).")
