"""Random changes to photos: what they keep and what they change."""

import pytest
import torch

from whalecore.identifiers.augment import _hue, _move, _noise, augment


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


def full(images, strength=1.0, seed=0):
    return augment(images, strength, torch.Generator().manual_seed(seed), "full")


def test_the_full_changes_keep_shape_and_range_and_follow_the_seed(images):
    result = full(images, strength=2.0)
    assert result.shape == images.shape
    assert result.min() >= 0
    assert result.max() <= 1
    assert torch.equal(full(images, seed=3), full(images, seed=3))
    assert not torch.equal(full(images, seed=3), full(images, seed=4))
    assert torch.equal(full(images, strength=0), images)


def test_the_generator_alone_decides_also_about_noise(images):
    torch.manual_seed(5)
    first = full(images)
    torch.manual_seed(6)
    assert torch.equal(full(images), first)


def test_hue_turns_colours_about_the_greys():
    """By a third of a turn red becomes green; greys stay."""
    red, grey = torch.tensor([1.0, 0.0, 0.0]), torch.full((3,), 0.3)
    batch = torch.stack([red, grey]).view(2, 3, 1, 1)

    class ThirdOfATurn:
        def between(self, _low, _high):
            return torch.full((2,), 120 / 18)

    turned = _hue(batch, 1.0, ThirdOfATurn()).view(2, 3)
    assert torch.allclose(turned, torch.stack([torch.tensor([0.0, 1.0, 0.0]), grey]), atol=1e-6)


def test_noise_has_the_deviation_that_was_drawn():
    class Half:
        def between(self, low, high):
            return torch.full((2,), (low + high) / 2)

        def chosen(self, _share):
            return torch.tensor([True, False]).view(2, 1, 1, 1)

        def noise(self, images):
            return torch.randn(images.shape, generator=torch.Generator().manual_seed(0))

    noisy = _noise(torch.full((2, 3, 64, 64), 0.5), 1.0, Half())
    assert noisy[0].std().item() == pytest.approx(0.03, rel=0.02)
    assert (noisy[1] == 0.5).all()


class Fixed:
    """Draws of `_move` in order: angle, shear, sizes, places, tilts; all others 0."""

    def __init__(self, **values):
        names = ("angle", "shear", "across", "down", "right", "lower", "tilt", "fall")
        self.values = [torch.tensor([float(values.get(name, 0.0))]) for name in names]

    def between(self, _low, _high):
        return self.values.pop(0)


def test_perspective_shows_what_is_far_smaller():
    """A tilt of 0.2: the column at x of the result shows the column at x / (1 + 0.2 x)."""
    ramp = torch.linspace(-1, 1, 65)[:-1] + 1 / 64
    image = ramp.expand(1, 3, 8, 64).contiguous()
    tilted = _move(image, 1.0, Fixed(tilt=1.0), 0.0, 0.0, 0.2)
    middle = slice(14, 50)
    assert torch.allclose(
        tilted[0, 0, 4, middle], ramp[middle] / (1 + 0.2 * ramp[middle]), atol=0.002
    )


def test_no_tilt_is_no_perspective():
    image = torch.rand(1, 3, 8, 16)
    assert torch.allclose(
        _move(image, 1.0, Fixed(), 0.1, 0.1, 0.2), _move(image, 1.0, Fixed(), 0.1, 0.1), atol=1e-6
    )
