"""Who plays which part when identifiers are compared, and among whom a photo is looked for."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.identifier_protocol import (
    ASKED,
    GALLERY_OF,
    NEGATIVE,
    NEW,
    QUERY,
    QUERY_NEW,
    TRAIN,
    UNSEEN_GALLERY,
    UNSEEN_QUERY,
    UNUSED,
    VALID,
    VALID_NEW,
    Lists,
    Looked,
    Protocol,
    deal,
    everybody,
    ordered,
    per_individual,
    wanted_pairs,
)
from whalecore.errors import SettingsError


def kaggle_folder(folder: Path, photos: dict[str, int], twins=()) -> Path:
    """A folder of tiny pictures: so many photos of each label, named ``label-number.jpg``."""
    (folder / "train").mkdir(parents=True)
    rng = np.random.default_rng(0)
    names = [(f"{who}-{number}.jpg", who) for who, many in photos.items() for number in range(many)]
    for name, _ in names:
        pixels = rng.integers(0, 256, (8, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "train" / name)
    write(folder / "train.csv", ("Image", "Id"), names)
    boxes = [(name, 1.0, 1.0, 15.0, 7.0) for name, _ in names]
    write(folder / "boxes.csv", ("Image", "x0", "y0", "x1", "y1"), boxes)
    write(folder / "near_duplicates.csv", ("Image", "twin", "kind"), twins)
    return folder


def write(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def whales(count, photos):
    return {f"w{number:02d}": photos for number in range(count)}


def protocol_of(*photos):
    """A protocol of (individual, part) pairs."""
    individuals, parts = zip(*photos, strict=True)
    images = tuple(f"{row}.jpg" for row in range(len(photos)))
    return Protocol(images, individuals, np.zeros((len(photos), 4)), np.array(parts, "U16"))


SMALL = protocol_of(
    ("a", TRAIN), ("u", UNSEEN_QUERY), ("b", TRAIN), ("u", UNSEEN_GALLERY), ("a", QUERY),
    ("b", TRAIN), (NEW, QUERY_NEW), ("v", UNSEEN_GALLERY), (NEW, NEGATIVE),
)  # fmt: skip
"""Asked in this order: u, a, new; gallery: a, b, u, b, v."""


def test_every_part_has_the_photos_that_arithmetic_says(tmp_path):
    # 25 individuals: 3 unseen, 1 set aside, 21 trained; of six photos each 2 queries, 1 to
    # validate, 3 to learn. 42 queries ask for 10 new whales; 7 of the other 21 validate.
    protocol = deal(kaggle_folder(tmp_path / "k", {**whales(25, 6), NEW: 31}))
    assert Counter(protocol.part.tolist()) == {
        TRAIN: 63,
        VALID: 21,
        QUERY: 42,
        VALID_NEW: 6 + 7,
        QUERY_NEW: 10,
        UNSEEN_QUERY: 3,
        UNSEEN_GALLERY: 15,
        NEGATIVE: 14,
    }


def test_training_never_sees_individuals_of_the_unseen_population_or_new_whales(tmp_path):
    protocol = deal(kaggle_folder(tmp_path / "k", {**whales(25, 6), NEW: 31}))
    trained = set(protocol.names(TRAIN))
    assert set(protocol.names(QUERY, VALID)) == trained
    assert not trained & set(protocol.names(UNSEEN_QUERY, VALID_NEW, QUERY_NEW, NEGATIVE))
    assert protocol.names(UNSEEN_QUERY) == protocol.names(UNSEEN_GALLERY)
    assert len(protocol.names(VALID_NEW)) == 2  # new_whale, and an individual set aside


def test_individuals_with_few_photos_are_learnt_from_alone(tmp_path):
    protocol = deal(kaggle_folder(tmp_path / "k", {"one": 1, "three": 3, NEW: 3}))
    assert Counter(protocol.part.tolist()) == {TRAIN: 4, VALID_NEW: 1, NEGATIVE: 2}


def test_the_deal_is_the_same_for_a_seed_and_another_for_another(tmp_path):
    folder = kaggle_folder(tmp_path / "k", {**whales(25, 6), NEW: 31})
    parts = [deal(folder, seed).part for seed in (0, 0, 1)]
    assert np.array_equal(parts[0], parts[1])
    assert not np.array_equal(parts[0], parts[2])


def test_near_duplicates_are_on_one_side(tmp_path):
    twins = [(f"w{number:02d}-0.jpg", f"w{number:02d}-1.jpg", "same_label") for number in range(25)]
    protocol = deal(kaggle_folder(tmp_path / "k", {**whales(25, 6), NEW: 31}, twins))
    part = dict(zip(protocol.images, protocol.part, strict=True))
    pairs = [(part[one], part[other]) for one, other, _ in twins]
    assert all(one == other or UNUSED in (one, other) for one, other in pairs)
    left = [set(pair) - {UNUSED} for pair in pairs if UNUSED in pair]
    assert left
    # What a photo left out would have been a copy of is still there.
    assert all(len(one) == 1 for one in left)


def test_a_query_whose_gallery_were_its_near_duplicates_is_left_out(tmp_path):
    twins = [(f"w{number:02d}-0.jpg", f"w{number:02d}-1.jpg", "same_label") for number in range(20)]
    protocol = deal(kaggle_folder(tmp_path / "k", {**whales(20, 2), NEW: 3}, twins))
    # 2 unseen individuals lose both photos; 1 is set aside, 17 are trained.
    assert Counter(protocol.part.tolist()) == {TRAIN: 34, VALID_NEW: 3, NEGATIVE: 2, UNUSED: 4}


def test_every_known_photo_that_is_asked_has_its_individual_in_the_gallery(flukes):
    protocol = deal(flukes)
    for asked, gallery in GALLERY_OF.items():
        assert set(protocol.names(asked)) <= set(protocol.names(gallery))
    assert len(protocol.rows(QUERY_NEW)) / len(protocol.rows(QUERY, QUERY_NEW)) == pytest.approx(
        0.2, abs=0.005
    )


def test_too_few_new_whales_are_refused_in_one_sentence(tmp_path):
    folder = kaggle_folder(tmp_path / "k", {**whales(25, 6), NEW: 12})
    with pytest.raises(SettingsError, match="12 photos of new whales are too few: 10 are needed"):
        deal(folder)


def test_photos_without_a_box_or_a_file_play_no_part(tmp_path):
    folder = kaggle_folder(tmp_path / "k", {"one": 3, NEW: 3})
    (folder / "train" / "one-0.jpg").unlink()
    assert "one-0.jpg" not in deal(folder).images


def test_individuals_stand_in_their_column_of_a_list_or_nowhere():
    rows = SMALL.rows(*ASKED)
    np.testing.assert_array_equal(rows, [1, 4, 6])
    np.testing.assert_array_equal(SMALL.columns(rows, ("a", "u")), [1, 0, -1])


def test_an_individual_counts_with_its_best_photo():
    values = np.array([[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [0, 7, 0, 8, 9]])
    lists = per_individual(SMALL, values)
    np.testing.assert_array_equal(lists.closed, [[5, 4], [0, 8]])  # a and b, without u and v
    np.testing.assert_array_equal(lists.unseen, [[1, 4, 3, 5]])  # a, b, u, v
    assert lists.trained == 2


def test_only_photos_of_those_who_are_looked_at_in_any_list_are_matched():
    looked = Looked(np.eye(2, dtype=bool), np.eye(1, 4, dtype=bool), np.eye(1, 2, 1, dtype=bool))
    np.testing.assert_array_equal(
        wanted_pairs(SMALL, looked),
        # In the list of all a is looked at for u, in the one of unseen ones v.
        [[1, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0, 1, 0, 1, 0]],
    )


def test_all_photos_are_matched_for_everybody_but_unseen_ones_with_the_closed_set():
    logits = Lists(np.zeros((2, 2)), np.zeros((1, 4)))
    np.testing.assert_array_equal(
        wanted_pairs(SMALL, everybody(logits)), [[1, 1, 1, 1, 1], [1, 1, 0, 1, 0], [1, 1, 0, 1, 0]]
    )


def test_values_fall_along_the_order_and_equal_ones_stand_alike_in_every_row():
    values = np.array([[0.0, 5.0, 0.0, 1.0], [0.0, 0.0, 0.0, 7.0], [3.0, 3.0, 3.0, 3.0]])
    order = ordered(values)
    assert list(order[0][:2]) == [1, 3]
    assert order[1][0] == 3
    drawn = list(order[2])
    assert sorted(drawn) == [0, 1, 2, 3]
    assert [column for column in drawn if column in (0, 2)] == list(order[0][2:])
