"""Identifiers together, against the mean made by hand and brute force."""

import numpy as np
import pytest
import torch

from tests.residual import random_photos, residual_network
from whalecore.errors import SettingsError
from whalecore.explain.gradcam import grad_cam
from whalecore.explain.occlusion import finished_maps
from whalecore.identifiers.ensemble import Ensemble
from whalecore.identifiers.identifier import Identifier
from whalecore.photos.marks import MarkSettings, SharedMarks
from whalecore.types import Computing, OcclusionSettings, Photo

HEIGHT, WIDTH = 32, 64


def member(seed=0, names=("a", "b", "c"), temperature=1.0, mirrored=False, height=HEIGHT):
    network = residual_network(individuals=len(names), seed=seed)
    directions = None
    if mirrored:
        generator = torch.Generator().manual_seed(seed + 100)
        directions = torch.randn(network.directions.shape, generator=generator)
    return Identifier(
        network, names, height, WIDTH, temperature=temperature, mirrored_directions=directions
    )


@pytest.fixture(scope="module")
def images():
    return random_photos(2, HEIGHT, WIDTH)


def scores_of(identifier, images):
    return identifier.scores(identifier.logits(images)).double()


def test_one_member_alone_gives_its_own_scores(images):
    one = member(temperature=2.0)
    together = Ensemble([one])
    assert together.individuals == one.individuals
    torch.testing.assert_close(scores_of(together, images), scores_of(one, images))


def test_two_members_give_the_mean_of_their_scores(images):
    members = member(0, temperature=2.0), member(1, ("c", "a", "b"), temperature=0.5)
    first, second = (scores_of(one, images) for one in members)
    expected = (first + second[:, [1, 2, 0]]) / 2
    together = Ensemble(members)
    torch.testing.assert_close(scores_of(together, images), expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(
        together.logits(images).double(), expected.log(), atol=1e-5, rtol=1e-5
    )


def test_who_is_unknown_to_a_member_gets_the_mean_of_those_that_know_him(images):
    one, two = member(0, ("a", "b")), member(1, ("b", "c"))
    first, second = scores_of(one, images), scores_of(two, images)
    sums = torch.stack([first[:, 0], (first[:, 1] + second[:, 0]) / 2, second[:, 1]], dim=1)
    together = Ensemble([one, two])
    assert together.individuals == ("a", "b", "c")
    expected = sums / sums.sum(dim=1, keepdim=True)
    torch.testing.assert_close(scores_of(together, images), expected, atol=1e-6, rtol=1e-5)


def test_mirrored_photos_are_looked_at_where_their_directions_were_learnt(images):
    one = member(0, mirrored=True)
    network = one.network
    embedded = network.embedding(network.features(images.flip(-1))["layer4"])
    directions = torch.nn.functional.normalize(one.mirrored_directions, dim=0)
    mirrored = torch.softmax(network.scale * embedded @ directions, dim=1)
    expected = (scores_of(one, images) + mirrored.double()) / 2
    found = scores_of(Ensemble([one]), images)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "engine"),
    [
        (OcclusionSettings(16, 8), "exact"),
        (OcclusionSettings(16, 8, target="logit"), "exact"),
        # An odd patch at an even stride covers other squares in the mirror.
        (OcclusionSettings(15, 8), "reference"),
    ],
)
def test_maps_are_those_of_brute_force_on_the_ensemble(images, settings, engine):
    together = Ensemble([member(0, mirrored=True), member(1, ("c", "a", "d"))])
    wanted = Computing("exact" if engine == "exact" else "auto")
    found = finished_maps(together, images[0], ("a", "d", "b"), settings, wanted)
    assert found.engine == engine
    columns = [together.individuals.index(name) for name in ("a", "d", "b")]

    def explained(photos):
        logits = together.logits(photos)
        values = together.scores(logits) if settings.target == "probability" else logits
        return values[:, columns].double().numpy()

    covered = []
    for row in range(HEIGHT // 8):
        for col in range(WIDTH // 8):
            one = images[0].clone()
            first = [8 * place + 3 - (settings.patch - 1) // 2 for place in (row, col)]
            down, across = (slice(max(0, edge), edge + settings.patch) for edge in first)
            one[:, down, across] = 0.0
            covered.append(one)
    clean, rest = explained(images[:1]), explained(torch.stack(covered))
    expected = (clean - rest).T.reshape(found.values.shape)
    np.testing.assert_allclose(found.values, expected, atol=2e-4 * np.ptp(expected))


def test_maps_of_the_score_are_the_mean_of_the_members_maps(images):
    members, settings = (member(0), member(1)), OcclusionSettings(16, 8)
    exact = Computing("exact")
    found = finished_maps(Ensemble(members), images[0], ("b", "a"), settings, exact)
    own = [finished_maps(one, images[0], ("b", "a"), settings, exact).values for one in members]
    assert found.engine == "exact"
    np.testing.assert_allclose(found.values, np.mean(own, axis=0), atol=1e-4 * np.ptp(own))


def test_the_exact_engine_is_not_promised_where_it_cannot_follow(images):
    together = Ensemble([member(0, mirrored=True)])
    with pytest.raises(SettingsError, match="other squares in the mirror"):
        finished_maps(together, images[0], "a", OcclusionSettings(15, 8), Computing("exact"))


def test_grad_cam_is_the_gradient_of_the_mean_score(images):
    one = Ensemble([member(0, mirrored=True), member(1)])
    layer, step = "layer4", 2e-3
    found, logits = one.activations(images[:1], [layer])
    (gradient,) = torch.autograd.grad(logits[0, 1], [found[layer]], retain_graph=True)
    # Of the first part alone, by its own network, from the other parts' present scores.
    own, others = one.parts[0].identifier, one.parts[1:]
    values = found[layer].detach()
    size = values.shape[1] // len(one.parts)

    def score(change):
        looked = own.network.logits(own.network.embedding(values[:, :size] + change))
        rest = [part.logits(images[:1]) for part in others]
        return float(one.combined([looked, *rest])[0, 1])

    direction = torch.randn(values[:, :size].shape, generator=torch.Generator().manual_seed(1))
    slope = (score(step * direction) - score(-step * direction)) / (2 * step)
    assert slope == pytest.approx(float((gradient[:, :size] * direction).sum()), rel=0.02)
    assert grad_cam(one, images[0], "b", layer).shape == (1, 2)


def test_an_ensemble_names_the_best_of_a_photo_and_has_an_identity_of_its_own(images):
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    photo = Photo("0123456789abcdef", "one.jpg", pixels)
    one, two = member(0), member(1)
    together, other_way = Ensemble([one, two]), Ensemble([two, one])
    prediction = together.identify(photo, k=2)
    image = together.prepare(photo, prediction.crop.box)[None]
    expected = (scores_of(one, image) + scores_of(two, image))[0] / 2
    best = expected.argsort(descending=True)[:2]
    assert [c.score for c in prediction.candidates] == pytest.approx(expected[best].tolist())
    assert prediction.individuals == tuple("abc"[place] for place in best)
    assert together.model_id == other_way.model_id == prediction.model_id
    assert together.model_id not in (one.model_id, Ensemble([one]).model_id)
    cosine = float(prediction.embedding @ together.embed(images)[0].numpy())
    means = [one.embed(image)[0] @ one.embed(images)[0] for one in (one, two)]
    assert cosine == pytest.approx(float(sum(means)) / 2, abs=1e-5)


def test_each_member_counts_marks_in_its_own_way_before_scores_are_averaged():
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    photo = Photo("0123456789abcdef", "one.jpg", pixels)
    members = [member(0).replaced(marks=MarkSettings(weight)) for weight in (0.5, 2.0)]
    members[1].network = member(1).network
    for one, strength in zip(members, (1.0, 3.0), strict=True):
        one.count_marks = lambda photo, box, names, logits, strength=strength: {
            "b": SharedMarks(f"p{strength}", int(strength), strength)
        }
    found = Ensemble(members).identify(photo, k=3).candidates
    singles = [
        {c.individual: c.score for c in one.identify(photo, k=3).candidates} for one in members
    ]
    for candidate in found:
        mean = sum(one[candidate.individual] for one in singles) / 2
        assert candidate.score == pytest.approx(mean, rel=1e-4)
    (best,) = (one for one in found if one.individual == "b")
    assert (best.marks, best.matched_photo) == (3, "p3.0")


def test_what_cannot_identify_together_is_refused():
    one = member(0)
    with pytest.raises(SettingsError, match="named twice"):
        Ensemble([one, one])
    with pytest.raises(SettingsError, match="different crops"):
        Ensemble([one, member(1, height=64)])
    with pytest.raises(SettingsError, match="at least one model"):
        Ensemble([])
