"""Identifiers: scores, candidates and differentiable activations."""

import numpy as np
import pytest
import torch

from whalecore.errors import SettingsError
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import Network
from whalecore.photos.crop import cut
from whalecore.photos.marks import MarkSettings, SharedMarks
from whalecore.types import LAYERS, Box, Crop, Photo

NAMES = ("w1", "w2", "w3", "w4", "w5", "w6")


def make(seed=0, temperature=1.0):
    torch.manual_seed(seed)
    network = Network("resnet18", len(NAMES), 8)
    network.train()
    with torch.no_grad():
        network(torch.randn(16, 3, 32, 64))  # So that the normalisations have seen something.
    return Identifier(network, NAMES, 32, 64, temperature=temperature)


@pytest.fixture
def identifier():
    return make()


@pytest.fixture
def photo():
    pixels = np.random.default_rng(0).integers(0, 256, (90, 150, 3), dtype=np.uint8)
    return Photo("0123456789abcdef", "one.jpg", pixels)


def test_identify_names_the_best_individuals_in_order(identifier, photo):
    prediction = identifier.identify(photo, k=3)
    logits = identifier.logits(identifier.prepare(photo, photo.whole)[None])[0]
    order = logits.argsort(descending=True)[:3].tolist()
    assert prediction.individuals == tuple(NAMES[row] for row in order)
    assert [candidate.rank for candidate in prediction.candidates] == [1, 2, 3]
    assert [candidate.logit for candidate in prediction.candidates] == pytest.approx(
        logits[order].tolist()
    )
    exponents = np.exp(logits.numpy().astype(float))
    expected = exponents[order] / exponents.sum()
    assert [c.score for c in prediction.candidates] == pytest.approx(expected.tolist(), rel=1e-4)
    assert np.linalg.norm(prediction.embedding) == pytest.approx(1, abs=1e-5)
    assert prediction.model_id == identifier.model_id
    assert prediction.photo_id == photo.photo_id


def test_no_more_candidates_than_individuals(identifier, photo):
    assert len(identifier.identify(photo, k=50).candidates) == len(NAMES)


def test_the_whole_photo_is_used_until_somebody_can_locate_the_fluke(identifier, photo):
    assert identifier.identify(photo).crop == Crop(photo.whole, "whole", 0.0)
    found = Crop(Box(10, 20, 100, 60), "detector", 0.9)
    identifier.locate = lambda _photo: found
    assert identifier.identify(photo).crop == found
    given = Crop(Box(0, 0, 50, 50), "corrected")
    assert identifier.identify(photo, crop=given).crop == given


def test_prepare_subtracts_the_mean_and_divides_by_the_deviation(identifier, photo):
    box = Box(10, 20, 100, 60)
    crop = cut(photo, box, 32, 64, margin=identifier.margin)
    mean, std = np.array(identifier.mean), np.array(identifier.std)
    expected = (crop / 255 - mean) / std
    found = identifier.prepare(photo, box)
    assert found.dtype == torch.float32
    assert np.allclose(found.numpy(), expected.transpose(2, 0, 1), atol=1e-5)


def test_scores_are_a_softmax_with_temperature():
    warm = make(temperature=2.0)
    scores = warm.scores(torch.tensor([[2.0, 0.0, 0.0, 0.0, 0.0, 0.0]]))
    assert scores[0].tolist() == pytest.approx([np.e / (np.e + 5)] + [1 / (np.e + 5)] * 5)


def test_the_temperature_changes_scores_and_fingerprint_but_not_the_order(identifier, photo):
    warm = identifier.replaced(temperature=3.0)
    assert warm.fingerprint != identifier.fingerprint
    assert warm.model_id.startswith("resnet18-")
    before, after = identifier.identify(photo), warm.identify(photo)
    assert before.individuals == after.individuals
    assert after.candidates[0].score < before.candidates[0].score


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_not_above_zero_is_refused(identifier, temperature):
    with pytest.raises(SettingsError, match="temperature"):
        identifier.replaced(temperature=temperature)


def test_the_fingerprint_is_the_weights_not_the_object():
    first, same, other = make(0), make(0), make(1)
    assert first.fingerprint == same.fingerprint
    assert first.fingerprint != other.fingerprint
    renamed = Identifier(same.network, ("x", *NAMES[1:]), 32, 64)
    assert renamed.fingerprint != first.fingerprint


def test_names_and_rows_of_the_head_must_agree(identifier):
    with pytest.raises(SettingsError, match="3 individuals were listed for a network with 6"):
        Identifier(identifier.network, NAMES[:3], 32, 64)


def test_many_photos_give_what_each_gives_alone(identifier):
    crops = np.random.default_rng(1).integers(0, 256, (7, 32, 64, 3), dtype=np.uint8)
    logits, embeddings = identifier.identify_many(crops, batch=3)
    images = identifier.normalise(torch.from_numpy(crops))
    prepared = identifier.identify_many(list(images), batch=2)
    assert logits.shape == (7, 6)
    assert embeddings.shape == (7, 64)
    for row in range(7):
        one = images[row : row + 1]
        assert np.allclose(logits[row], identifier.logits(one)[0], atol=1e-4)
        assert np.allclose(embeddings[row], identifier.embed(one)[0], atol=1e-5)
    assert np.allclose(prepared[0], logits, atol=1e-4)
    assert np.allclose(prepared[1], embeddings, atol=1e-5)


def test_no_photos_give_no_rows(identifier):
    logits, embeddings = identifier.identify_many([])
    assert logits.shape == (0, 6)
    assert embeddings.shape == (0, 64)


def test_the_gradient_at_the_last_block_is_the_one_worked_out_by_hand(identifier):
    """Average, normalisation (a u + b), length 1 and cosine have a closed-form gradient."""
    images = torch.randn(2, 3, 32, 64)
    found, logits = identifier.activations(images, ["layer4"])
    gradient = torch.autograd.grad(logits[:, 2].sum(), found["layer4"])[0]
    network = identifier.network
    neck = network.neck
    slope = neck.weight / torch.sqrt(neck.running_var + neck.eps)
    vector = slope * (found["layer4"].mean(dim=(2, 3)) - neck.running_mean) + neck.bias
    length = vector.norm(dim=1, keepdim=True)
    unit = vector / length
    direction = network.directions[:, 2] / network.directions[:, 2].norm()
    cosine = (unit @ direction)[:, None]
    expected = network.scale * slope * (direction - cosine * unit) / length
    positions = found["layer4"].shape[2] * found["layer4"].shape[3]
    expected = (expected / positions)[:, :, None, None].expand_as(gradient)
    assert torch.allclose(gradient, expected, atol=1e-6)
    assert torch.allclose(logits, identifier.logits(images), atol=1e-5)


@pytest.mark.parametrize("output", ["logits", "embedding"])
def test_the_gradients_are_those_of_a_graph_through_the_whole_network(identifier, output):
    images = torch.randn(2, 3, 32, 64)
    found, result = identifier.activations(images, LAYERS, output)
    gradients = torch.autograd.grad((result**2)[:, :3].sum(), list(found.values()))
    network = identifier.network.requires_grad_(True)
    whole = network.features(images)
    embedding = network.embedding(whole["layer4"])
    expected = embedding if output == "embedding" else network.logits(embedding)
    wanted = torch.autograd.grad((expected**2)[:, :3].sum(), list(whole.values()))
    assert tuple(found) == LAYERS
    for ours, theirs in zip(gradients, wanted, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_activations_leave_no_gradients_behind(identifier):
    images = torch.randn(1, 3, 32, 64)
    with torch.inference_mode():
        found, logits = identifier.activations(images.clone(), ["layer2", "layer3"])
    torch.autograd.grad(logits[0, 0], list(found.values()))
    assert all(values.grad is None for values in identifier.network.parameters())
    assert not identifier.logits(images).requires_grad
    assert not identifier.network.training


@pytest.mark.parametrize(
    ("layers", "output", "words"),
    [
        (["layer9"], "logits", "choose from layer1"),
        ([], "logits", "choose from layer1"),
        (["layer4"], "heat", "choose logits or embedding"),
    ],
)
def test_unknown_layers_and_outputs_are_refused(identifier, layers, output, words):
    with pytest.raises(SettingsError, match=words):
        identifier.activations(torch.zeros(1, 3, 32, 64), layers, output)


def counting(identifier, strengths, weight=0.5, shortlist=3):
    """The identifier with marks of known strength, and what it asked."""
    asked = []

    def count(photo, box, individuals, logits):
        asked.append((photo.photo_id, box, individuals, logits))
        rows = found.marks.shortlisted(logits)
        return {
            name: SharedMarks(f"p-{name}" * bool(strengths.get(name)), 4, strengths.get(name, 0.0))
            for name in (individuals[row] for row in rows)
        }

    found = identifier.replaced(marks=MarkSettings(weight, shortlist))
    found.count_marks = count
    return found, asked


def test_marks_raise_the_logits_of_the_shortlist_by_weight_times_temperature(photo):
    plain = make(temperature=2.0)
    logits = plain.logits(plain.prepare(photo, photo.whole)[None])[0].numpy().astype(float)
    order = np.argsort(-logits)
    third, last = NAMES[order[2]], NAMES[order[-1]]
    marked, asked = counting(plain, {third: 8.0, last: 100.0})
    found = marked.identify(photo, k=6).candidates
    ((photo_id, box, individuals, told),) = asked
    assert (photo_id, box, individuals) == ("0123456789abcdef", photo.whole, tuple(NAMES))
    np.testing.assert_allclose(told, logits, atol=1e-4)
    expected = logits.copy()
    expected[order[2]] += 0.5 * 2.0 * 8.0
    powers = np.exp(expected / 2.0)
    by_name = {one.individual: one for one in found}
    for row, name in enumerate(NAMES):
        assert by_name[name].logit == pytest.approx(expected[row], abs=1e-4)
        assert by_name[name].score == pytest.approx(powers[row] / powers.sum(), rel=1e-4)
    assert found[0].individual == third
    assert (by_name[third].marks, by_name[third].matched_photo) == (4, f"p-{third}")
    assert (by_name[last].marks, by_name[last].matched_photo) == (None, None)
    other = by_name[NAMES[order[0]]]
    assert (other.marks, other.matched_photo) == (4, None)


def test_without_weight_nobody_is_asked_about_marks(photo):
    plain = make()
    marked, asked = counting(plain, {"w1": 9.0}, weight=0.0)
    assert asked == []
    assert [one.marks for one in marked.identify(photo).candidates] == [None] * 5
    mine, theirs = (one.identify(photo).candidates for one in (marked, plain))
    assert [one.score for one in mine] == [one.score for one in theirs]


def test_how_marks_count_is_part_of_an_identity():
    plain = make()
    kinds = [MarkSettings(0.5), MarkSettings(0.6), MarkSettings(0.5, shortlist=7)]
    found = {plain.replaced(marks=one).fingerprint for one in kinds}
    assert len(found | {plain.fingerprint}) == 4
