"""Occlusion maps against hand arithmetic and a brute-force twin."""

import itertools

import numpy as np
import pytest
import torch

from tests.residual import LinearIdentifier, random_photos, residual_identifier
from whalecore.errors import SettingsError
from whalecore.explain import choice, occlusion
from whalecore.explain.occlusion import finished_maps, growing_maps, occlusion_maps
from whalecore.explain.shortage import is_shortage
from whalecore.types import Computing, OcclusionMaps, OcclusionSettings, Photo


def whole_number_input(identifier, seed=1):
    generator = torch.Generator().manual_seed(seed)
    shape = (3, identifier.height, identifier.width)
    return torch.randint(-4, 5, shape, generator=generator).float()


def twin(identifier, prepared, individuals, patch, stride, fill, target):
    """The definition, one position at a time."""
    columns = [identifier.individuals.index(name) for name in individuals]

    def scores(x):
        logits = identifier.logits(x[None])
        return (identifier.scores(logits) if target == "probability" else logits)[0, columns]

    rows, cols = -(-identifier.height // stride), -(-identifier.width // stride)
    out = np.zeros((len(columns), rows, cols))
    for i in range(rows):
        for j in range(cols):
            y = stride * i + (stride - 1) // 2
            x = stride * j + (stride - 1) // 2
            covered = prepared.clone()
            top, left = y - (patch - 1) // 2, x - (patch - 1) // 2
            covered[:, max(0, top) : top + patch, max(0, left) : left + patch] = fill
            out[:, i, j] = (scores(prepared) - scores(covered)).numpy()
    return out


CASES = [  # height, width, patch, stride: odd and even, dividing and not, patch beyond the photo
    (9, 11, 5, 4),
    (9, 11, 5, 1),
    (8, 12, 4, 4),
    (8, 12, 4, 3),
    (7, 10, 6, 4),
    (5, 5, 3, 3),
    (5, 9, 1, 1),
    (5, 13, 20, 7),
]


@pytest.mark.parametrize(("height", "width", "patch", "stride"), CASES)
def test_a_linear_identifier_gives_the_hand_computed_sum_at_every_place(
    height, width, patch, stride
):
    identifier = LinearIdentifier(height, width)
    prepared = whole_number_input(identifier)
    maps = occlusion_maps(
        identifier, prepared, identifier.individuals, patch, stride, fill=2.0, target="logit"
    )
    influence = (identifier.weights * (prepared - 2.0)).sum(1).numpy()
    for i, y in enumerate(range((stride - 1) // 2, stride * maps.shape[1], stride)):
        for j, x in enumerate(range((stride - 1) // 2, stride * maps.shape[2], stride)):
            top, left = y - (patch - 1) // 2, x - (patch - 1) // 2
            square = influence[:, max(0, top) : top + patch, max(0, left) : left + patch]
            assert maps[:, i, j] == pytest.approx(square.sum(axis=(1, 2)), abs=0)


@pytest.mark.parametrize(("height", "width", "patch", "stride"), CASES)
@pytest.mark.parametrize("target", ["probability", "logit"])
def test_maps_equal_the_brute_force_twin(height, width, patch, stride, target):
    identifier = LinearIdentifier(height, width)
    prepared = whole_number_input(identifier)
    names = ("w2", "w0")
    maps = occlusion_maps(identifier, prepared, names, patch, stride, 0.0, target)
    expected = twin(identifier, prepared, names, patch, stride, 0.0, target)
    assert maps.dtype == np.float32
    assert maps.shape == expected.shape
    np.testing.assert_allclose(maps, expected, atol=1e-6)


def test_the_corners_cover_only_what_lies_inside_the_photo():
    identifier = LinearIdentifier(6, 7, individuals=1)
    identifier.weights = torch.ones_like(identifier.weights)
    maps = occlusion_maps(identifier, torch.ones(3, 6, 7), "w0", 3, 1, 0.0, "logit")[0]
    pixels = maps / 3
    assert (pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]) == (4, 4, 4, 4)
    assert (pixels[0, 1:-1] == 6).all()
    assert (pixels[-1, 1:-1] == 6).all()
    assert (pixels[1:-1, 0] == 6).all()
    assert (pixels[1:-1, -1] == 6).all()
    assert (pixels[1:-1, 1:-1] == 9).all()


def test_a_place_that_supports_the_individual_is_positive_and_one_against_it_negative():
    identifier = LinearIdentifier(5, 5, individuals=1)
    identifier.weights = torch.zeros(1, 3, 5, 5)
    identifier.weights[0, :, 1, 1], identifier.weights[0, :, 3, 3] = 1, -2
    maps = occlusion_maps(identifier, torch.ones(3, 5, 5), "w0", 1, 1, 0.0, "logit")[0]
    assert maps[1, 1] == 3
    assert maps[3, 3] == -6
    assert np.count_nonzero(maps) == 2


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_the_batch_size_does_not_change_the_maps(monkeypatch, batch):
    identifier = LinearIdentifier(40, 70)
    prepared = whole_number_input(identifier)
    usual = occlusion_maps(identifier, prepared, ("w0",), 1, 1, target="logit")
    monkeypatch.setattr(choice, "REFERENCE_BATCH", batch)
    identifier.batch_sizes.clear()
    maps = occlusion_maps(identifier, prepared, ("w0",), 1, 1, target="logit")
    assert max(identifier.batch_sizes) == min(batch, 6)
    np.testing.assert_array_equal(maps, usual)


def test_all_individuals_come_from_one_pass_without_gradients():
    identifier = LinearIdentifier()
    occlusion_maps(identifier, whole_number_input(identifier), identifier.individuals)
    clean, positions = 1, 9
    assert sum(identifier.batch_sizes) == clean + positions
    assert not any(identifier.recorded_gradients)


def test_progress_ends_with_everything_done_and_no_time_left():
    identifier = LinearIdentifier()
    seen = []
    occlusion_maps(identifier, whole_number_input(identifier), "w0", progress=seen.append)
    assert [(report.done, report.total) for report in seen] == [(done, 9) for done in range(1, 10)]
    assert seen[0].seconds_left > 0
    assert seen[-1].seconds_left == 0


def test_a_photo_is_cropped_where_the_identifier_locates_it():
    identifier = LinearIdentifier()
    pixels = np.random.default_rng(0).integers(0, 9, (10, 12, 3), dtype=np.uint8)
    photo = Photo("0" * 16, "a.jpg", pixels)
    cropped = torch.from_numpy(pixels[1:, 1:].copy()).permute(2, 0, 1).float()
    np.testing.assert_array_equal(
        occlusion_maps(identifier, photo, "w1"), occlusion_maps(identifier, cropped, "w1")
    )


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"individuals": ("w0", "nobody")}, "nobody"),
        ({"individuals": ()}, "at least one"),
        ({"patch": 3, "stride": 4}, "never be covered"),
        ({"target": "loss"}, "loss"),
        ({"accuracy": 0.3}, "accuracy 0.3"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused_in_one_sentence(arguments, part):
    identifier = LinearIdentifier()
    arguments = {"individuals": ("w0",), **arguments}
    with pytest.raises(SettingsError, match=part):
        occlusion_maps(identifier, whole_number_input(identifier), **arguments)


def test_a_batch_of_photos_is_refused():
    with pytest.raises(SettingsError, match="one photo at a time"):
        occlusion_maps(LinearIdentifier(), torch.zeros(2, 3, 9, 11), ("w0",))


@pytest.fixture(scope="module")
def residual():
    return residual_identifier("resnet18", individuals=3, height=32, width=64)


@pytest.fixture(scope="module")
def photo():
    return random_photos(1, 32, 64)[0]


SETTINGS = OcclusionSettings(patch=5, stride=4, fill=2.0, target="logit")
NAMES = ("w2", "w0")
EXACT = Computing("exact")
"""Asked for, because brute force takes less for photos as small as these."""


@pytest.fixture
def patient(monkeypatch):
    """Maps are shown after whole levels only, however slow the machine."""
    monkeypatch.setattr(occlusion, "PAUSE", float("inf"))


class Watched:
    """A real engine that writes down which positions it computes."""

    def __init__(self, engine, positions):
        self._engine, self._positions = engine, positions

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def blocks(self, phase):
        for block in self._engine.blocks(phase):
            self._positions += [(row, col) for row in block.rows for col in block.cols]
            yield block


@pytest.fixture
def computed_positions(monkeypatch):
    """Positions that engines compute in this test, in their order."""
    positions, make = [], occlusion.make_engine
    monkeypatch.setattr(
        occlusion, "make_engine", lambda *arguments: Watched(make(*arguments), positions)
    )
    return positions


def test_maps_grow_level_by_level_until_every_position_is_computed(residual, photo, patient):
    maps = list(growing_maps(residual, photo, NAMES, SETTINGS, EXACT))
    sizes = [int(one.computed.sum()) for one in maps]
    # 8 x 16 positions; phases of 8 make grids of distance 8, 4, 2 and 1.
    assert sizes == [2, 8, 32, 128]
    for coarse, fine in itertools.pairwise(maps):
        assert (fine.computed | ~coarse.computed).all()
        assert not coarse.complete
    assert maps[-1].complete
    assert maps[-1].engine == "exact"
    assert maps[-1].correlation is None
    assert maps[-1].deviation is None


def test_a_stopped_map_holds_its_computed_positions_and_estimates_the_others(
    residual, photo, patient
):
    *stopped, finished = growing_maps(residual, photo, NAMES, SETTINGS, EXACT)
    for maps in stopped:
        assert maps.individuals == NAMES
        assert maps.values.shape == finished.values.shape
        same = maps.values == finished.values
        assert same[:, maps.computed].all()
        assert not same[:, ~maps.computed].any()


@pytest.mark.parametrize("level", range(4))
def test_a_run_started_from_a_stopped_level_computes_only_the_rest(
    residual, photo, patient, computed_positions, level
):
    whole = finished_maps(residual, photo, NAMES, SETTINGS, EXACT)
    assert sorted(computed_positions) == list(itertools.product(range(8), range(16)))
    stopped = next(
        itertools.islice(growing_maps(residual, photo, NAMES, SETTINGS, EXACT), level, None)
    )
    computed_positions.clear()
    continued = list(growing_maps(residual, photo, NAMES, SETTINGS, EXACT, start=stopped))
    missing = set(zip(*np.nonzero(~stopped.computed), strict=True))
    assert len(computed_positions) == len(missing)
    assert set(computed_positions) == missing
    assert len(continued) == max(1, 3 - level)
    np.testing.assert_array_equal(continued[-1].values, whole.values)
    assert continued[-1].complete


def test_a_level_that_takes_long_shows_what_it_has(monkeypatch, residual, photo):
    monkeypatch.setattr(occlusion, "PAUSE", 0)
    sizes = [
        int(maps.computed.sum()) for maps in growing_maps(residual, photo, NAMES, SETTINGS, EXACT)
    ]
    # Phases hold 2 positions each, and one map is shown per phase.
    assert sizes == list(range(2, 129, 2))


def test_a_run_stopped_within_a_level_goes_on_from_there(monkeypatch, residual, photo):
    whole = finished_maps(residual, photo, NAMES, SETTINGS, EXACT)
    monkeypatch.setattr(occlusion, "PAUSE", 0)
    growing = growing_maps(residual, photo, NAMES, SETTINGS, EXACT)
    stopped = next(maps for maps in growing if maps.computed.sum() == 50)
    continued = growing_maps(residual, photo, NAMES, SETTINGS, EXACT, start=stopped)
    assert int(next(continued).computed.sum()) == 52
    np.testing.assert_array_equal(list(continued)[-1].values, whole.values)


def test_a_run_cannot_start_from_maps_of_another_grid_or_other_individuals(residual, photo):
    stopped = next(growing_maps(residual, photo, NAMES, SETTINGS, EXACT))
    finer = OcclusionSettings(patch=5, stride=2, fill=2.0, target="logit")
    for names, settings in ((NAMES, finer), (("w0", "w2"), SETTINGS), (("w2",), SETTINGS)):
        with pytest.raises(SettingsError, match="another grid: begin anew"):
            next(growing_maps(residual, photo, names, settings, EXACT, start=stopped))


@pytest.mark.parametrize("target", ["probability", "logit"])
def test_both_engines_give_the_same_maps(residual, photo, target):
    settings = OcclusionSettings(patch=5, stride=4, fill=2.0, target=target)
    exact, reference = (
        finished_maps(residual, photo, NAMES, settings, Computing(engine))
        for engine in ("exact", "reference")
    )
    assert (exact.engine, reference.engine) == ("exact", "reference")
    for actual, expected in zip(exact.values, reference.values, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-4 * np.ptp(expected))


def test_shorter_numbers_are_named_and_their_deviation_is_recorded(residual, photo):
    exact = finished_maps(residual, photo, NAMES, SETTINGS, EXACT)
    rough = finished_maps(
        residual, photo, NAMES, SETTINGS, Computing("exact", precision="bfloat16")
    )
    assert rough.engine == "exact bfloat16"
    coarsest = next(growing_maps(residual, photo, NAMES, SETTINGS, EXACT)).computed
    for number, deviation in enumerate(rough.deviation):
        # But for rounding: brute force may be what it is compared with.
        found = np.abs(rough.values - exact.values)[number, coarsest].max()
        assert deviation == pytest.approx(found, rel=1e-4)
        assert 0 < deviation < 0.5 * np.ptp(exact.values[number])


def cpu_shortage(words):
    return RuntimeError(
        f"[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: {words}: you tried to "
        "allocate 137438953472 bytes."
    )


SHORTAGES = {
    "a GPU's": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    "Linux'": cpu_shortage("can't allocate memory"),
    "Windows'": cpu_shortage("not enough memory"),
    "Python's": MemoryError(),
    "a library's": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
}


class Cramped(Watched):
    """A real engine in a memory that holds few covered photos at a time."""

    error = None

    def blocks(self, phase):
        self._positions.append(self.limit)
        for number, block in enumerate(self._engine.blocks(phase)):
            # The first block still fits: what it brought must not be lost or counted twice.
            if number and self.limit > 2:
                raise self.error
            yield block


@pytest.mark.parametrize("error", SHORTAGES.values(), ids=SHORTAGES)
def test_too_little_memory_is_answered_by_smaller_batches(monkeypatch, residual, error):
    settings = OcclusionSettings(patch=5, stride=2, fill=2.0, target="logit")
    photo = random_photos(1, 70, 101)[0]
    make, limits = occlusion.make_engine, []

    def cramped(identifier, images, settings, computing, limit=None):
        made = Cramped(make(identifier, images, settings, computing, limit or 8), limits)
        made.error = error
        return made

    usual = in_the_making(residual, photo, settings)
    list(usual.compute((0, 0)))
    monkeypatch.setattr(occlusion, "make_engine", cramped)
    smaller = in_the_making(residual, photo, settings)
    done = list(smaller.compute((0, 0)))
    assert done == sorted(done)
    assert limits == [8, 4, 2]
    assert smaller.engine.limit == 2
    assert usual.known.any()
    np.testing.assert_array_equal(smaller.known, usual.known)
    np.testing.assert_allclose(
        smaller.values, usual.values, rtol=0, atol=1e-4 * np.ptp(usual.values)
    )


def test_other_errors_are_no_lack_of_memory(monkeypatch, residual, photo):
    make = occlusion.make_engine
    wrong = RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    def cramped(*arguments):
        made = Cramped(make(*arguments[:4], 8), [])
        made.error = wrong
        return made

    monkeypatch.setattr(occlusion, "make_engine", cramped)
    fine = OcclusionSettings(patch=5, stride=2, fill=2.0, target="logit")
    making = in_the_making(residual, random_photos(1, 70, 101)[0], fine)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        list(making.compute((0, 0)))


def test_what_this_computer_says_where_it_has_too_little_memory_is_known():
    with pytest.raises(RuntimeError) as found:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_shortage(found.value)


def in_the_making(identifier, photo, settings):
    columns = [identifier.individuals.index(name) for name in NAMES]
    return occlusion.MapsInTheMaking(identifier, photo, NAMES, columns, settings, EXACT)


def test_brute_force_is_of_full_precision_whatever_is_asked_for(residual, photo):
    rough, full = (
        finished_maps(residual, photo, NAMES, SETTINGS, Computing("reference", precision))
        for precision in ("tf32", "float32")
    )
    assert (rough.engine, rough.deviation) == ("reference", None)
    np.testing.assert_array_equal(rough.values, full.values)


@pytest.mark.parametrize(("first", "then"), [("float32", "bfloat16"), ("bfloat16", "float32")])
def test_maps_are_not_continued_at_another_precision(residual, photo, first, then):
    stopped = next(growing_maps(residual, photo, NAMES, SETTINGS, Computing("exact", first)))
    goes_on = growing_maps(
        residual, photo, NAMES, SETTINGS, Computing("exact", then), start=stopped
    )
    with pytest.raises(SettingsError, match=f"precision {first}, and these {then}"):
        next(goes_on)


def test_what_is_made_beforehand_is_not_made_again_for_a_photo(residual, photo, monkeypatch):
    occlusion.prepare_maps(residual, SETTINGS)
    folded = []
    monkeypatch.setattr(choice, "fold", lambda *given: folded.append(given))
    assert next(growing_maps(residual, photo, NAMES, SETTINGS, EXACT)).engine == "exact"
    assert not folded


class Full(Watched):
    error = None

    def blocks(self, phase):
        self._positions.append(self.limit)
        raise self.error


@pytest.mark.parametrize("error", SHORTAGES.values(), ids=SHORTAGES)
def test_no_memory_for_a_single_covered_photo_is_said_in_one_sentence(
    monkeypatch, residual, photo, error
):
    monkeypatch.setattr(Full, "error", error)
    make, limits = occlusion.make_engine, []
    monkeypatch.setattr(occlusion, "make_engine", lambda *arguments: Full(make(*arguments), limits))
    with pytest.raises(SettingsError, match="too little memory left for a single covered photo"):
        finished_maps(residual, photo, NAMES, SETTINGS, EXACT)
    assert limits == [32, 16, 8, 4, 2, 1]


def test_maps_on_the_way_know_whether_they_are_complete():
    computed = np.array([[True, False]])
    maps = OcclusionMaps(("w0",), np.zeros((1, 1, 2), np.float32), computed, "exact")
    assert not maps.complete
    assert OcclusionMaps(("w0",), maps.values, computed | True, "exact").complete
