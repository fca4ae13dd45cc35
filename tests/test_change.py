"""Evidence on the tips, and individuals whose tips look alike."""

import numpy as np
import pytest
import torch

from tests.residual import random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain.changing import embeddings_of_parts, only
from whalecore.reliability.change import (
    SimilarIndividual,
    changing_mask,
    changing_share,
    shares_of_parts,
    similar_individuals,
)


def test_the_changing_parts_are_the_outer_fifth_on_each_side():
    mask = changing_mask(3, 10)
    np.testing.assert_array_equal(np.flatnonzero(mask.all(axis=0)), [0, 1, 8, 9])
    np.testing.assert_array_equal(np.flatnonzero(mask.any(axis=0)), [0, 1, 8, 9])


def test_the_share_on_the_tips_is_that_of_the_positive_values():
    tips, middle, mixed, none, even = np.zeros((5, 2, 10))
    tips[0, 0], tips[1, 9] = 2, 3
    middle[0, 5] = 1
    mixed[0, 1], mixed[0, 4], mixed[0, 9] = 1, 3, -7
    none[:] = -1
    even[:] = 1
    stack = np.stack([tips, middle, mixed, none, even])
    np.testing.assert_allclose(changing_share(stack), [1, 0, 0.25, 0, 0.4], rtol=1e-6)


def test_the_shares_of_the_six_parts_are_those_of_the_positive_values():
    values = np.zeros((10, 20))
    values[5, 0], values[5, 19], values[0, 9], values[9, 14], values[6, 10] = 2, 1, 3, 1, 1
    values[0, 5], values[2, 2] = 2, -5
    shares = shares_of_parts(values)
    expected = {
        "left_tip": 0.2,
        "right_tip": 0.1,
        "trailing_edge": 0.2,
        "notch": 0.3,
        "leading_edge": 0.1,
        "inner_surface": 0.1,
    }
    assert shares == {name: pytest.approx(one) for name, one in expected.items()}
    assert changing_share(values[None])[0] == pytest.approx(0.3)
    assert shares_of_parts(-np.abs(values)) == {}


def test_each_individual_is_proposed_once_by_its_most_similar_photo():
    gallery = np.array([[1, 0], [0.6, 0.8], [0, 1], [-1, 0], [0.6, 0.8]])
    found = similar_individuals([1, 0], gallery, ["b", "a", "a", "c", "b"], list("vwxyz"), 3)
    assert found == (
        SimilarIndividual("b", 1.0, "v"),
        SimilarIndividual("a", 0.6, "w"),
        SimilarIndividual("c", -1.0, "y"),
    )


def test_no_more_individuals_are_proposed_than_asked_for():
    gallery = np.eye(4)
    found = similar_individuals(gallery[2], gallery, list("abcd"), list("wxyz"), 2)
    assert [one.individual for one in found] == ["c", "a"]


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"]])
def test_a_gallery_that_does_not_fit_is_refused(names):
    with pytest.raises(SettingsError, match="one row a photo"):
        similar_individuals([1, 0], np.eye(2), names, names)


def test_an_empty_gallery_proposes_nobody():
    assert similar_individuals([1.0, 0.0], np.empty((0, 2)), [], []) == ()


def test_only_the_pixels_of_the_mask_are_left():
    photo = torch.arange(12.0).view(1, 3, 4) + 1
    mask = np.zeros((3, 4), bool)
    mask[:, 0] = True
    left = only(photo, mask, fill=-1)
    assert left[0, :, 0].tolist() == [1, 5, 9]
    assert (left[0, :, 1:] == -1).all()


def test_what_lies_outside_the_mask_does_not_change_the_embedding():
    identifier, mask = residual_identifier(), changing_mask(32, 64)
    photos = random_photos(2, 32, 64)
    photos[1] = torch.where(torch.from_numpy(mask), photos[0], photos[1])
    first, second = embeddings_of_parts(identifier, photos, mask)
    np.testing.assert_array_equal(first, second)
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-5)
    whole = embeddings_of_parts(identifier, photos, np.ones((32, 64), bool))
    assert not np.allclose(whole[0], whole[1], atol=1e-3)
