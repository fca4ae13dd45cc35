"""Fast maps: what they compute, what they claim, and when they give up being fast."""

from dataclasses import replace

import numpy as np
import pytest

from tests.residual import LinearIdentifier, positions_taken, random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain import estimate
from whalecore.explain.occlusion import finished_maps, growing_maps
from whalecore.explain.phases import map_grid
from whalecore.types import Computing, OcclusionSettings

EXACT = Computing(engine="exact")
NAMES = ("w0", "w1", "w2")
FINE = OcclusionSettings(patch=5, stride=1, fill=3.0)


@pytest.fixture(scope="module")
def identifier():
    return residual_identifier(height=64, width=128)


@pytest.fixture(scope="module")
def photo():
    return random_photos(1, 64, 128, seed=5)[0]


@pytest.fixture(scope="module")
def exact(identifier, photo):
    return finished_maps(identifier, photo, NAMES, FINE, EXACT)


def test_a_fast_map_computes_a_part_and_says_how_good_it_is(identifier, photo, exact):
    fast = finished_maps(identifier, photo, NAMES, replace(FINE, accuracy=0.5), EXACT)
    assert fast.computed.mean() < 0.05
    assert not fast.complete
    np.testing.assert_allclose(
        fast.values[:, fast.computed], exact.values[:, fast.computed], atol=1e-6
    )
    for one, true, claimed in zip(fast.values, exact.values, fast.correlation, strict=True):
        assert claimed >= 0.5
        # 128 of 8,192 rough positions: what is missing to 1 is known to a factor.
        missing = 1 - np.corrcoef(one.ravel(), true.ravel())[0, 1]
        assert missing / 2.5 < 1 - claimed < 2.5 * missing
    errors = np.abs(fast.values - exact.values).max(axis=(1, 2))
    assert (errors >= np.array(fast.deviation) - 1e-6).all()


def test_the_grid_is_refined_until_the_wanted_accuracy_is_measured(identifier, photo):
    shares = []
    for accuracy in (0.5, 0.9, 0.999999):
        maps = finished_maps(identifier, photo, NAMES, replace(FINE, accuracy=accuracy), EXACT)
        assert maps.complete or min(maps.correlation) >= accuracy
        shares.append(maps.computed.mean())
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_map_that_had_to_be_computed_completely_is_exact_and_estimates_nothing(
    identifier, photo, exact
):
    maps = finished_maps(identifier, photo, NAMES, replace(FINE, accuracy=0.999999), EXACT)
    assert maps.correlation is None
    assert maps.deviation is None
    np.testing.assert_allclose(maps.values, exact.values, atol=1e-6)


def test_the_linearised_maps_make_the_estimate_better(identifier, photo, exact, monkeypatch):
    def correlation():
        settings = replace(FINE, accuracy=0.5)
        growing = growing_maps(identifier, photo, NAMES, settings, EXACT)
        maps = next(maps for maps in growing if maps.correlation)
        return np.corrcoef(maps.values[0].ravel(), exact.values[0].ravel())[0, 1]

    helped = correlation()
    monkeypatch.setattr(estimate, "RUNGS", (estimate.Rung((8, 8), ()),))
    assert helped > correlation()


def test_the_same_photo_gives_the_same_fast_map(identifier, photo):
    one, other = (
        finished_maps(identifier, photo, NAMES, replace(FINE, accuracy=0.5), EXACT)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.values, other.values)
    assert one.correlation == other.correlation


def test_a_stopped_fast_map_goes_on_to_the_same_end(identifier, photo):
    settings = replace(FINE, accuracy=0.5)
    whole = finished_maps(identifier, photo, NAMES, settings, EXACT)
    stopped = next(growing_maps(identifier, photo, NAMES, settings, EXACT))
    assert stopped.correlation is None
    resumed = finished_maps(identifier, photo, NAMES, settings, EXACT, start=stopped)
    np.testing.assert_array_equal(resumed.computed, whole.computed)
    np.testing.assert_allclose(resumed.values, whole.values, atol=1e-5)


@pytest.mark.parametrize("target", ["probability", "logit"])
def test_estimates_of_probabilities_stay_probabilities(identifier, photo, target):
    settings = replace(FINE, accuracy=0.5, target=target)
    maps = finished_maps(identifier, photo, NAMES, settings, EXACT)
    assert np.isfinite(maps.values).all()
    if target == "probability":
        clean = identifier.scores(identifier.logits(photo[None]))[0].numpy()
        left = clean[:, None, None] - maps.values
        assert left.min() >= -1e-6
        assert left.max() <= 1 + 1e-6


def test_a_rung_computes_no_position_again_that_an_earlier_one_has(identifier, photo, monkeypatch):
    taken = positions_taken(monkeypatch)
    settings = replace(FINE, accuracy=0.999)
    maps = finished_maps(identifier, photo, NAMES, settings, EXACT)
    assert sum(taken) == maps.computed.sum()


def test_the_error_is_measured_off_the_grid_and_beside_it_in_several_ways(identifier, photo):
    settings = replace(FINE, accuracy=0.5)
    fast = finished_maps(identifier, photo, NAMES, settings, EXACT)
    grid = map_grid(*fast.values.shape[1:], settings.stride)
    on_grid = grid.known_at(grid.levels - 4)
    rows, cols = np.nonzero(fast.computed & ~on_grid)
    assert len(rows) >= estimate.SAMPLE
    assert len(set(zip(rows % 32, cols % 32, strict=True))) >= estimate.OFFSETS


def test_maps_of_coarse_strides_have_no_position_to_estimate(identifier, photo):
    for stride in (1, 3, 4, 5, 8, 9):
        settings = OcclusionSettings(patch=9, stride=stride, fill=3.0, accuracy=0.5)
        maps = finished_maps(identifier, photo, NAMES, settings, EXACT)
        assert maps.complete != estimate.leaves_positions(stride)


def test_brute_force_makes_fast_maps_without_linearised_ones():
    identifier = LinearIdentifier(40, 70)
    settings = OcclusionSettings(5, 1, target="logit", accuracy=0.5)
    maps = finished_maps(identifier, random_photos(1, 40, 70)[0], NAMES, settings)
    assert maps.engine == "reference"
    assert not maps.complete
    assert min(maps.correlation) >= 0.5


def test_errors_judged_on_every_position_are_the_true_ones():
    rng = np.random.default_rng(0)
    exact = rng.normal(size=(2, 9, 11))
    guess = exact + rng.normal(size=exact.shape)
    everywhere = np.ones(exact.shape[1:], dtype=bool)
    correlations, deviations = estimate._errors(exact, guess, everywhere, everywhere)
    for one, other, correlation, deviation in zip(
        exact, guess, correlations, deviations, strict=True
    ):
        assert correlation == pytest.approx(np.corrcoef(one.ravel(), other.ravel())[0, 1], abs=0.02)
        assert deviation == np.abs(one - other).max()


def test_a_correlation_is_claimed_only_between_minus_one_and_one():
    # Peaks that a sample misses, or hits alone, must not make a map look better than it can be.
    rng = np.random.default_rng(1)
    for _ in range(300):
        exact = rng.standard_cauchy(size=(1, 16, 32))
        guess = exact * rng.uniform(-2, 2) + rng.standard_cauchy(size=exact.shape)
        sample = rng.random(exact.shape[1:]) < 0.1
        (correlation,), _ = estimate._errors(exact, guess, sample, np.ones_like(sample))
        assert -1 <= correlation <= 1


def test_positions_without_error_count_for_the_claim():
    rng = np.random.default_rng(3)
    exact = rng.normal(size=(1, 64, 64))
    guess = exact + rng.normal(size=exact.shape)
    known = np.zeros((64, 64), bool)
    known[::2] = True
    guess[:, known] = exact[:, known]
    (claimed,), _ = estimate._errors(exact, guess, ~known, ~known)
    assert claimed == pytest.approx(np.corrcoef(exact.ravel(), guess.ravel())[0, 1], abs=0.02)


def test_a_flat_estimate_of_a_map_that_is_not_flat_is_worth_nothing():
    exact = np.random.default_rng(0).normal(size=(1, 8, 8))
    everywhere = np.ones((8, 8), dtype=bool)
    assert estimate._errors(exact, np.zeros_like(exact), everywhere, everywhere)[0] == (0.0,)
    assert estimate._errors(exact * 0, np.zeros_like(exact), everywhere, everywhere)[0] == (1.0,)


def test_the_claim_is_right_on_the_average_of_many_samples():
    rng = np.random.default_rng(2)
    exact = rng.normal(size=(1, 64, 64))
    guess = 0.9 * exact + 0.3 * rng.normal(size=exact.shape)
    true = np.corrcoef(exact.ravel(), guess.ravel())[0, 1]
    everywhere = np.ones((64, 64), bool)
    samples = [rng.random((64, 64)) < 128 / 64**2 for _ in range(400)]
    claims = [estimate._errors(exact, guess, sample, everywhere)[0][0] for sample in samples]
    assert np.mean(claims) == pytest.approx(true, abs=0.005)


def test_a_fast_map_of_lower_precision_says_how_far_that_alone_is_off(identifier, photo, exact):
    settings = replace(FINE, accuracy=0.999999)
    rough = finished_maps(identifier, photo, NAMES, settings, Computing("exact", "bfloat16"))
    assert rough.complete
    assert min(rough.deviation) > 0
    errors = np.abs(rough.values - exact.values).max(axis=(1, 2))
    assert (errors >= np.array(rough.deviation) - 1e-6).all()


def test_a_photo_in_which_nothing_is_left_of_a_score_goes_on_from_stored_values(identifier, photo):
    settings = replace(FINE, accuracy=0.5)
    whole = finished_maps(identifier, photo, NAMES, settings, EXACT)
    stopped = next(growing_maps(identifier, photo, NAMES, settings, EXACT))
    rounded = replace(stopped, values=stopped.values.astype(np.float16).astype(np.float32))
    resumed = finished_maps(identifier, photo, NAMES, settings, EXACT, start=rounded)
    spread = np.ptp(whole.values, axis=(1, 2), keepdims=True)
    assert (np.abs(resumed.values - whole.values) < 0.01 * spread).all()


def test_an_accuracy_that_is_none_is_refused_in_one_sentence():
    for accuracy in (0.2, 1.5, float("nan")):
        with pytest.raises(SettingsError, match="a correlation with the exact map"):
            OcclusionSettings(accuracy=accuracy)
