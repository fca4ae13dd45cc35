"""The choice between exact and fast maps on the page Heatmaps, on the demo lab."""

import pytest

from tests.pages.test_pages import assert_calm, opened

pytestmark = pytest.mark.slow


def test_where_every_place_would_be_computed_fast_maps_cannot_be_chosen(demo_folder):
    at = opened("heatmaps", demo_folder, patch="16", stride="8", speed="fast")
    assert_calm(at)
    choice = at.radio(key="heatmaps_speed")
    assert choice.disabled
    assert choice.value == "exact"
    assert choice.options == ["exact", "fast"]
    assert "At stride 8 a fast map would compute every place too" in choice.help


@pytest.mark.parametrize(("stride", "r"), [(4, "0.97"), (2, "0.99")])
def test_where_places_can_be_left_out_fast_maps_say_how_exact_they_shall_be(demo_copy, stride, r):
    at = opened("heatmaps", demo_copy, patch="16", stride=str(stride), speed="fast")
    assert_calm(at)
    choice = at.radio(key="heatmaps_speed")
    assert not choice.disabled
    assert choice.value == "fast"
    assert choice.options == ["exact", f"fast (estimated, about r = {r})"]
    assert "would compute every place too" not in choice.help
