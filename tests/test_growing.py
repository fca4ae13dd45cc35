"""Occlusion maps that grow, are stopped or killed, and go on."""

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from tests import lab_rows as row
from tests.stored_values import assert_same_once_stored
from whalecore.errors import LabError
from whalecore.explain import gradcam_batches, occlusion
from whalecore.explain.engines import ExactEngine
from whalecore.explain.gradcam import grad_cam
from whalecore.explain.occlusion import occlusion_maps
from whalecore.lab import create_lab, open_lab
from whalecore.types import Box, Computing, GradCamSettings, OcclusionSettings
from whalecore.workflow import explain as explain_module
from whalecore.workflow.explain import explain_growing, explain_photo, explain_photos

EXACT = Computing(engine="exact")
FINE = OcclusionSettings(patch=4, stride=2)
PLACES = 16 * 32


@pytest.fixture
def photo_id(tiny_lab):
    return min(key[0] for key in tiny_lab.computed_keys("scores", ["photo_id"]))


@pytest.fixture
def computed(monkeypatch):
    """Number of places the engine computed since the test began, in a list of one."""
    count, blocks = [0], ExactEngine.blocks

    def counting(self, phase):
        for block in blocks(self, phase):
            count[0] += len(block.rows) * len(block.cols)
            yield block

    monkeypatch.setattr(ExactEngine, "blocks", counting)
    return count


def stopped_after(lab, photo_id, levels, **other):
    """Compute so many levels and stop; the last maps."""
    growing = explain_growing(lab, photo_id, FINE, computing=EXACT, **other)
    for _ in range(levels):
        maps = next(growing)
    growing.close()
    return maps


def stored(lab, photo_id, settings=FINE):
    rows = lab.rows("heatmaps", photo_id=photo_id, settings=settings.key)
    return {one["individual"]: one for one in rows}


def test_a_map_grows_level_by_level_until_every_place_is_computed(tiny_lab, photo_id):
    counts = [
        int(maps.computed.sum())
        for maps in explain_growing(tiny_lab, photo_id, FINE, computing=EXACT)
    ]
    assert counts == sorted(set(counts))
    assert counts[0] < PLACES / 8
    assert counts[-1] == PLACES
    found = stored(tiny_lab, photo_id)
    assert len(found) == 5
    assert {one["engine"] for one in found.values()} == {"exact"}
    assert {one["correlation"] for one in found.values()} == {None}
    assert not tiny_lab.rows("unfinished_heatmaps")


def test_a_continued_map_repeats_no_work_and_is_that_of_an_uninterrupted_run(
    tiny_lab, tiny_lab_folder, photo_id, computed, tmp_path
):
    half = stopped_after(tiny_lab, photo_id, 2)
    known = int(half.computed.sum())
    assert computed[0] == known
    assert not stored(tiny_lab, photo_id)
    assert {one["computed"] for one in tiny_lab.rows("unfinished_heatmaps")} == {known}
    first = next(maps := explain_growing(tiny_lab, photo_id, FINE, computing=EXACT))
    assert int(first.computed.sum()) > known
    for _ in maps:
        pass
    assert computed[0] == PLACES
    continued = stored(tiny_lab, photo_id)
    untouched = open_lab(shutil.copytree(tiny_lab_folder, tmp_path / "untouched"))
    explain_photo(untouched, photo_id, FINE, computing=EXACT)
    for name, one in stored(untouched, photo_id).items():
        assert_same_once_stored(np.array(continued[name]["values"]), np.array(one["values"]))


def test_a_stopped_map_is_shown_as_it_was_and_says_what_is_computed(tiny_lab, photo_id):
    half = stopped_after(tiny_lab, photo_id, 2)
    model_id = tiny_lab.newest_model_id()
    for name, values in zip(half.individuals, half.values, strict=True):
        found = tiny_lab.unfinished_heatmap(model_id, photo_id, name, FINE)
        assert_same_once_stored(found.values, values)
        assert found.computed == half.computed.sum()
        assert found.engine == "exact"
        (there,) = tiny_lab.rows("unfinished_heatmaps", individual=name)
        np.testing.assert_array_equal(np.isnan(there["values"]), ~half.computed.ravel())


def test_an_interruption_within_a_level_keeps_the_level_before(tiny_lab, photo_id):
    def interrupt(progress):
        if progress.done > PLACES / 2:
            raise KeyboardInterrupt

    growing = explain_growing(tiny_lab, photo_id, FINE, report=interrupt, computing=EXACT)
    known = [int(next(growing).computed.sum()) for _ in range(4)]
    assert known[-1] == PLACES // 4
    with pytest.raises(KeyboardInterrupt):
        next(growing)
    assert {one["computed"] for one in tiny_lab.rows("unfinished_heatmaps")} == {known[-1]}


def test_a_long_run_that_is_interrupted_keeps_the_photo_it_was_at(tiny_lab, monkeypatch, photo_id):
    blocks = ExactEngine.blocks

    def interrupted(self, phase):
        for number, block in enumerate(blocks(self, phase)):
            yield block
            if phase == (15, 15) and not number:
                raise KeyboardInterrupt

    monkeypatch.setattr(ExactEngine, "blocks", interrupted)
    # On a slow computer a part of the level at hand would be kept too.
    monkeypatch.setattr(occlusion, "PAUSE", float("inf"))
    with pytest.raises(KeyboardInterrupt):
        explain_photos(tiny_lab, [FINE], limit=3, computing=EXACT)
    rows = tiny_lab.rows("unfinished_heatmaps")
    assert len(rows) == 5
    assert {one["computed"] for one in rows} == {PLACES // 4}
    monkeypatch.setattr(ExactEngine, "blocks", blocks)
    assert explain_photos(tiny_lab, [FINE], limit=3, computing=EXACT).photos == 3
    assert not tiny_lab.rows("unfinished_heatmaps")


@pytest.mark.slow
def test_a_job_killed_between_two_levels_loses_nothing(tiny_lab, photo_id, computed, tmp_path):
    code = (
        "import sys, time\n"
        "from tests.test_growing import EXACT, FINE\n"
        "from whalecore.lab import open_lab\n"
        "from whalecore.workflow.explain import explain_growing\n"
        "growing = explain_growing(open_lab(sys.argv[1]), sys.argv[2], FINE, computing=EXACT)\n"
        "next(growing)\n"
        "print(int(next(growing).computed.sum()), flush=True)\n"
        "time.sleep(600)\n"
    )
    job = subprocess.Popen(
        [sys.executable, "-c", code, str(tiny_lab.folder), photo_id],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    known = int(job.stdout.readline())
    job.send_signal(signal.SIGKILL)
    job.communicate()
    again = open_lab(tiny_lab.folder)
    assert {one["computed"] for one in again.rows("unfinished_heatmaps")} == {known}
    explain_photo(again, photo_id, FINE, computing=EXACT)
    assert computed[0] == PLACES - known
    assert len(stored(again, photo_id)) == 5


def test_values_of_lower_precision_are_not_continued_at_full_precision(tiny_lab, photo_id):
    stopped_after(tiny_lab, photo_id, 2)
    rows = tiny_lab.rows("unfinished_heatmaps")
    known = rows[0]["computed"]
    tiny_lab.write("unfinished_heatmaps", [{**one, "engine": "exact bfloat16"} for one in rows])
    fresh = stopped_after(tiny_lab, photo_id, 1)
    assert fresh.computed.sum() < known
    tiny_lab.write("unfinished_heatmaps", [{**one, "engine": "reference"} for one in rows])
    assert stopped_after(tiny_lab, photo_id, 1).computed.sum() > known


@pytest.mark.parametrize("begun_by", ["reference", "exact"])
def test_brute_force_goes_on_with_values_of_full_precision_whatever_is_asked_for(
    tiny_lab, photo_id, begun_by
):
    coarse, asked = OcclusionSettings(patch=16, stride=16), Computing("reference", "bfloat16")
    growing = explain_growing(tiny_lab, photo_id, coarse, computing=Computing(begun_by))
    known = next(growing).computed
    growing.close()
    assert not known.all()
    goes_on = explain_growing(tiny_lab, photo_id, coarse, computing=asked)
    maps = next(goes_on)
    assert maps.engine == "reference"
    assert (maps.computed | ~known).all()
    assert maps.computed.sum() > known.sum()
    goes_on.close()


def test_a_corrected_crop_begins_the_map_anew(tiny_lab, photo_id):
    known = stopped_after(tiny_lab, photo_id, 2).computed.sum()
    tiny_lab.correct_crop(photo_id, Box(1, 1, 90, 60))
    assert not tiny_lab.rows("unfinished_heatmaps")
    crop, identifier = tiny_lab.crop(photo_id), tiny_lab.identifier()
    prediction = identifier.identify(tiny_lab.read_photo(photo_id), crop=crop)
    tiny_lab.write(
        "scores",
        [
            {
                "model_id": identifier.model_id, "photo_id": photo_id, "crop": crop.box.key,
                "rank": one.rank, "individual": one.individual, "score": one.score,
                "logit": one.logit, "is_reference": False, "origin": "held out",
            }
            for one in prediction.candidates
        ],
    )  # fmt: skip
    assert stopped_after(tiny_lab, photo_id, 1).computed.sum() < known


def test_a_fast_map_is_stopped_and_continued_and_keeps_what_its_error_is(
    tiny_lab, photo_id, computed
):
    fast = OcclusionSettings(patch=4, stride=1, accuracy=0.5)
    growing = explain_growing(tiny_lab, photo_id, fast, computing=EXACT)
    known = int(next(growing).computed.sum())
    growing.close()
    assert computed[0] == known
    for maps in explain_growing(tiny_lab, photo_id, fast, computing=EXACT):
        finished = maps
    assert computed[0] == finished.computed.sum()
    for number, name in enumerate(finished.individuals):
        one = stored(tiny_lab, photo_id, fast)[name]
        assert one["computed"] == finished.computed.sum()
        assert one["correlation"] == finished.correlation[number]
        assert one["deviation"] == finished.deviation[number]
    assert not tiny_lab.rows("unfinished_heatmaps")


def test_a_map_that_is_there_is_not_computed_again(tiny_lab, photo_id, computed):
    explain_photo(tiny_lab, photo_id, FINE, computing=EXACT)
    before = computed[0]
    assert list(explain_growing(tiny_lab, photo_id, FINE, computing=EXACT)) == []
    assert computed[0] == before


def test_two_at_the_same_photo_do_not_work_twice(tiny_lab, photo_id, monkeypatch):
    monkeypatch.setattr(explain_module, "PATIENCE", 0.1)
    growing = explain_growing(tiny_lab, photo_id, FINE, computing=EXACT)
    next(growing)
    with pytest.raises(LabError, match="already busy"):
        next(explain_growing(open_lab(tiny_lab.folder), photo_id, FINE, computing=EXACT))
    growing.close()
    assert next(
        explain_growing(open_lab(tiny_lab.folder), photo_id, FINE, computing=EXACT)
    ).computed.any()


def test_brute_force_is_recorded_as_such(tiny_lab, photo_id):
    coarse = OcclusionSettings(patch=16, stride=16)
    explain_photo(tiny_lab, photo_id, coarse, computing=Computing("reference"))
    assert {one["engine"] for one in stored(tiny_lab, photo_id, coarse).values()} == {"reference"}


def test_grad_cams_of_many_photos_come_in_batches_and_are_those_of_each_photo(
    tiny_lab, monkeypatch
):
    sizes, together = [], gradcam_batches.grad_cams_of

    def counting(identifier, batch, individuals, layers):
        # A single photo and individual tell once how much memory a photo takes.
        if len(individuals[0]) > 1:
            sizes.append((len(batch), tuple(layers)))
        return together(identifier, batch, individuals, layers)

    monkeypatch.setattr(gradcam_batches, "grad_cams_of", counting)
    layers = [GradCamSettings("layer2"), GradCamSettings("layer3")]
    assert explain_photos(tiny_lab, layers, limit=20).photos == 20
    assert sizes == [(16, ("layer2", "layer3")), (4, ("layer2", "layer3"))]
    identifier = tiny_lab.identifier()
    photo_id = tiny_lab.rows("heatmaps", settings="layer=layer3")[0]["photo_id"]
    photo = tiny_lab.read_photo(photo_id)
    prepared = identifier.prepare(photo, tiny_lab.crop(photo_id).box)
    for one in stored(tiny_lab, photo_id, layers[1]).values():
        expected = grad_cam(identifier, prepared, one["individual"], "layer3")
        found = np.asarray(one["values"], np.float32).reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-5)


@pytest.fixture
def batches(monkeypatch):
    """Numbers of photos in each block that the exact engine computed; four at once are allowed."""
    monkeypatch.setitem(explain_module.TOGETHER, "cpu", 4)
    sizes, blocks = [], ExactEngine.blocks

    def counting(self, phase):
        for block in blocks(self, phase):
            sizes.append(len(block.logits))
            yield block

    monkeypatch.setattr(ExactEngine, "blocks", counting)
    return sizes


def test_photos_explained_together_get_the_heatmaps_that_each_gets_alone(tiny_lab, batches):
    coarse = OcclusionSettings(patch=16, stride=16)
    assert explain_photos(tiny_lab, [coarse], limit=6, computing=EXACT).photos == 6
    assert set(batches) == {4, 2}
    rows = tiny_lab.rows("heatmaps", settings=coarse.key)
    assert len(rows) == 30
    identifier = tiny_lab.identifier()
    for photo_id in {one["photo_id"] for one in rows}:
        photo, found = tiny_lab.read_photo(photo_id), stored(tiny_lab, photo_id, coarse)
        prepared = identifier.prepare(photo, tiny_lab.crop(photo_id).box)
        expected = occlusion_maps(
            identifier, prepared, list(found), coarse.patch, coarse.stride, computing=EXACT
        )
        for one, values in zip(found.values(), expected, strict=True):
            found_values = np.asarray(one["values"], np.float32).reshape(values.shape)
            assert_same_once_stored(found_values, values)


def test_a_photo_begun_earlier_is_continued_alone(tiny_lab, batches):
    first = sorted(
        (key[0] for key in tiny_lab.computed_keys("scores", ["photo_id"])),
        key=lambda name: explain_module._draw(0, name),
    )[0]
    known = int(stopped_after(tiny_lab, first, 2).computed.sum())
    batches.clear()
    assert explain_photos(tiny_lab, [FINE], limit=3, computing=EXACT).photos == 3
    assert set(batches) == {2, 1}
    assert batches.count(1) < batches.count(2)
    assert known < PLACES
    assert len(stored(tiny_lab, first)) == 5


def test_a_photo_that_cannot_be_read_does_not_stop_its_batch(tiny_lab):
    lost = tiny_lab.rows("scores")[0]["photo_id"]
    (gone,) = tiny_lab.rows("catalogue", photo_id=lost)
    tiny_lab.write("catalogue", [{**gone, "path": "nowhere.jpg"}])
    said = []
    every = len(tiny_lab.computed_keys("scores", ["photo_id"]))
    found = explain_photos(
        tiny_lab, [GradCamSettings("layer1")], report=lambda one: said.append(one.message)
    )
    assert (found.photos, len(found.failed)) == (every - 1, 1)
    assert gone["name"] in found.failed[0]
    assert found.failed[0] in said


def unfinished(photo_id, individual, values, **other):
    one = row.heatmap(photo_id, 1, individual)
    known = int(np.isfinite(values).sum())
    return {**one, "values": values, "computed": known, "engine": "exact", **other}


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "photos").mkdir()
    return create_lab(tmp_path / "lab", "Test", tmp_path / "photos")


GAPS = [0.5, np.nan, np.nan, np.nan, 0.25, np.nan]


def test_a_newer_stopped_map_replaces_an_older_one(lab):
    lab.write("unfinished_heatmaps", [unfinished("p", "a", GAPS)])
    lab.write("unfinished_heatmaps", [unfinished("p", "a", [0.5, 1, 2, np.nan, 0.25, np.nan])])
    (found,) = lab.rows("unfinished_heatmaps")
    assert found["computed"] == 4
    np.testing.assert_array_equal(found["values"], [0.5, 1, 2, np.nan, 0.25, np.nan])
    lab.compact()
    assert [one["computed"] for one in lab.rows("unfinished_heatmaps")] == [4]


def test_a_finished_map_hides_the_stopped_one_of_its_crop(lab):
    lab.write("unfinished_heatmaps", [unfinished("p", "a", GAPS), unfinished("p", "b", GAPS)])
    lab.write("heatmaps", [row.heatmap("p", 1, "a")])
    assert [one["individual"] for one in lab.rows("unfinished_heatmaps")] == ["b"]
    lab.write("heatmaps", [row.heatmap("p", 2, "b", crop=row.OTHER_CROP)])
    assert [one["individual"] for one in lab.rows("unfinished_heatmaps")] == ["b"]
    lab.write("crops", [row.crop("p", edge=1.0)])
    assert lab.rows("unfinished_heatmaps") == []


def test_stopped_maps_are_no_heatmaps(lab):
    lab.write("catalogue", [row.photo("p", "a")])
    lab.write("models", [row.model("m", fold=0)])
    lab.write("scores", [row.score("p", 1, "a")])
    lab.write("unfinished_heatmaps", [unfinished("p", "a", GAPS)])
    assert lab.status()["heatmaps"] == 0
    assert lab.heatmap("m", "p", "a", "osm", "s") is None
    with pytest.raises(LabError, match="holds no 'osm' heatmaps"):
        lab.heatmaps()
