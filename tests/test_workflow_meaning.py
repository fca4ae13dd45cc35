"""What clusters of the demo lab rest on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import whalecore
from whalecore.types import HeatmapSet
from whalecore.workflow import meaning
from whalecore.workflow.meaning import cluster_meanings


@pytest.fixture(scope="module")
def lab(demo_folder):
    return whalecore.open_lab(demo_folder)


def chosen(photo_ids, values, individual="a"):
    count = len(photo_ids)
    return HeatmapSet(
        "osm",
        "patch=16,stride=8,fill=0,target=probability",
        values,
        ("model",) * count,
        tuple(photo_ids),
        (individual,) * count,
        np.ones(count, int),
        np.ones(count, np.float32),
        np.ones(count, bool),
    )


def grouped(labels, aligned=False):
    projection = SimpleNamespace(aligned=aligned)
    return SimpleNamespace(labels=np.array(labels, np.int32), projection=projection)


def test_evidence_on_the_sea_is_told_from_evidence_on_the_fluke(lab):
    photo_ids = [row["photo_id"] for row in lab.rows("photos")[:10]]
    values = np.zeros((20, 16, 32), np.float16)
    values[:10, 0, 12:20] = 1
    values[10:, 7:9, 8:24] = 1
    sea, fluke = cluster_meanings(
        lab, chosen(photo_ids * 2, values), grouped([1] * 10 + [2] * 10), seed=0
    )
    assert sea.background_share > 0.9
    assert any("beside the fluke" in one for one in sea.warnings)
    assert fluke.background_share < 0.2
    assert fluke.printed_share == 0
    assert not any("beside the fluke" in one for one in fluke.warnings)


def test_blurred_and_new_are_read_from_the_catalogue(lab):
    rows = sorted(
        (row for row in lab.rows("photos") if row["sharpness"] is not None),
        key=lambda row: row["sharpness"],
    )
    dull, sharp = rows[:10], rows[-30:]
    values = np.ones((40, 4, 8), np.float16)
    heatmaps = chosen([row["photo_id"] for row in dull + sharp], values)
    first, second = cluster_meanings(lab, heatmaps, grouped([1] * 10 + [2] * 30))
    assert first.blurred_share == 1
    assert any("blurred" in one for one in first.warnings)
    assert second.blurred_share == 0
    assert first.new_share == pytest.approx(np.mean([row["individual"] is None for row in dull]))


def test_a_whale_that_the_model_never_learned_is_new(lab):
    (model,) = lab.rows("models")
    rows = [row for row in lab.rows("photos") if row["catalogue_individual"]]
    learned = set(model["individuals"])
    known = [row["photo_id"] for row in rows if row["catalogue_individual"] in learned][:6]
    new = [row["photo_id"] for row in rows if row["catalogue_individual"] not in learned][:4]
    values = np.ones((10, 4, 8), np.float16)
    heatmaps = replace(chosen(known + new, values), model_ids=(model["model_id"],) * 10)
    (found,) = cluster_meanings(lab, heatmaps, grouped([1] * 10))
    assert found.new_share == pytest.approx(0.4)


def test_purity_by_photo_follows_the_catalogue(lab):
    rows = [row for row in lab.rows("photos") if row["catalogue_individual"]]
    first = [row for row in rows if row["catalogue_individual"] == rows[0]["catalogue_individual"]]
    other = next(row for row in rows if row not in first)
    chosen_rows = [*first[:2], other]
    values = np.zeros((3, 4, 10), np.float16)
    values[:, 2, 9] = 1
    heatmaps = chosen([row["photo_id"] for row in chosen_rows], values, individual="somebody")
    (found,) = cluster_meanings(lab, heatmaps, grouped([1] * 3, aligned=True))
    assert (found.purity, found.individual) == (1, "somebody")
    assert found.photo_purity == pytest.approx(2 / 3)
    assert found.photo_individual == rows[0]["catalogue_individual"]
    assert found.part_shares["left tip"] == 1


def test_only_a_sample_of_each_cluster_is_looked_at_and_the_seed_chooses_it(lab, monkeypatch):
    photo_ids = [row["photo_id"] for row in lab.rows("photos")[:9]]
    looked_at = []

    def look(_lab, row, shape):
        looked_at.append(row["photo_id"])
        return np.zeros((2, *shape), np.float32)

    monkeypatch.setattr(meaning, "_masks", look)
    monkeypatch.setattr(meaning, "LOOKED_AT", 2)
    heatmaps = chosen(photo_ids, np.ones((9, 4, 8), np.float16))
    drawn = []
    for seed in (0, 0, 1, 2, 3):
        looked_at.clear()
        cluster_meanings(lab, heatmaps, grouped([1] * 6 + [2] + [3] * 2), seed)
        assert len(looked_at) == 5
        drawn.append(tuple(looked_at))
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1


def test_photos_that_cannot_be_read_are_passed_over(lab, monkeypatch):
    photo_ids = ["0" * 16, "1" * 16]
    (found,) = cluster_meanings(
        lab, chosen(photo_ids, np.ones((2, 4, 8), np.float16)), grouped([1, 1])
    )
    assert np.isnan(found.background_share)
    assert found.heatmaps == 2


def test_a_strip_counts_only_where_the_crop_shows_it():
    from whalecore.workflow.meaning import _cells

    text = np.zeros((8, 8), bool)
    text[4:] = True
    np.testing.assert_allclose(_cells(text, (2, 2)), [[0, 0], [1, 1]])
    np.testing.assert_allclose(_cells(text, (2, 2), (0, 0, 8, 4)), 0)
    np.testing.assert_allclose(_cells(text, (2, 2), (0, 3, 8, 7)), [[0.5, 0.5], [1, 1]])
