"""The choice between exact and fast maps on the page Heatmaps, on the demo lab."""

from dataclasses import replace

import pytest

from tests.pages.test_pages import assert_calm, opened
from whalecore.lab import open_lab
from whalecore.lab.tables import TABLES

pytestmark = pytest.mark.slow


def test_where_every_place_would_be_computed_fast_maps_cannot_be_chosen(demo_folder):
    at = opened("heatmaps", demo_folder, patch="16", stride="8", speed="fast")
    assert_calm(at)
    choice = at.radio(key="heatmaps_speed")
    assert choice.disabled
    assert choice.value == "exact"
    assert choice.options == ["exact", "fast"]
    assert "At stride 8 a fast map would compute every place too" in choice.help


def test_maps_of_score_and_logit_with_one_patch_can_both_be_chosen_the_score_s_first(demo_copy):
    lab = open_lab(demo_copy)
    photo_id = lab.rows("heatmaps", method="osm", rank=1)[0]["photo_id"]
    usual = lab.usual_occlusion()
    logit = replace(usual, target="logit")
    rows = lab.rows("heatmaps", photo_id=photo_id, settings=usual.key)
    columns = [column.name for column in TABLES["heatmaps"].columns]
    lab.write("heatmaps", [
        {name: row[name] for name in columns if name in row} | {"settings": logit.key}
        for row in rows
    ])  # fmt: skip
    at = opened("heatmaps", demo_copy, photo=photo_id)
    choice = at.selectbox(key="heatmaps_occlusion")
    assert choice.value == usual
    at = choice.set_value(logit).run()
    assert_calm(at)
    assert at.selectbox(key="heatmaps_occlusion").value == logit
    at = opened("heatmaps", demo_copy, photo=photo_id, target="logit")
    assert at.selectbox(key="heatmaps_occlusion").value == logit


@pytest.mark.parametrize(("stride", "r"), [(4, "0.97"), (2, "0.99")])
def test_where_places_can_be_left_out_fast_maps_say_how_exact_they_shall_be(demo_copy, stride, r):
    at = opened("heatmaps", demo_copy, patch="16", stride=str(stride), speed="fast")
    assert_calm(at)
    choice = at.radio(key="heatmaps_speed")
    assert not choice.disabled
    assert choice.value == "fast"
    assert choice.options == ["exact", f"fast (estimated, about r = {r})"]
    assert "would compute every place too" not in choice.help
