"""Drawn flukes: the same for the same seed, and true about themselves."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from whalecore.errors import SettingsError
from whalecore.photos.synthetic import (
    CollectionSettings,
    canvas,
    draw_collection,
    draw_encounter,
    plan_encounters,
)
from whalecore.photos.synthetic.animal import FEATURES, design_animal
from whalecore.photos.synthetic.camera import take_photo
from whalecore.photos.synthetic.outline import FIRST_YEAR, draw_outline
from whalecore.photos.synthetic.pose import Pose, look, to_photo
from whalecore.photos.synthetic.shooting import FAULTS, choose_conditions, plan_photo
from whalecore.photos.synthetic.skin import OUTER_FIFTH, Skin, draw_skin

SMALL = CollectionSettings(
    individuals=8, photos=56, new_individuals=4, new_photos=12, spoilt_share=0.25, seed=3
)


@pytest.fixture(scope="module")
def drawings():
    return list(draw_collection(SMALL))


def test_the_same_seed_draws_the_same_photos(drawings):
    assert len(drawings) == 56
    for one, other in zip(islice(draw_collection(SMALL), 12), drawings, strict=False):
        assert np.array_equal(one.pixels, other.pixels)
        assert one.masks.keys() == other.masks.keys()
        assert all(np.array_equal(one.masks[name], other.masks[name]) for name in one.masks)
        assert (one.name, one.encounter) == (other.name, other.encounter)
        assert one.taken_at == other.taken_at


def test_another_seed_draws_other_photos(drawings):
    other = next(draw_collection(CollectionSettings(8, 56, 4, 12, seed=4)))
    assert other.pixels.shape != drawings[0].pixels.shape or not np.array_equal(
        other.pixels, drawings[0].pixels
    )


def test_a_photo_does_not_depend_on_the_photos_drawn_before_it(drawings):
    last = plan_encounters(SMALL)[-1]
    alone = list(draw_encounter(SMALL, last))[-1]
    assert np.array_equal(alone.pixels, drawings[-1].pixels)


def test_each_feature_lies_inside_the_fluke_and_has_a_known_name(drawings):
    for drawing in drawings:
        fluke = drawing.masks["fluke"]
        features = set(drawing.masks) - {"fluke"}
        assert 1 <= len(features) <= 3
        assert features <= set(FEATURES)
        for mask in drawing.masks.values():
            assert mask.dtype == bool
            assert mask.shape == drawing.pixels.shape[:2]
            assert not (mask & ~fluke).any()


def test_all_photos_of_an_individual_have_the_same_features(drawings):
    features = defaultdict(set)
    for drawing in drawings:
        features[drawing.true_individual].add(frozenset(drawing.masks))
    assert all(len(kinds) == 1 for kinds in features.values())


def test_the_features_are_large_enough_to_be_seen(drawings):
    shares = defaultdict(list)
    for drawing in drawings:
        if drawing.identifiable:
            for name, mask in drawing.masks.items():
                shares[name].append(mask.sum() / (drawing.box.width * drawing.box.height))
    # 128 x 256 pixels of a crop, times this share, is at least a square of 12 x 12.
    for kind in FEATURES:
        assert np.median(shares[kind]) * 128 * 256 > 144


def test_the_box_is_the_extent_of_the_fluke_mask(drawings):
    for drawing in drawings:
        rows, columns = np.nonzero(drawing.masks["fluke"])
        box = drawing.box
        assert (box.x0, box.x1) == (columns.min(), columns.max() + 1)
        assert (box.y0, box.y1) == (rows.min(), rows.max() + 1)


def test_a_usual_fluke_fills_a_good_part_of_the_photo_and_one_too_far_away_does_not(drawings):
    usual = [d.box.width / d.pixels.shape[1] for d in drawings if d.identifiable]
    assert min(usual) > 0.25
    assert max(usual) < 0.95
    rng = np.random.default_rng(0)
    plans = [plan_photo(rng, 320, 168, -0.1, 1.0) for _ in range(60)]
    far = [plan.pose.half_span for plan in plans if "too far away" in plan.faults]
    near = [plan.pose.half_span for plan in plans if "too far away" not in plan.faults]
    assert max(far) < 0.6 * min(near)


def test_a_point_of_the_fluke_is_drawn_where_the_pose_puts_it():
    sheet = (canvas.HEIGHT, canvas.WIDTH)
    spot = canvas.discs(np.array([(0.5, 0.1)]), np.array([0.05])) > 0.5
    whole = np.ones(sheet, bool)
    skin = Skin(np.zeros(sheet, np.float32), whole, whole, {"scar": spot})
    pose = Pose(
        x=150.0,
        y=70.0,
        half_span=100.0,
        steepness=0.8,
        roll=0.2,
        turn=(0.9, 0.8),
        lift=(0.02, 0.1),
        curl=0.05,
        perspective=0.1,
        waterline=120.0,
    )
    rows, columns = np.nonzero(look(skin, pose, 160, 320).features["scar"])
    x, y = to_photo(pose, 0.5, 0.1)
    assert columns.mean() + 0.5 == pytest.approx(x, abs=1.0)
    assert rows.mean() + 0.5 == pytest.approx(y, abs=1.0)


def test_what_is_under_water_is_not_counted_as_visible():
    rng = np.random.default_rng(0)
    animal = design_animal(0, 0)
    skin = draw_skin(animal, FIRST_YEAR)
    plan = plan_photo(rng, 320, 168, -0.1, 0.0)
    conditions = choose_conditions(rng, 0.3)
    pose = replace(plan.pose, waterline=plan.pose.y + 10.0)
    whole = look(skin, pose, plan.height, plan.width).shape
    shot = take_photo(rng, skin, pose, conditions, plan.mishaps, plan.height, plan.width)
    deepest = int(pose.waterline) + 8  # Waves reach 7 pixels from the waterline.
    assert whole[deepest:].sum() > 100
    assert shot.masks["fluke"][: int(pose.waterline) - 8].sum() > 100
    assert not any(mask[deepest:].any() for mask in shot.masks.values())


@pytest.mark.parametrize("number", range(4))
def test_ageing_changes_the_outer_fifth_more_than_the_rest(number):
    animal = design_animal(0, number)
    young, old = draw_skin(animal, FIRST_YEAR), draw_skin(animal, FIRST_YEAR + 6)
    span = np.abs(canvas.coordinates()[0]) * np.ones_like(young.brightness)
    both = young.present & old.present
    change = np.abs(young.brightness - old.brightness)
    outer = change[both & (span > OUTER_FIFTH)].mean()
    inner = change[both & (span < OUTER_FIFTH - 0.05)].mean()
    assert 0 < inner < 0.5 * outer


def test_the_identifying_features_stay_while_the_animal_ages():
    for number in range(4):
        animal = design_animal(0, number)
        young, old = draw_skin(animal, FIRST_YEAR), draw_skin(animal, FIRST_YEAR + 6)
        for kind, mask in young.features.items():
            shared = (mask & old.features[kind]).sum()
            assert shared > 0.8 * (mask | old.features[kind]).sum()


def test_features_differ_in_tone_from_the_skin_around_them():
    for number in range(6):
        skin = draw_skin(design_animal(1, number), FIRST_YEAR)
        if "pigment" in skin.features:
            patch = skin.features["pigment"]
            reach = np.lib.stride_tricks.sliding_window_view(np.pad(patch, 8), (17, 17))
            around = reach.any(axis=(2, 3)) & ~patch & skin.present
            contrast = skin.brightness[patch].mean() - skin.brightness[around].mean()
            assert abs(contrast) > 0.25


def test_notches_are_cut_out_of_the_fluke_and_their_mask_covers_the_cuts():
    for number in range(6):
        animal = design_animal(0, number)
        skin = draw_skin(animal, FIRST_YEAR)
        missing = skin.shape & ~skin.present
        if "notches" in skin.features:
            assert missing.sum() > 100
            assert (missing & skin.features["notches"]).sum() > 0.6 * missing.sum()
        else:
            assert not missing.any()


def test_the_trailing_edge_lies_above_the_leading_edge_from_midline_to_tip():
    for number in range(30):
        outline = draw_outline(design_animal(5, number), FIRST_YEAR + 3)
        for side in (-1, 1):
            leading, trailing = outline.chord_ends(side, np.linspace(0.05, 0.98, 60))
            assert (trailing > leading).all()


def test_individuals_and_photos_are_as_many_as_asked_for():
    settings = CollectionSettings()
    met = plan_encounters(settings)
    photos = Counter()
    for encounter in met:
        photos[(encounter.animal, encounter.known)] += len(encounter.photos)
    known = [count for (_, is_known), count in photos.items() if is_known]
    new = [count for (_, is_known), count in photos.items() if not is_known]
    assert (len(known), sum(known)) == (64, 620)
    assert (len(new), sum(new)) == (24, 80)
    assert min(known) < 6 < 8 < np.median(known)


def test_an_encounter_is_one_animal_on_one_day_at_one_place(drawings):
    met = defaultdict(list)
    for drawing in drawings:
        met[drawing.encounter].append(drawing)
    for name, photos in met.items():
        assert 1 <= len(photos) <= 3
        assert len({photo.true_individual for photo in photos}) == 1
        assert len({(photo.latitude, photo.longitude) for photo in photos}) == 1
        assert {f"{photo.taken_at:%Y-%m-%d}" for photo in photos} == {name[:10]}
        assert {photo.year for photo in photos} == {photos[0].taken_at.year}
        assert 40 < photos[0].latitude < 46
        assert -72 < photos[0].longitude < -65
    days = Counter((p[0].true_individual, p[0].taken_at.date()) for p in met.values())
    assert max(days.values()) == 1


def test_photos_are_numbered_by_date(drawings):
    assert [drawing.name for drawing in drawings] == [f"fluke_{i:04d}" for i in range(56)]
    starts = [encounter.taken_at for encounter in plan_encounters(SMALL)]
    assert starts == sorted(starts)


def test_new_individuals_have_no_reference_but_a_true_name(drawings):
    new = {d.true_individual for d in drawings if d.individual is None}
    known = {d.individual for d in drawings if d.individual is not None}
    assert known == {f"demo_{i:03d}" for i in range(8)}
    assert new == {f"demo_{i:03d}" for i in range(8, 12)}
    assert all(d.individual in (None, d.true_individual) for d in drawings)


def test_spoilt_photos_say_why_and_keep_their_reference(drawings):
    spoilt = [drawing for drawing in drawings if drawing.spoilt]
    assert 5 <= len(spoilt) <= 25
    assert all(set(drawing.spoilt) <= set(FAULTS) for drawing in spoilt)
    assert all(drawing.identifiable == (not drawing.spoilt) for drawing in drawings)
    assert any(drawing.individual for drawing in spoilt)


def test_a_collection_without_spoilt_or_grey_photos_can_be_drawn():
    settings = CollectionSettings(2, 6, 0, 0, spoilt_share=0.0, grey_share=0.0)
    for drawing in draw_collection(settings):
        assert drawing.identifiable
        assert drawing.individual is not None
        assert (drawing.pixels[..., 0] != drawing.pixels[..., 2]).any()


def test_about_a_third_of_the_photos_are_grey(drawings):
    grey = [np.ptp(drawing.pixels.astype(int), axis=2).max() == 0 for drawing in drawings]
    assert 0.15 < np.mean(grey) < 0.6


def test_photos_are_small_files_of_the_size_asked_for(drawings):
    sizes = []
    for drawing in drawings:
        height, width, channels = drawing.pixels.shape
        assert (width, channels, drawing.pixels.dtype) == (320, 3, np.uint8)
        assert 0.8 * 168 <= height <= 1.2 * 168
        file = io.BytesIO()
        Image.fromarray(drawing.pixels).save(file, "JPEG", quality=80)
        sizes.append(file.tell())
    assert np.mean(sizes) < 8_500


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"individuals": 0}, "at least 2 photos of each"),
        ({"photos": 100}, "20 photos of 64 known individuals"),
        ({"new_individuals": 0}, "0 new individuals"),
        ({"new_photos": 5}, "5 photos of 24 new individuals"),
        ({"spoilt_share": 1.5}, "spoilt share is 1.5"),
        ({"width": 20}, "20 x 168 pixels"),
    ],
)
def test_settings_that_cannot_be_drawn_are_refused_in_one_sentence(changes, said):
    with pytest.raises(SettingsError, match=said):
        CollectionSettings(**changes)
