"""Maps that are watched while they grow: better on the way, the same at the end."""

import numpy as np
import pytest

from tests.residual import LinearIdentifier, positions_taken, random_photos, residual_identifier
from whalecore.explain.occlusion import finished_maps, growing_maps
from whalecore.types import Computing, OcclusionSettings

EXACT = Computing(engine="exact")
NAMES = ("w0", "w1", "w2")
SETTINGS = OcclusionSettings(patch=5, stride=2, fill=3.0)


@pytest.fixture(scope="module")
def identifier():
    return residual_identifier(height=128, width=256)


@pytest.fixture(scope="module")
def photo():
    return random_photos(1, 128, 256, seed=5)[0]


@pytest.fixture(scope="module")
def grown(identifier, photo):
    return list(growing_maps(identifier, photo, NAMES, SETTINGS, EXACT, guided=True))


@pytest.fixture(scope="module")
def exact(identifier, photo):
    return finished_maps(identifier, photo, NAMES, SETTINGS, EXACT)


def test_watched_maps_end_as_those_that_nobody_watched(grown, exact):
    assert grown[-1].complete
    np.testing.assert_array_equal(grown[-1].values, exact.values)


def test_a_linearised_map_brings_coarse_maps_nearer_to_the_finished_ones(
    identifier, photo, grown, exact
):
    def likeness(maps):
        return np.corrcoef(maps.values.ravel(), exact.values.ravel())[0, 1]

    plain = list(growing_maps(identifier, photo, NAMES, SETTINGS, EXACT))
    counts = [int(maps.computed.sum()) for maps in grown]
    first, guided = grown[:2]
    assert counts[0] == counts[1]
    np.testing.assert_array_equal(first.values, plain[0].values)
    assert likeness(guided) > likeness(first)
    by_count = {int(maps.computed.sum()): likeness(maps) for maps in plain}
    second = next(maps for maps in grown if maps.computed.sum() > counts[0])
    assert likeness(second) > by_count[int(second.computed.sum())]


def test_what_is_computed_is_shown_as_it_was_computed(grown, exact):
    for maps in grown:
        np.testing.assert_allclose(
            maps.values[:, maps.computed], exact.values[:, maps.computed], atol=1e-6
        )


def test_maps_that_were_stopped_go_on_without_computing_a_place_twice(
    identifier, photo, grown, exact, monkeypatch
):
    taken = positions_taken(monkeypatch)
    start = grown[1]
    *_, resumed = growing_maps(identifier, photo, NAMES, SETTINGS, EXACT, start=start, guided=True)
    assert sum(taken) == exact.computed.size - start.computed.sum()
    np.testing.assert_allclose(resumed.values, exact.values, atol=1e-6)


def test_brute_force_grows_without_a_linearised_map():
    identifier, photo = LinearIdentifier(40, 70), random_photos(1, 40, 70)[0]
    settings = OcclusionSettings(5, 2, target="logit")
    watched, alone = (
        list(growing_maps(identifier, photo, NAMES, settings, guided=guided))
        for guided in (True, False)
    )
    assert len(watched) == len(alone)
    for one, other in zip(watched, alone, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
