"""What is said about one photo, where it must differ from what the rules alone would say."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from whalecore.lab import open_lab
from whalecore.lab.assess import LEARNED, NOTHING_ALIKE, SAME_SCORE
from whalecore.photos.decode import load_photo
from whalecore.reliability.rules import Rules
from whalecore.reliability.verdict import probabilities

FAR = 0.05
"""Difference of two probabilities that no rounding explains."""


def chosen_with(lab):
    """A validation photo that the rules, fitted with it, judge otherwise than those without."""
    found = lab.rows("verdicts", part="validation", clustering_id=lab.usual_clustering())
    for row in found:
        if row["correct"] is None:
            continue
        rules = Rules.from_dict(lab.rules(row["model_id"], row["clustering_id"]))
        assessed = lab.assess(lab.read_photo(row["photo_id"]))
        within = float(probabilities([assessed.evidence], rules)[0][0])
        if not assessed.evidence.unlike and abs(within - row["p_correct"]) > FAR:
            return row, assessed, within
    raise LookupError("no photo of the demo lab is judged otherwise by rules that know it")


def test_a_photo_that_chose_the_rules_is_judged_by_rules_without_it(demo_copy):
    row, assessed, within = chosen_with(open_lab(demo_copy))
    assert abs(assessed.evidence.score - row["score"]) < SAME_SCORE
    assert assessed.verdict.p_correct == pytest.approx(row["p_correct"], abs=1e-6)
    assert assessed.verdict.p_correct != pytest.approx(within, abs=FAR)


def test_its_cluster_is_counted_without_it(demo_copy):
    lab = open_lab(demo_copy)
    row, assessed, _ = chosen_with(lab)
    rules = lab.rules(row["model_id"], row["clustering_id"])
    right, photos = rules["clusters"]["counts"][str(row["cluster"])]
    assert assessed.evidence.cluster_heatmaps == photos - 1
    assert assessed.evidence.share_correct * (photos - 1) == pytest.approx(right - row["correct"])


def test_a_copy_of_a_photo_that_taught_the_model_is_not_judged(demo_copy):
    lab = open_lab(demo_copy)
    photo_id = min(lab.learned(lab.newest_model_id()))
    copy = io.BytesIO()
    Image.open(lab.photo_path(photo_id)).convert("RGB").save(copy, "JPEG", quality=60)
    found = lab.assess(load_photo(copy.getvalue(), name="copy.jpg"))
    assert found.photo.photo_id != photo_id
    assert (found.verdict.p_correct, found.answers) == (None, None)
    assert found.verdict.reasons == (LEARNED.format(score=found.evidence.score),)


def test_a_picture_without_a_fluke_gets_no_probability(demo_copy):
    black = io.BytesIO()
    Image.fromarray(np.zeros((400, 600, 3), np.uint8)).save(black, "PNG")
    found = open_lab(demo_copy).assess(load_photo(black.getvalue(), name="black.png"))
    assert found.verdict.verdict == "retake"
    assert (found.verdict.p_correct, found.verdict.p_new_whale, found.answers) == (None,) * 3
    assert found.verdict.reasons[-1] == NOTHING_ALIKE.format(score=found.evidence.score)
