"""Where a map may be fast: only there is it offered."""

import pytest

from whalecore.explain.estimate import leaves_positions
from whalecore.heatmap_words import nothing_saved
from whalecore.types import OcclusionSettings, settings_from_key


@pytest.mark.parametrize("stride", range(1, 13))
def test_fast_maps_save_where_the_estimate_leaves_positions_out(stride):
    settings = OcclusionSettings(patch=16, stride=stride, accuracy=0.97)
    assert settings.saves == leaves_positions(stride)
    assert (settings.fast is not None) == leaves_positions(stride)


def test_an_exact_map_saves_nothing():
    assert not OcclusionSettings(patch=5, stride=1).saves


def test_the_wanted_accuracy_of_a_fast_map_is_less_where_few_places_can_be_left_out():
    accuracies = [OcclusionSettings(16, stride).fast.accuracy for stride in (1, 2, 3, 4)]
    assert accuracies == [0.99, 0.99, 0.97, 0.97]
    assert OcclusionSettings(16, 5).fast is None


def test_a_fast_map_is_of_the_same_places():
    exact = OcclusionSettings(patch=9, stride=3, fill=1.0, target="logit")
    assert exact.fast == OcclusionSettings(9, 3, 1.0, "logit", accuracy=0.97)


@pytest.mark.parametrize("fill", [0.0, -0.5, 1 / 3, 1e-9, 12345.678])
@pytest.mark.parametrize("accuracy", [1.0, 0.97, 0.97000001, 0.9999999])
def test_settings_are_read_again_from_their_key_to_the_last_digit(fill, accuracy):
    settings = OcclusionSettings(5, 1, fill, "logit", accuracy)
    assert settings_from_key(settings.key) == settings


def test_usual_settings_have_the_keys_that_labs_hold():
    assert OcclusionSettings(16, 8).key == "patch=16,stride=8,fill=0,target=probability"
    fast = OcclusionSettings(5, 1, fill=0.5, accuracy=0.97)
    assert fast.key == "patch=5,stride=1,fill=0.5,target=probability,accuracy=0.97"


def test_why_nothing_is_saved_is_said_in_one_sentence():
    assert nothing_saved(8) == (
        "At stride 8 a fast map would compute every place too: only at strides of at most 4 pixels "
        "can places be left out."
    )
