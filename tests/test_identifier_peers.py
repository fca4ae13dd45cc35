"""The identifiers that ours is compared with, and the benchmark that compares them."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from benchmarks import identifier as script

from tests.identifier_peers import (
    ARCFACE,
    OURS,
    SOFTMAX,
    SiftMarks,
    SiftMatcher,
    kept_marks,
    kept_pairs,
    least_scale,
    likeness_of,
    lists_of,
    shortlisted,
    trainings,
)
from tests.identifier_protocol import (
    ASKED,
    CLOSED,
    GALLERY,
    NEW,
    TRAIN,
    UNSEEN_GALLERY,
    UNSEEN_QUERY,
    Lists,
)
from tests.test_identifier_figures import LOGITS, MARKS, tiny_protocol
from tests.test_identifier_protocol import kaggle_folder, whales
from whalecore.errors import WhalecoreError
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.losses import IdentifierLoss
from whalecore.identifiers.network import Network
from whalecore.identifiers.settings import preset
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.marks import MarkSettings


def differing(one, other):
    return {name for name, value in asdict(one).items() if value != asdict(other)[name]}


@pytest.mark.parametrize("name", ["laptop", "paper"])
def test_networks_differ_in_their_loss_alone(name):
    base = preset(name)
    settings = trainings(base)
    assert settings[OURS] == base
    loss = {"triplet", "arcface", "focal", "focusing", "hardest", "new_whale_share"}
    assert differing(base, settings[SOFTMAX]) <= loss
    assert differing(base, settings[ARCFACE]) <= loss


def losses(settings):
    network = Network("resnet18", 3, width=8)
    embeddings = torch.nn.functional.normalize(torch.randn(4, 64), dim=1)
    labels = torch.tensor([0, 1, 2, 0])
    logits = network.logits(embeddings)
    return network, embeddings, logits, labels, IdentifierLoss(network, settings)


def test_the_softmax_classifiers_loss_is_cross_entropy():
    _, embeddings, logits, labels, loss = losses(trainings(preset("paper"))[SOFTMAX])
    expected = torch.nn.functional.cross_entropy(logits, labels)
    torch.testing.assert_close(loss(embeddings, logits, labels), expected)


def test_arcface_alone_is_cross_entropy_with_its_margin_added_to_the_own_angle():
    settings = trainings(preset("laptop"))[ARCFACE]
    network, embeddings, logits, labels, loss = losses(settings)
    own = torch.arange(4), labels
    angle = torch.acos(logits[own] / network.scale)
    shifted = logits.clone()
    shifted[own] = network.scale * torch.cos(angle + settings.arcface_margin)
    expected = torch.nn.functional.cross_entropy(shifted, labels)
    torch.testing.assert_close(loss(embeddings, logits, labels), expected, rtol=1e-4, atol=1e-4)


def test_the_least_scale_gives_the_probability_where_directions_are_spread_evenly():
    # Three directions in the plane, 120 degrees apart, and a photo right on its own.
    scale = least_scale(3, 0.9)
    powers = np.exp(scale * np.cos(np.deg2rad([0.0, 120.0, 240.0])))
    assert powers[0] / powers.sum() == pytest.approx(0.9)


def test_the_scale_of_the_presets_is_enough_for_a_fair_softmax_classifier():
    assert least_scale(5004, 0.999) < preset("laptop").scale


def unit(rows):
    return (np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def named():
    """Identifier, logits and embeddings of all photos of a tiny protocol."""
    torch.manual_seed(0)
    protocol = tiny_protocol()
    network = Network("resnet18", 2, width=8)
    identifier = Identifier(network, protocol.names(TRAIN), 32, 64)
    rng = np.random.default_rng(0)
    looks = unit(rng.normal(size=(len(protocol.images), 64)))
    logits = network.logits(torch.from_numpy(looks)).detach().numpy()
    return protocol, identifier, logits, looks


def test_arcface_names_everybody_by_the_nearest_photo(named):
    protocol, identifier, logits, looks = named
    lists = lists_of(ARCFACE, protocol, identifier, logits, looks)
    closed = protocol.rows(*CLOSED)
    near = 24.0 * looks @ looks.T
    np.testing.assert_allclose(lists.closed, near[closed][:, [0, 1]], rtol=1e-5)
    np.testing.assert_allclose(lists.unseen, near[[11, 12]][:, [0, 1, 2, 3]], rtol=1e-5)


def test_the_classifier_names_trained_individuals_by_its_head_and_others_by_photos(named):
    protocol, identifier, logits, looks = named
    lists = lists_of(SOFTMAX, protocol, identifier, logits, looks)
    np.testing.assert_array_equal(lists.closed, logits[protocol.rows(*CLOSED)])
    nearest = lists_of(ARCFACE, protocol, identifier, logits, looks)
    np.testing.assert_array_equal(lists.unseen, nearest.unseen)


def test_ours_keeps_trained_logits_beside_rows_of_unseen_individuals(named):
    protocol, identifier, logits, looks = named
    lists = lists_of(OURS, protocol, identifier, logits, looks)
    np.testing.assert_array_equal(lists.closed, logits[protocol.rows(*CLOSED)])
    queries = protocol.rows(UNSEEN_QUERY)
    np.testing.assert_allclose(lists.unseen[:, :2], logits[queries], rtol=1e-4, atol=1e-5)
    # One photo of u: its row points to that photo.
    own = looks[queries] @ looks[2]
    assert np.sign(lists.unseen[0, 2] - lists.unseen[1, 2]) == np.sign(own[0] - own[1])


def marks(seed, count=1):
    rng = np.random.default_rng(seed)
    return [
        lambda: SiftMarks(rng.random((5, 2)).astype("f4"), rng.random((5, 128)).astype("f4"))
        for _ in range(count)
    ]


def test_marks_are_found_once(tmp_path):
    first = kept_marks(tmp_path / "m", SiftMarks, marks(0, 250), lambda _: None)
    second = kept_marks(tmp_path / "m", SiftMarks, marks(1, 250), lambda _: None)
    assert len(first) == len(second) == 250
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.places, other.places)
        np.testing.assert_array_equal(one.descriptors, other.descriptors)


def test_pairs_are_matched_once_and_unwanted_ones_not_at_all(tmp_path):
    asked = []

    def shared(query, other):
        asked.append((query, other))
        return 10 * query + other

    wanted = np.array([[True, False], [False, True]])
    pairs = kept_pairs(tmp_path / "pairs.npy", wanted, shared, lambda _: None)
    np.testing.assert_array_equal(pairs, [[0, -1], [-1, 11]])
    pairs = kept_pairs(tmp_path / "pairs.npy", np.ones((2, 2), bool), shared, lambda _: None)
    np.testing.assert_array_equal(pairs, [[0, 1], [10, 11]])
    assert asked == [(0, 0), (1, 1), (0, 1), (1, 0)]


@pytest.fixture
def matcher():
    pytest.importorskip("cv2", reason="opencv-python-headless is not installed")
    return SiftMatcher()


def blobs(seed):
    """Dark and light discs, as scars are."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:256, :512]
    crop = np.full((256, 512), 128.0)
    for _ in range(60):
        cx, cy, size = rng.uniform(40, 470), rng.uniform(40, 215), rng.uniform(4, 12)
        crop[(x - cx) ** 2 + (y - cy) ** 2 < size**2] = rng.uniform(0, 255)
    return np.repeat(crop[:, :, None], 3, axis=2).astype(np.uint8)


def test_a_moved_picture_shares_its_marks_and_another_picture_few(matcher):
    crop = blobs(0)
    moved = np.roll(crop, (9, -14), axis=(0, 1))
    own, other, stranger = (matcher.find(one) for one in (crop, moved, blobs(1)))
    assert matcher.shared(own, other) > 30
    assert matcher.shared(own, stranger) < 10
    assert len(own.places) <= 400


def test_a_picture_of_one_colour_has_no_marks_and_shares_none(matcher):
    nothing = matcher.find(np.full((256, 512, 3), 90, np.uint8))
    assert len(nothing.places) == 0
    assert matcher.shared(nothing, matcher.find(blobs(0))) == 0


def test_ambiguous_marks_are_not_matched(matcher):
    one = np.eye(2, 128, dtype=np.float32)
    near = unit(one + 0.01)
    rows, columns = matcher._alike(one, near)
    assert list(zip(rows, columns, strict=True)) == [(0, 0), (1, 1)]
    # Twice the same descriptor: nearest and second nearest are equally near.
    rows, _ = matcher._alike(one, np.concatenate([near, near]))
    assert len(rows) == 0


def test_the_report_has_a_row_for_each_method_in_every_table():
    results = {
        "network": script.compared(tiny_protocol(), LOGITS),
        "marks": script.compared(tiny_protocol(), LOGITS, MARKS),
    }
    text = script.report(tiny_protocol(), results, {OURS: 12.4, SOFTMAX: 12.6})
    assert text.count("\n| network | ") == text.count("\n| marks | ") == 4
    assert "2 train, 3 valid, 1 valid_new, 2 query, 1 query_new, 2 unseen_query" in text
    assert "Minutes of training: ours, network alone 12, ResNet, softmax 13." in text
    line = next(line for line in text.splitlines() if line.startswith("| marks | "))
    assert line.split(" | ")[2] == "1.000"  # top 1


def test_a_table_shows_shares_to_three_digits_and_intervals_to_two():
    rows = {"ours": {"top1": 0.12345, "low": 0.1, "high": 0.2, "individuals": 43}}
    columns = {"among": "individuals", "top 1": "top1", "95 %": ("low", "high")}
    assert script.table(rows, columns, "list") == (
        "| list | among | top 1 | 95 % |\n"
        "| --- | --- | --- | --- |\n"
        "| ours | 43 | 0.123 | 0.10 to 0.20 |"
    )


def test_a_folder_of_another_run_is_refused(tmp_path):
    protocol, base = tiny_protocol(), preset("laptop")
    script.same_run(tmp_path / "run.json", base, protocol)
    script.same_run(tmp_path / "run.json", base, protocol)
    with pytest.raises(WhalecoreError, match="holds another run"):
        script.same_run(tmp_path / "run.json", preset("laptop", seed=1), protocol)


def test_what_is_asked_for_changes_the_preset():
    given = ["photos", "--out", "x", "--network", "resnet34", "--size", "64", "128"]
    settings = script.settings_of(script.parsed([*given, "--low-epochs", "0", "--seed", "3"]))
    assert (settings.architecture, settings.height, settings.width) == ("resnet34", 64, 128)
    assert (settings.low_resolution_epochs, settings.epochs, settings.seed) == (0, 6, 3)


class FewMarks:
    """Three marks of a crop that tell its photo, found in no time."""

    def __init__(self, device):
        pass

    def find(self, crop):
        rng = np.random.default_rng(int(crop.sum()))
        frames = np.array([[10, 10, 5], [400, 20, 5], [60, 200, 5]], np.float32)
        return Keypoints(frames, unit(rng.normal(size=(3, 128))))


def test_marks_are_looked_at_of_those_whom_network_or_marks_name():
    logits = Lists(np.array([[3.0, 2.0, 1.0]]), np.array([[9.0, 1.0, 2.0, 3.0, 4.0]]))
    alike = Lists(np.array([[0.0, 0.0, 5.0]]), np.array([[7.0, 6.0, 0.0, 1.0, 2.0]]))
    found = shortlisted(logits, alike, MarkSettings(shortlist=1, alike=1))
    np.testing.assert_array_equal(found.closed, [[1, 0, 1]])
    np.testing.assert_array_equal(found.unseen, [[1, 1, 0, 0, 0]])
    np.testing.assert_array_equal(found.alone, [[1, 1]])


def test_individuals_whose_photos_have_the_marks_of_a_photo_are_alike():
    protocol = tiny_protocol()
    rng = np.random.default_rng(0)
    looks = {name: unit(rng.random((20, 128))) for name in set(protocol.individuals)}

    def marks_of(*group):
        frames = rng.uniform(1, 200, (20, 3)).astype(np.float32)
        return [
            Keypoints(frames, looks[protocol.individuals[row]]) for row in protocol.rows(*group)
        ]

    asked, gallery = marks_of(*ASKED), marks_of(*GALLERY)
    for one in asked:
        one.frames[:] = gallery[0].frames
    found = likeness_of(protocol, asked, gallery)
    names = protocol.names(TRAIN) + protocol.names(UNSEEN_GALLERY)
    rows = protocol.rows(UNSEEN_QUERY)
    own = protocol.columns(rows, names)
    assert found.unseen.shape == (len(rows), len(names))
    assert (found.unseen.argmax(axis=1) == own).all()
    closed = protocol.rows(*CLOSED)
    assert found.closed.shape == (len(closed), len(protocol.names(TRAIN)))
    known = protocol.columns(closed, protocol.names(TRAIN))
    assert (found.closed.argmax(axis=1) == known)[known >= 0].all()


@pytest.mark.slow
def test_an_interrupted_comparison_goes_on_and_comes_to_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "KeypointFinder", FewMarks)
    folder = kaggle_folder(tmp_path / "k", {**whales(12, 6), NEW: 20})
    given = [str(folder), "--out", str(tmp_path / "out"), "--preset", "demo", "--size", "32", "64"]
    given += [
        "--epochs",
        "1",
        "--shortlist",
        "3",
        "--alike",
        "2",
        "--all-pairs",
        "--without",
        "sift",
    ]
    first = script.measured(script.parsed(given))
    monkeypatch.delattr(script, "trained")
    monkeypatch.setattr(FewMarks, "find", None)
    second = script.measured(script.parsed(given))
    assert first[1:] == second[1:]
    assert list(first[1]) == [
        "ours, network alone",
        "ours, directions learnt",
        "ours, nearest photo",
        "ours, with marks",
        "ours, with marks of all",
        "ResNet, softmax",
        "ResNet, ArcFace, nearest photo",
    ]
    assert (tmp_path / "out" / "results.json").is_file()


def test_the_command_that_is_told_names_no_folder_of_the_machine(monkeypatch):
    given = ["../x/flukes/", "--out", "/home/me/out", "--epochs", "3"]
    monkeypatch.setattr("sys.argv", ["identifier.py", *given])
    assert script.command(script.parsed(given)) == (
        "python tests/benchmarks/identifier.py FLUKES --out FOLDER --epochs 3"
    )
