"""Random changes to photos: what they keep and what they change."""

import pytest
import torch

from whalecore.identifiers.augment import augment


def changed(images, strength=1.0, seed=0):
    return augment(images, strength, torch.Generator().manual_seed(seed))


@pytest.fixture
def images():
    return torch.rand(64, 3, 32, 64, generator=torch.Generator().manual_seed(1))


def test_no_strength_changes_nothing(images):
    assert torch.equal(changed(images, strength=0), images)


def test_the_shape_and_the_range_stay(images):
    result = changed(images, strength=2.0)
    assert result.shape == images.shape
    assert result.min() >= 0
    assert result.max() <= 1


def test_the_seed_decides_the_changes(images):
    assert torch.equal(changed(images, seed=3), changed(images, seed=3))
    assert not torch.equal(changed(images, seed=3), changed(images, seed=4))


def test_about_half_of_the_photos_lose_their_colour(images):
    result = changed(images)
    grey = (result.amax(1) - result.amin(1)).amax(dim=(1, 2)) < 1e-5
    assert 20 <= int(grey.sum()) <= 44


def test_left_and_right_are_never_exchanged():
    left_bright = torch.zeros(64, 3, 32, 64)
    left_bright[:, :, :, :24] = 1.0
    result = changed(left_bright)
    assert (result[..., :20].mean(dim=(1, 2, 3)) > result[..., -20:].mean(dim=(1, 2, 3))).all()


def test_a_disc_in_the_middle_stays_within_the_promised_shift():
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(128.0), indexing="ij")
    disc = (((rows - 31.5) ** 2 + (columns - 63.5) ** 2) < 36).float().expand(64, 3, 64, 128)
    result = changed(disc.clone())
    weights = (result.mean(1) - result.mean(1).amin(dim=(1, 2), keepdim=True)).clamp_min(0)
    weights = weights * (weights > 0.5 * weights.amax(dim=(1, 2), keepdim=True))
    mass = weights.sum(dim=(1, 2))
    across = (weights * columns).sum(dim=(1, 2)) / mass - 63.5
    down = (weights * rows).sum(dim=(1, 2)) / mass - 31.5
    # Erased rectangles may cover a side of the disc, which moves its centre by up to its radius.
    assert across.abs().max() < 0.06 * 128 * 1.2 + 6
    assert down.abs().max() < 0.06 * 64 * 1.2 + 6
    assert across.std() > 1
