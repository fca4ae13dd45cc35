from dataclasses import replace

import numpy as np
import pytest
import torch

from whalecore.errors import SettingsError
from whalecore.photos.box_network import overlap
from whalecore.photos.detector import HEIGHT, SHIPPED, WIDTH, load_detector
from whalecore.photos.detector_drawings import pictures_of, train_on_drawings
from whalecore.photos.detector_training import DetectorSettings, _misplaced, train_detector
from whalecore.photos.detector_views import beside_the_fluke, changed, show
from whalecore.photos.synthetic import CollectionSettings, draw_collection

FEW = DetectorSettings(steps=3, batch=4)


def rectangles(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Dark rectangles on a noisy grey ground, and their boxes as shares."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(140, 200, (count, HEIGHT, WIDTH, 3), dtype=np.uint8)
    boxes = np.zeros((count, 4))
    for picture, box in zip(pictures, boxes, strict=True):
        x0, y0 = rng.integers(5, 60), rng.integers(5, 40)
        x1, y1 = rng.integers(x0 + 60, WIDTH - 5), rng.integers(y0 + 30, HEIGHT - 5)
        picture[y0:y1, x0:x1] //= 4
        box[:] = x0 / WIDTH, y0 / HEIGHT, x1 / WIDTH, y1 / HEIGHT
    return pictures, boxes


def tensors(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    pictures, boxes = rectangles(count, seed)
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255, torch.from_numpy(boxes).float()


def extent_of_the_dark(picture: torch.Tensor) -> list[float]:
    dark = picture.mean(0).numpy() < 0.4
    columns, rows = np.flatnonzero(dark.any(0)), np.flatnonzero(dark.any(1))
    edges = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return (edges / [WIDTH, HEIGHT, WIDTH, HEIGHT]).tolist()


def test_looking_at_the_whole_picture_changes_nothing():
    pictures, boxes = tensors(3)
    shown, same = show(pictures, boxes, torch.tensor([[0.0, 0.0, 1.0, 1.0]] * 3))
    assert torch.allclose(shown, pictures, atol=1e-4)
    assert torch.allclose(same, boxes)


def test_a_view_moves_and_clips_the_box_as_by_hand():
    boxes = torch.tensor([[0.5, 0.2, 0.9, 0.6]])
    pictures = torch.zeros(1, 3, HEIGHT, WIDTH)
    _, right_half = show(pictures, boxes, torch.tensor([[0.5, 0.0, 1.0, 1.0]]))
    assert right_half[0].tolist() == pytest.approx([0, 0.2, 0.8, 0.6])
    _, left = show(pictures, boxes, torch.tensor([[0.0, 0.0, 0.8, 0.4]]))
    assert left[0].tolist() == pytest.approx([0.625, 0.5, 1.0, 1.0])
    _, from_afar = show(pictures, boxes, torch.tensor([[-0.5, -0.5, 1.5, 1.5]]))
    assert from_afar[0].tolist() == pytest.approx([0.5, 0.35, 0.7, 0.55])


def test_the_box_stays_on_its_rectangle_in_every_view():
    pictures, boxes = tensors(12)
    low = torch.rand(12, 2, generator=torch.Generator().manual_seed(1)) * 0.3 - 0.2
    shown, moved = show(pictures, boxes, torch.cat([low, low + 1.1], 1))
    for picture, box in zip(shown, moved, strict=True):
        assert box.tolist() == pytest.approx(extent_of_the_dark(picture), abs=1.5 / HEIGHT)


def test_the_widest_strip_beside_the_fluke_holds_no_fluke():
    strips, width = beside_the_fluke(
        torch.tensor([[0.1, 0.2, 0.5, 0.9], [0.0, 0.4, 1.0, 0.7], [0.0, 0.0, 1.0, 1.0]])
    )
    assert strips[0].tolist() == pytest.approx([0.5, 0, 1, 1])
    assert strips[1].tolist() == pytest.approx([0, 0, 1, 0.4])
    assert width.tolist() == pytest.approx([0.5, 0.4, 0.0])


def test_views_said_to_be_empty_are_empty_and_the_others_keep_a_box():
    pictures, boxes = tensors(64)
    random = torch.Generator().manual_seed(0)
    shown, moved, empty = changed(pictures, boxes, 0.5, random)
    assert 10 < int(empty.sum()) < 54
    assert shown.shape == pictures.shape
    assert float(shown.min()) >= 0
    assert float(shown.max()) <= 1
    assert (overlap(moved[empty], torch.tensor([[0.0, 0.0, 1.0, 1.0]])) < 1e-6).all()
    assert (overlap(moved[~empty], torch.tensor([[0.0, 0.0, 1.0, 1.0]])) > 0.01).all()


def test_an_edge_anywhere_costs_the_logarithm_of_the_places():
    nowhere_better = torch.zeros(2, 2, 48)
    truth = torch.tensor([[0.0, 1.0], [0.33, 0.5]])
    assert _misplaced(nowhere_better, truth).tolist() == pytest.approx([2 * np.log(48)] * 2)


def test_an_edge_between_two_places_is_best_shared_by_both():
    truth = torch.tensor([[0.25, 0.25]])
    logits = torch.full((1, 2, 3), -30.0)
    logits[..., :2] = 0.0
    assert _misplaced(logits, truth).item() == pytest.approx(2 * np.log(2), abs=1e-4)


@pytest.mark.slow
def test_training_learns_where_rectangles_are():
    unseen, truth = rectangles(16, seed=1)
    settings = DetectorSettings(steps=24, batch=8)
    before = load_detector(SHIPPED)
    after = train_detector(*rectangles(32), settings, before)
    truth = torch.from_numpy(truth).float()
    fits = [
        float(overlap(torch.from_numpy(detector.boxes(unseen)[0]), truth).median())
        for detector in (before, after)
    ]
    assert fits[0] < 0.75
    assert fits[1] > 0.85


def test_the_same_seed_gives_the_same_detector_and_another_seed_another():
    pictures, boxes = rectangles(8)
    first, again = (train_detector(pictures, boxes, FEW) for _ in range(2))
    assert first.fingerprint == again.fingerprint
    assert np.array_equal(first.boxes(pictures)[0], again.boxes(pictures)[0])
    assert train_detector(pictures, boxes, replace(FEW, seed=1)).fingerprint != first.fingerprint


def test_training_leaves_its_start_and_the_common_chance_alone():
    pictures, boxes = rectangles(8)
    start = load_detector(SHIPPED)
    before, chance = start.fingerprint, torch.get_rng_state()
    trained = train_detector(pictures, boxes, FEW, start)
    assert start.fingerprint == before
    assert trained.fingerprint != before
    assert not start.network.training
    assert torch.equal(torch.get_rng_state(), chance)


def test_progress_is_told_after_every_step():
    told = []
    train_detector(*rectangles(8), FEW, progress=told.append)
    assert [(progress.done, progress.total) for progress in told] == [(1, 3), (2, 3), (3, 3)]
    assert {progress.step for progress in told} == {"train detector"}
    assert told[-1].seconds_left == 0


def test_what_does_not_fit_together_is_refused_in_one_sentence():
    pictures, boxes = rectangles(4)
    with pytest.raises(SettingsError, match="pictures of shape"):
        train_detector(pictures[:, ::2], boxes, FEW)
    with pytest.raises(SettingsError, match="pictures of shape"):
        train_detector(pictures[:0], boxes[:0], FEW)
    with pytest.raises(SettingsError, match="for 4 pictures"):
        train_detector(pictures, boxes[:3], FEW)
    with pytest.raises(SettingsError, match="four finite numbers"):
        train_detector(pictures, boxes * np.nan, FEW)
    with pytest.raises(SettingsError, match="empty or lies off"):
        train_detector(pictures, boxes[:, [2, 1, 0, 3]], FEW)
    with pytest.raises(SettingsError, match="empty or lies off"):
        train_detector(pictures, boxes * 100, FEW)
    with pytest.raises(SettingsError, match="1 steps of 32 photos"):
        DetectorSettings(steps=1)


SMALL = CollectionSettings(
    individuals=3, photos=6, new_individuals=0, new_photos=0, spoilt_share=0.0, seed=11
)


def test_each_drawing_is_shown_whole_and_cut_to_its_fluke():
    drawings = list(draw_collection(SMALL))
    pictures, boxes = pictures_of(drawings)
    assert pictures.shape == (18, HEIGHT, WIDTH, 3)
    for drawing, whole, cut in zip(drawings, boxes[::3], boxes[1::3], strict=True):
        height, width = drawing.pixels.shape[:2]
        box = drawing.box
        by_hand = [box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height]
        assert whole.tolist() == pytest.approx(by_hand, abs=1e-6)
        assert (cut[2:] - cut[:2]).prod() >= (whole[2:] - whole[:2]).prod()


def test_a_drawing_on_which_nothing_can_be_seen_is_left_out():
    seen, unseen = list(draw_collection(SMALL))[:2]
    hidden = replace(unseen, masks={"fluke": np.zeros_like(unseen.masks["fluke"])})
    assert len(pictures_of([seen, hidden])[0]) == 3


def test_the_shipped_kind_of_detector_is_built_from_drawings_with_progress():
    told = []
    detector = train_on_drawings(FEW, SMALL, told.append)
    assert detector.trained_on == "drawings of flukes, no photographs"
    assert [(p.step, p.done) for p in told][-4:] == [
        ("draw flukes", 6),
        ("train detector", 1),
        ("train detector", 2),
        ("train detector", 3),
    ]
