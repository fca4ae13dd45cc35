"""The page Heatmaps with several heatmaps beside each other, on the demo lab."""

import pytest

from tests.pages.test_pages import assert_calm, opened, shown, value_of
from whalecore.lab import open_lab

pytestmark = pytest.mark.slow
USUAL = "patch=16,stride=8,fill=0,target=probability"


def test_five_candidates_are_shown_beside_each_other(demo_folder):
    at = opened("heatmaps", demo_folder, look="five")
    assert_calm(at)
    assert at.selectbox(key="heatmaps_left").value == USUAL
    assert "One colour scale for all" in shown(at)


def test_two_heatmaps_are_compared_and_the_address_names_both(demo_folder):
    lab = open_lab(demo_folder)
    photo_id = sorted(lab.computed_keys("heatmaps", ["photo_id"]))[0][0]
    first, second = lab.scores(photo_id=photo_id)["individual"][:2]
    at = opened("heatmaps", demo_folder, look="compare", photo=photo_id, right=USUAL)
    assert_calm(at)
    assert at.selectbox(key="heatmaps_rival").value == first
    assert "correlate with r = 1.00" in shown(at)
    at.selectbox(key="heatmaps_rival").set_value(second).run()
    assert_calm(at)
    assert value_of(at, "rival") == second
    assert "divided by its own strongest value" in shown(at)
    assert "r = 1.00" not in shown(at)


def test_a_kind_that_is_not_computed_is_said_and_can_be_computed(demo_copy):
    at = opened("heatmaps", demo_copy, look="compare", right="layer=layer2")
    assert_calm(at)
    assert "not computed yet: Grad-CAM, layer2" in shown(at)
    at.button(key="compare_layer=layer2").click().run()
    assert_calm(at)
    assert "correlate with" in shown(at)


def test_occlusion_settings_that_the_photo_lacks_show_the_usual_ones(demo_folder):
    other = "patch=5,stride=1,fill=0,target=logit"
    at = opened("heatmaps", demo_folder, look="five", left=other)
    assert_calm(at)
    assert "There is no such heatmap of this photo yet" in shown(at).replace("\\", "")
    assert value_of(at, "left") == USUAL


def test_an_unknown_rival_in_the_address_is_replaced_by_the_candidate(demo_folder):
    at = opened("heatmaps", demo_folder, look="compare", rival="<b>nobody")
    assert_calm(at)
    assert value_of(at, "rival") == value_of(at, "individual")
