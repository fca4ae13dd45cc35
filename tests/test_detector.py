import csv
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from whalecore.errors import CheckpointError, PhotoError
from whalecore.photos.box_network import BoxNetwork, mirrored, moments, ordered, overlap
from whalecore.photos.crop import intersection_over_union
from whalecore.photos.decode import load_photo
from whalecore.photos.detector import (
    HEIGHT,
    SHIPPED,
    WIDTH,
    FlukeDetector,
    load_detector,
    prepare,
    relative,
)
from whalecore.photos.synthetic import CollectionSettings, draw_collection
from whalecore.types import Box, Photo


def photo_of(pixels: np.ndarray) -> Photo:
    return Photo(photo_id="0" * 16, name="IMG_1.jpg", pixels=pixels)


def noise_photo(height: int, width: int, seed: int = 0) -> Photo:
    rng = np.random.default_rng(seed)
    return photo_of(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def untrained() -> FlukeDetector:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return FlukeDetector(BoxNetwork(), "nothing", believable=0.0)


@pytest.fixture(scope="module")
def shipped() -> FlukeDetector:
    return load_detector(SHIPPED)


@pytest.fixture(scope="module")
def drawings():
    """Drawings that the shipped detector has not seen, all of them identifiable."""
    settings = CollectionSettings(
        individuals=12, photos=24, new_individuals=0, new_photos=0, spoilt_share=0.0, seed=5
    )
    return list(draw_collection(settings))


def test_a_photo_of_any_size_is_squeezed_whole():
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[:, 200:] = 200
    picture = prepare(photo_of(pixels))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert (picture[:, : WIDTH // 2 - 2] == 0).all()
    assert (picture[:, WIDTH // 2 + 2 :] == 200).all()


def test_a_box_becomes_shares_of_the_photo_and_is_clipped_to_it():
    photo = noise_photo(100, 200)
    assert relative(Box(50, 10, 150, 40), photo) == pytest.approx([0.25, 0.1, 0.75, 0.4])
    assert relative(Box(-5, 0, 100, 130), photo) == pytest.approx([0, 0, 0.5, 1])
    with pytest.raises(PhotoError, match=r"lies outside the photo 'IMG_1\.jpg'"):
        relative(Box(300, 10, 350, 40), photo)


def test_mean_and_spread_of_an_edge_are_those_of_its_distribution():
    never = -1e9
    logits = torch.tensor([[0.0, never, 0.0, never, never], [never, never, never, 0.0, never]])
    mean, spread = moments(logits)
    assert mean.tolist() == pytest.approx([0.25, 0.75])
    assert spread.tolist() == pytest.approx([0.25, 1e-4])


def test_the_overlap_of_many_boxes_is_the_overlap_of_each_pair():
    rng = np.random.default_rng(0)
    corners = rng.random((2, 200, 2, 2))
    boxes = np.concatenate([corners.min(2), corners.max(2)], -1)
    together = overlap(*torch.from_numpy(boxes))
    one_by_one = [intersection_over_union(Box(*a), Box(*b)) for a, b in zip(*boxes, strict=True)]
    assert together.tolist() == pytest.approx(one_by_one, abs=1e-6)
    assert max(one_by_one) > 0.4
    assert min(one_by_one) == 0


def test_a_box_that_is_inside_out_or_off_the_photo_is_put_in_order():
    boxes = torch.tensor([[0.6, 0.2, 0.4, 0.8], [0.9, 0.1, 1.3, 0.5], [0.1, 0.2, 0.3, 0.4]])
    fixed = ordered(boxes, smallest=0.1)
    assert fixed[0].tolist() == pytest.approx([0.45, 0.2, 0.55, 0.8])
    assert fixed[1].tolist() == pytest.approx([0.6, 0.1, 1.0, 0.5])
    assert fixed[2].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_a_mirrored_box_covers_the_mirrored_pixels():
    picture = np.zeros((10, 20))
    picture[2:5, 3:11] = 1
    columns = np.flatnonzero(picture[:, ::-1].any(0))
    rows = np.flatnonzero(picture[:, ::-1].any(1))
    box = mirrored(torch.tensor([[3 / 20, 2 / 10, 11 / 20, 5 / 10]]))[0].tolist()
    assert box == pytest.approx(
        [columns[0] / 20, rows[0] / 10, (columns[-1] + 1) / 20, (rows[-1] + 1) / 10]
    )


def test_a_mirrored_photo_gets_the_mirrored_box(untrained):
    picture = prepare(noise_photo(120, 240))
    boxes, confidence = untrained.boxes(np.stack([picture, picture[:, ::-1]]))
    assert mirrored(torch.from_numpy(boxes[:1]))[0].tolist() == pytest.approx(
        boxes[1].tolist(), abs=1e-5
    )
    assert confidence[0] == pytest.approx(confidence[1], abs=1e-5)


def test_a_photo_gets_the_same_box_alone_and_among_others(untrained):
    pictures = np.stack([prepare(noise_photo(96, 192, seed)) for seed in range(5)])
    together, _ = untrained.boxes(pictures)
    in_twos, _ = untrained.boxes(pictures, batch=2)
    assert np.allclose(together, in_twos, atol=1e-5)


def test_the_box_is_in_the_photos_own_pixels(untrained):
    small, large = noise_photo(96, 192), noise_photo(240, 300, seed=1)
    crops = untrained.locate([small, large])
    shares, confidence = untrained.boxes(np.stack([prepare(small), prepare(large)]))
    for photo, crop, share, sure in zip((small, large), crops, shares, confidence, strict=True):
        assert crop.source == "detector"
        assert crop.confidence == pytest.approx(sure, abs=1e-6)
        assert relative(crop.box, photo) == pytest.approx(share, abs=1e-5)


def test_a_box_that_is_not_believable_becomes_the_whole_photo(untrained):
    doubter = FlukeDetector(untrained.network, "nothing", believable=1.0)
    photo = noise_photo(50, 80)
    (crop,) = doubter.locate([photo])
    assert (crop.source, crop.box) == ("whole", photo.whole)
    assert crop.confidence == pytest.approx(untrained.locate([photo])[0].confidence)


def test_no_photos_give_no_crops(untrained):
    assert untrained.locate([]) == []


def test_a_detector_read_back_is_the_same_detector(untrained, tmp_path):
    path = tmp_path / "new folder" / "detector.safetensors"
    untrained.save(path)
    again = load_detector(path)
    assert again.fingerprint == untrained.fingerprint
    assert (again.trained_on, again.believable) == ("nothing", 0.0)
    pictures = np.stack([prepare(noise_photo(96, 192, seed)) for seed in range(2)])
    assert np.array_equal(again.boxes(pictures)[0], untrained.boxes(pictures)[0])
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_another_network_has_another_fingerprint(untrained):
    network = BoxNetwork()
    network.load_state_dict(untrained.network.state_dict())
    assert FlukeDetector(network, "copy").fingerprint == untrained.fingerprint
    with torch.no_grad():
        network.fit[2].bias += 0.5
    assert FlukeDetector(network, "copy").fingerprint != untrained.fingerprint


def _rewrite(path, weights=None, **about):
    kept = load_file(path)
    kept.update(weights or {})
    description = {"trained_on": "nothing", "believable": 0.3} | about
    kind = "whalecore fluke detector 1"
    save_file(kept, path, {"kind": kind, "about": json.dumps(description)})


DAMAGE = {
    "is missing": lambda path: path.unlink(),
    "cannot be read": lambda path: path.write_bytes(path.read_bytes()[:-1000]),
    "cannot be read as": lambda path: path.write_bytes(b"just text"),
    "cannot be read as a": lambda path: path.write_bytes(b""),
    "is no fluke detector": lambda path: save_file({"a": torch.zeros(2)}, path),
    "of another network": lambda path: _rewrite(path, {"more": torch.zeros(2)}),
    "in another shape": lambda path: _rewrite(path, {"fit.2.bias": torch.zeros(2).half()}),
    "in another sha": lambda path: _rewrite(path, {"fit.2.bias": torch.zeros(1).double()}),
    "not finite": lambda path: _rewrite(path, {"fit.2.bias": torch.tensor([np.nan]).half()}),
    "asks for a confidence": lambda path: _rewrite(path, believable=float("nan")),
    "confidence of 7": lambda path: _rewrite(path, believable=7),
    "lacks its description": lambda path: _rewrite(path, believable="high"),
}


@pytest.mark.parametrize("sentence", DAMAGE)
def test_a_damaged_detector_is_refused_in_one_sentence(sentence, untrained, tmp_path):
    path = tmp_path / "detector.safetensors"
    untrained.save(path)
    DAMAGE[sentence](path)
    with pytest.raises(CheckpointError, match=sentence) as refusal:
        load_detector(path)
    assert "\n" not in str(refusal.value)
    assert "detector.safetensors" in str(refusal.value)


def test_the_shipped_detector_is_small_and_says_that_it_saw_only_drawings(shipped):
    assert SHIPPED.stat().st_size < 1_000_000
    assert "drawings" in shipped.trained_on
    assert "no photographs" in shipped.trained_on


def test_the_shipped_detector_finds_flukes_on_drawings_it_never_saw(shipped, drawings):
    crops = shipped.locate([photo_of(drawing.pixels) for drawing in drawings])
    found = [
        intersection_over_union(crop.box, drawing.box)
        for crop, drawing in zip(crops, drawings, strict=True)
    ]
    whole = [
        intersection_over_union(photo_of(drawing.pixels).whole, drawing.box) for drawing in drawings
    ]
    assert np.median(found) > 0.85
    assert np.median(whole) < 0.5


def test_the_shipped_detector_believes_less_where_there_is_no_fluke(shipped, drawings):
    with_fluke, without = [], []
    for drawing in drawings:
        below = drawing.pixels[int(drawing.box.y1) + 8 :]
        if len(below) >= 30:
            with_fluke.append(photo_of(drawing.pixels))
            without.append(photo_of(below))
    assert len(without) > 5
    sure = np.median([crop.confidence for crop in shipped.locate(with_fluke)])
    unsure = np.median([crop.confidence for crop in shipped.locate(without)])
    assert unsure < sure - 0.3


def test_the_shipped_detector_finds_flukes_on_real_photos(shipped, flukes):
    with (flukes / "outline_points.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[::8]
    fits = []
    for row in rows:
        points = np.array(row["points"].split(), float).reshape(-1, 2)
        (crop,) = shipped.locate([load_photo(flukes / "train" / row["Image"])])
        fits.append(intersection_over_union(crop.box, Box(*points.min(0), *points.max(0))))
    assert np.median(fits) > 0.85
