import random
from collections import defaultdict

import numpy as np
import pytest

from whalecore.errors import SettingsError
from whalecore.photos.splits import PARTS, plan_folds


def collection(seed: int, individuals: int = 40, tangled: float = 0.02):
    """A made-up catalogue: encounters, unknown animals, near-duplicates within and across."""
    generator = random.Random(seed)
    rows = []
    for number in range(individuals):
        for encounter in range(generator.choice([1, 1, 2, 3, 6])):
            name = None if generator.random() < 0.2 else f"e{encounter}"
            rows += [(f"w_{number}", name)] * generator.choice([1, 1, 2, 4])
    rows += [(None, generator.choice([None, f"u{n // 2}"])) for n in range(individuals)]
    groups = list(range(len(rows)))
    for row in range(len(rows)):
        if generator.random() < tangled:
            groups[row] = groups[generator.randrange(len(rows))]
    return [row[0] for row in rows], [row[1] for row in rows], groups


def brute_force_atoms(individuals, encounters, groups) -> list[set[int]]:
    """Joins sets until nothing changes: slow and plain."""
    sets = [{row} for row in range(len(individuals))]
    for a in range(len(individuals)):
        for b in range(a):
            same = encounters[a] is not None and (individuals[a], encounters[a]) == (
                individuals[b],
                encounters[b],
            )
            if same or groups[a] == groups[b]:
                together = sets[a] | sets[b]
                for row in together:
                    sets[row] = together
    return [each for row, each in enumerate(sets) if min(each) == row]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("folds", [2, 4, 5])
def test_no_encounter_and_no_near_duplicates_are_divided(seed, folds):
    data = collection(seed)
    split = plan_folds(*data, folds=folds, seed=seed)
    for atom in brute_force_atoms(*data):
        rows = sorted(atom)
        assert len(set(split.fold[rows])) == 1
        assert len(set(split.part[rows])) == 1
    assert split.divided == ()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("folds", [3, 4, 5])
def test_every_individual_with_two_atoms_is_in_training_of_every_fold_unless_held_out(seed, folds):
    individuals, encounters, groups = collection(seed)
    split = plan_folds(individuals, encounters, groups, folds=folds, seed=seed)
    atoms_of = defaultdict(int)
    for atom in brute_force_atoms(individuals, encounters, groups):
        for individual in {individuals[row] for row in atom} - {None}:
            atoms_of[individual] += 1
    for individual, atoms in atoms_of.items():
        rows = [row for row, name in enumerate(individuals) if name == individual]
        present = set(split.fold[rows])
        if individual in split.held_out:
            assert atoms >= 2
            assert len(present) == 1
            assert len(set(split.part[rows])) == 1
        else:
            assert (len(present) >= 2) == (atoms >= 2)
        assert split.known[rows].all() == (len(present) >= 2)


@pytest.mark.parametrize("seed", range(8))
def test_the_share_of_held_out_individuals_is_what_was_asked_for(seed):
    individuals, encounters, groups = collection(seed, individuals=100, tangled=0)
    several = sum(
        len({encounters[r] or r for r, name in enumerate(individuals) if name == individual}) > 1
        for individual in set(individuals) - {None}
    )
    for share in (0, 0.1, 0.3):
        split = plan_folds(individuals, encounters, groups, held_out_individuals=share, seed=seed)
        assert len(split.held_out) == round(share * several)
        homes = [split.fold[individuals.index(name)] for name in split.held_out]
        counts = np.bincount(homes, minlength=4) if homes else np.zeros(4)
        assert counts.max() - counts.min() <= 1


def test_an_individual_with_one_atom_and_an_unknown_animal_are_never_known():
    split = plan_folds(
        ["a", "a", "b", None, "c", "c"], ["e1", "e1", None, None, "e1", "e2"], range(6)
    )
    assert split.known[:4].tolist() == [False] * 4
    assert split.fold[0] == split.fold[1]


def test_two_individuals_with_one_near_duplicate_between_them_keep_their_promise():
    individuals = ["a", "a", "b", "b"]
    split = plan_folds(individuals, [None] * 4, [0, 1, 1, 2], folds=2, held_out_individuals=0)
    assert split.fold[1] == split.fold[2]
    assert split.fold[0] != split.fold[1]
    assert split.fold[3] != split.fold[2]
    assert split.known.all()


@pytest.mark.parametrize("seed", range(4))
def test_folds_and_parts_are_about_even(seed):
    data = collection(seed, individuals=150)
    split = plan_folds(*data, seed=seed)
    photos = len(data[0])
    assert np.abs(np.bincount(split.fold) - photos / 4).max() <= 0.05 * photos
    for fold in range(4):
        for known in (True, False):
            here = (split.fold == fold) & (split.known == known)
            share = (split.part[here] == "test").mean()
            assert 0.35 <= share <= 0.65
    assert set(split.part) == set(PARTS)


def test_the_plan_depends_on_the_seed_and_on_nothing_else():
    data = collection(3)
    first, again, other = (plan_folds(*data, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(first.fold, again.fold)
    assert np.array_equal(first.part, again.part)
    assert first.held_out == again.held_out
    assert not np.array_equal(first.fold, other.fold)


@pytest.mark.parametrize("seed", range(6))
def test_with_photo_ids_the_order_of_the_rows_changes_nothing(seed):
    individuals, encounters, groups = collection(seed, tangled=0.05)
    ids = [f"{row:016x}" for row in range(len(individuals))]
    straight = plan_folds(individuals, encounters, groups, photo_ids=ids)
    order = list(range(len(ids)))
    random.Random(seed).shuffle(order)
    mixed = plan_folds(
        [individuals[row] for row in order],
        [encounters[row] for row in order],
        [groups[row] for row in order],
        photo_ids=[ids[row] for row in order],
    )
    assert np.array_equal(mixed.fold, straight.fold[order])
    assert np.array_equal(mixed.part, straight.part[order])
    assert mixed.held_out == straight.held_out


@pytest.mark.parametrize("seed", range(8))
def test_photos_added_later_leave_the_earlier_plan_as_it_is(seed):
    individuals, encounters, groups = collection(seed)
    rows = list(range(len(individuals)))
    old = sorted(random.Random(seed).sample(rows, len(rows) // 2))
    before = plan_folds(*([column[row] for row in old] for column in collection(seed)), seed=seed)
    existing = {row: (int(before.fold[n]), str(before.part[n])) for n, row in enumerate(old)}
    after = plan_folds(individuals, encounters, groups, seed=seed, existing=existing)
    assert np.array_equal(after.fold[old], before.fold)
    assert np.array_equal(after.part[old], before.part)
    for atom in brute_force_atoms(individuals, encounters, groups):
        members = tuple(sorted(atom))
        divided = len({existing[row] for row in members if row in existing}) > 1
        assert divided == (members in after.divided)
        if not divided:
            assert len({(after.fold[r], after.part[r]) for r in members}) == 1
    for individual in set(after.held_out) & set(before.held_out):
        assert len({after.fold[r] for r in rows if individuals[r] == individual}) == 1


def test_a_second_sighting_makes_an_individual_known():
    before = plan_folds(["a"], [None], [0])
    existing = {0: (int(before.fold[0]), str(before.part[0]))}
    after = plan_folds(["a", "a"], [None, None], [0, 1], existing=existing, held_out_individuals=0)
    assert not before.known.any()
    assert after.known.all()


def test_planning_again_with_everything_existing_changes_nothing():
    data = collection(1)
    first = plan_folds(*data)
    existing = {
        row: (int(fold), str(part))
        for row, (fold, part) in enumerate(zip(first.fold, first.part, strict=True))
    }
    again = plan_folds(*data, existing=existing)
    assert np.array_equal(again.fold, first.fold)
    assert np.array_equal(again.part, first.part)
    assert again.held_out == first.held_out


def test_no_photos_give_an_empty_plan():
    assert plan_folds([], [], []).fold.shape == (0,)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"folds": 1}, "number of folds is 1"),
        ({"held_out_individuals": 1.0}, "choose 0 or more and less than 1"),
        ({"held_out_individuals": float("nan")}, "choose 0 or more and less than 1"),
        ({"existing": {0: (7, "test")}}, "does not fit"),
        ({"existing": {0: (0, "train")}}, "does not fit"),
        ({"existing": {9: (0, "test")}}, "does not fit"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(change, sentence):
    with pytest.raises(SettingsError, match=sentence):
        plan_folds(["a", "b"], [None, None], [0, 1], **change)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(SettingsError, match="one per photo"):
        plan_folds(["a", "b"], [None], [0, 1])
