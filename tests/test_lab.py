"""A lab: opening, photos, crops, heatmaps, clusters, and what is missing."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import whalecore
from tests import lab_rows as row
from tests.planted import planted_heatmaps
from whalecore.errors import LabError, PhotoError
from whalecore.lab import create_lab, database, open_lab
from whalecore.lab.rows import arrow_rows
from whalecore.lab.shards import TableFolder
from whalecore.lab.tables import TABLES
from whalecore.types import Box, Crop, GradCamSettings, HeatmapPart, OcclusionSettings, Photo

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def photos(tmp_path):
    """A folder with one real picture file."""
    folder = tmp_path / "photos"
    folder.mkdir()
    values = np.random.default_rng(0).integers(0, 255, (20, 40, 3), dtype=np.uint8)
    Image.fromarray(values).save(folder / "p.png")
    return folder


@pytest.fixture
def lab(tmp_path, photos):
    return create_lab(tmp_path / "lab", "Test", photos, note="n", folds=2)


def test_a_lab_says_after_opening_what_it_was_made_with(lab, photos):
    again = open_lab(lab.folder)
    info = again.info
    assert (info.name, info.note, info.folds, info.drawings) == ("Test", "n", 2, False)
    assert Path(info.photo_root) == photos
    assert datetime.fromisoformat(info.created_at)
    assert (again.name, info.source, info.columns) == ("Test", None, None)


def test_making_a_lab_that_is_there_opens_it(lab, tmp_path):
    lab.write("catalogue", [row.photo("p")])
    again = create_lab(lab.folder, "Other", tmp_path)
    assert again.name == "Test"
    assert len(again.photos()) == 1


def test_a_folder_that_is_missing_or_no_lab_is_refused(tmp_path):
    with pytest.raises(LabError, match="There is no lab folder"):
        open_lab(tmp_path / "nowhere")
    with pytest.raises(LabError, match="is not a lab"):
        open_lab(tmp_path)


def test_a_lab_is_not_made_among_other_files(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(LabError, match="not empty"):
        create_lab(tmp_path, "x", tmp_path)
    with pytest.raises(LabError, match="cannot be made"):
        create_lab(tmp_path / "letter.txt", "x", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_lab_of_a_newer_program_is_refused(lab):
    path = lab.folder / "lab.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(LabError, match="has format 99.*install a newer whalecore"):  # noqa: RUF043
        open_lab(lab.folder)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: text.replace('"Test"', "7"),
        lambda text: text.replace('"folds": 2', '"folds": "two"'),
        lambda text: text.replace('"sources": []', '"sources": [{"source": 3}]'),
        lambda text: text.replace('"least_correlation": 0.95', '"least_correlation": 1.5'),
        lambda text: text.replace('"least_correlation": 0.95', '"least_correlation": "high"'),
        lambda text: text.replace('"least_correlation": 0.95', '"least_correlation": true'),
        lambda text: text.replace('"least_correlation": 0.95', '"least_correlation": NaN'),
        lambda text: text.replace('"error_limit": 0.05', '"error_limit": 0'),
        lambda text: text.replace('"error_limit": 0.05', '"error_limit": 1.0'),
        lambda text: text.replace('"error_limit": 0.05', '"error_limit": "low"'),
        lambda text: text.replace('"error_limit": 0.05', '"error_limit": true'),
    ],
)
def test_a_damaged_description_is_named(lab, spoil):
    path = lab.folder / "lab.json"
    path.write_text(spoil(path.read_text()))
    with pytest.raises(LabError, match=r"lab\.json is damaged"):
        open_lab(lab.folder)


def test_the_limit_of_fast_heatmaps_can_be_chosen_and_has_a_default(lab):
    assert lab.info.least_correlation == 0.95
    path = lab.folder / "lab.json"
    entries = json.loads(path.read_text())
    del entries["least_correlation"]
    path.write_text(json.dumps(entries))
    assert open_lab(lab.folder).info.least_correlation == 0.95
    assert lab.update_info(least_correlation=0.9).least_correlation == 0.9


def test_the_promised_error_limit_can_be_chosen_and_has_a_default(lab):
    assert lab.info.error_limit == 0.05
    path = lab.folder / "lab.json"
    entries = json.loads(path.read_text())
    del entries["error_limit"]
    path.write_text(json.dumps(entries))
    assert open_lab(lab.folder).info.error_limit == 0.05
    assert lab.update_info(error_limit=0.1).error_limit == 0.1


@pytest.mark.parametrize("name", ["error_limit", "confidence"])
@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan"), "much", True])
def test_a_share_that_is_none_is_refused_and_the_lab_stays_as_it_was(lab, name, share):
    before = (lab.folder / "lab.json").read_bytes()
    with pytest.raises(LabError, match=f"{name} must be a number above 0 and under 1"):
        lab.update_info(**{name: share})
    assert (lab.folder / "lab.json").read_bytes() == before
    assert lab.update_info(**{name: 0.2}) == open_lab(lab.folder).info


def test_imported_collections_are_remembered_once_each(lab, photos):
    lab.add_source(photos, photos)
    lab.add_source(photos / "list.csv", photos, {"photo": "File"})
    lab.add_source(photos / "list.csv", photos, {"photo": "Name"})
    info = open_lab(lab.folder).info
    assert [Path(one["source"]) for one in info.sources] == [photos, photos / "list.csv"]
    assert (info.source, info.columns) == (str(photos / "list.csv"), {"photo": "Name"})


def test_a_lab_with_its_photos_inside_can_be_moved(tmp_path, photos):
    lab = create_lab(tmp_path / "a", "Moves", "photos")
    shutil.copytree(photos, lab.folder / "photos")
    lab.add_source(lab.folder / "photos" / "list.csv", lab.folder / "photos")
    lab.write("catalogue", [row.photo("p", path="p.png")])
    assert str(tmp_path) not in (lab.folder / "lab.json").read_text()
    moved = Path(shutil.move(lab.folder, tmp_path / "b"))
    again = open_lab(moved)
    assert again.photo_path("p") == moved / "photos" / "p.png"
    assert again.info.source == str(moved / "photos" / "list.csv")


def test_a_photo_is_read_from_the_photo_folder(lab):
    lab.write("catalogue", [row.photo("p", path="p.png")])
    assert lab.read_photo("p").pixels.shape == (20, 40, 3)


def test_an_unknown_photo_and_a_lost_file_are_told_apart(lab):
    lab.write("catalogue", [row.photo("lost")])
    with pytest.raises(LabError, match="has no photo 'unknown'"):
        lab.photo_path("unknown")
    with pytest.raises(PhotoError):
        lab.read_photo("lost")


@pytest.mark.parametrize(
    "path", ["../secret.png", "/etc/passwd", "link.png", "a/../../x", "p\0.png"]
)
def test_a_path_that_leaves_the_photo_folder_is_refused(lab, photos, tmp_path, path):
    (tmp_path / "secret.png").write_bytes((photos / "p.png").read_bytes())
    (photos / "link.png").symlink_to(tmp_path / "secret.png")
    lab.write("catalogue", [row.photo("p", path=path)])
    with pytest.raises(LabError, match="leaves the photo folder"):
        lab.read_photo("p")


def test_photos_of_a_second_imported_folder_are_found(lab, tmp_path, photos):
    other = Path(shutil.copytree(photos, tmp_path / "other"))
    lab.write("catalogue", [row.photo("p", path=str(other / "p.png"))])
    with pytest.raises(LabError, match="leaves the photo folder"):
        lab.photo_path("p")
    lab.add_source(other, other)
    assert lab.photo_path("p") == other / "p.png"


def test_a_gallery_shows_the_newest_photos_of_one_individual(lab):
    taken = {"x": datetime(2019, 1, 1), "y": datetime(2021, 1, 1)}
    imported = {"z": datetime(2018, 1, 1), "q": datetime(2022, 1, 1)}
    photos = [row.photo(name, "a", taken_at=day) for name, day in taken.items()]
    photos += [
        row.photo(name, "b" if name == "q" else "a", imported_at=day)
        for name, day in imported.items()
    ]
    lab.write("catalogue", photos)
    assert lab.gallery("a")["photo_id"].tolist() == ["y", "x", "z"]
    assert lab.gallery("a", limit=1)["photo_id"].tolist() == ["y"]
    assert lab.gallery("nobody").empty


def test_a_corrected_crop_is_clipped_measured_and_remembered(lab):
    lab.write("catalogue", [row.photo("p", path="p.png")])
    lab.write("crops", [row.crop("p")])
    crop = lab.correct_crop("p", Box(-5, 2, 20, 400))
    assert crop == lab.crop("p") == Crop(Box(0, 2, 20, 20), "corrected", 1.0)
    found = lab.photo("p")
    assert found["fluke_share"] == pytest.approx(20 * 18 / 800)
    assert found["sharpness"] is not None


def test_the_crop_of_an_uploaded_photo_is_remembered_too(lab):
    upload = Photo("0123", "u.jpg", np.zeros((10, 10, 3), np.uint8))
    assert lab.crop("0123") is None
    lab.correct_crop("0123", Box(1, 1, 5, 5), upload)
    assert lab.crop("0123").box == Box(1, 1, 5, 5)
    assert lab.locator()(upload) == lab.crop("0123")


def test_a_photo_without_a_remembered_crop_is_located_by_the_labs_detector(lab):
    from whalecore.photos.detector import SHIPPED, load_detector

    if not SHIPPED.is_file():
        pytest.skip("the shipped detector is not there")
    upload = Photo("0123", "u.jpg", np.full((60, 120, 3), 90, np.uint8))
    shipped = load_detector(SHIPPED)
    assert lab.locator()(upload) == shipped.locate([upload])[0]
    (lab.folder / "detector.safetensors").write_bytes(b"the lab's own, and damaged")
    with pytest.raises(whalecore.errors.WhalecoreError, match=r"detector\.safetensors"):
        lab.locator()(upload)


def test_a_lab_without_a_model_says_how_to_get_one(lab):
    with pytest.raises(LabError, match="python -m whalecore train"):
        lab.identifier()
    assert lab.newest_model_id() is None


def write_two_folds(lab):
    """Photos p (fold 0) and q (fold 1), an old and a new model of fold 0, one of fold 1."""
    lab.write("catalogue", [row.photo("p", "a", path="p.png"), row.photo("q", "b")])
    days = {"old": (1, 0), "m0": (2, 0), "m1": (3, 1)}
    lab.write(
        "models",
        [row.model(m, fold=fold, trained_at=datetime(2024, 1, d)) for m, (d, fold) in days.items()],
    )
    for model_id, photo_id in (("old", "p"), ("m0", "p"), ("m1", "q")):
        names = ("a", "b") if model_id != "m1" else ("x", "b")
        for rank, individual in enumerate(names, start=1):
            shared = {"model_id": model_id}
            lab.write("scores", [row.score(photo_id, rank, individual, 1 / rank, **shared)])
            lab.write("heatmaps", [row.heatmap(photo_id, rank, individual, rank, **shared)])


def test_scores_are_those_of_each_photos_newest_model(lab):
    write_two_folds(lab)
    assert lab.newest_model_id() == "m1"
    assert lab.newest_model_id(fold=0) == "m0"
    assert lab.models()["model_id"].tolist() == ["m1", "m0", "old"]
    scores = lab.scores()
    assert scores["model_id"].tolist() == ["m0", "m0", "m1", "m1"]
    assert scores["is_reference"].tolist() == [True, False, False, True]
    assert set(lab.scores(model_id="old")["photo_id"]) == {"p"}
    assert lab.scores(photo_id="q")["individual"].tolist() == ["x", "b"]


def test_heatmaps_are_stacked_over_the_newest_model_of_each_fold(lab):
    write_two_folds(lab)
    found = lab.heatmaps()
    assert found.values.shape == (4, 2, 3)
    assert found.values.dtype == np.float16
    assert found.model_ids == ("m0", "m0", "m1", "m1")
    assert found.photo_ids == ("p", "p", "q", "q")
    assert found.individuals == ("a", "b", "x", "b")
    assert found.ranks.tolist() == [1, 2, 1, 2]
    assert found.values[:, 0, 0].tolist() == [1, 2, 1, 2]
    assert found.values[3].tolist() == [[2, 1, 2], [3, 4, 5]]
    assert found.correct.tolist() == [True, False, False, True]
    assert found.settings == "s"


def test_heatmaps_can_be_chosen_by_model_rank_and_correctness(lab):
    write_two_folds(lab)
    assert lab.heatmaps(ranks=[1]).individuals == ("a", "x")
    assert lab.heatmaps(correct_only=True).individuals == ("a", "b")
    assert lab.heatmaps(correct_only=True, ranks=[1]).individuals == ("a",)
    assert lab.heatmaps(model_id="old").model_ids == ("old", "old")


def test_the_maps_of_several_methods_are_stacked_in_the_same_order(lab):
    write_two_folds(lab)
    cam = {"method": "gradcam", "settings": "layer=layer4", "rows": 1, "cols": 2}
    for model_id, photo_id, rank, name, value in (
        ("m1", "q", 2, "b", 0.25),
        ("m0", "p", 1, "a", 0.5),
        ("old", "p", 2, "b", 0.75),
    ):
        about = {**cam, "model_id": model_id, "values": [value, 0.0]}
        lab.write("heatmaps", [row.heatmap(photo_id, rank, name, **about)])
    parts = [HeatmapPart("osm", "s"), HeatmapPart("gradcam", "layer=layer4")]
    first, second = lab.heatmap_parts(parts)
    assert first.photo_ids == second.photo_ids == ("p", "q")
    assert first.individuals == second.individuals == ("a", "b")
    assert first.model_ids == second.model_ids == ("m0", "m1")
    assert first.values[:, 0, 0].tolist() == [1, 2]
    assert second.values.tolist() == [[[0.5, 0.0]], [[0.25, 0.0]]]
    assert (first.settings, second.settings) == ("s", "layer=layer4")
    assert lab.heatmap_parts(parts[::-1])[1].values.tolist() == first.values.tolist()
    # The lab's two models have four occlusion maps, and two of them Grad-CAM as well.
    assert len(lab.heatmaps()) == 4
    assert lab.count_incomplete(parts) == lab.count_incomplete(parts[::-1]) == 2
    assert lab.count_incomplete(parts[:1]) == 0
    assert lab.count_incomplete(parts, correct_only=True) == 0
    with pytest.raises(LabError, match="choose other ranks or settings"):
        lab.heatmap_parts(parts, ranks=[1], model_id="m1")


def test_a_large_stack_is_filled_from_several_blocks(lab, monkeypatch):
    monkeypatch.setattr(database, "BATCH", 2048)
    count = 5000
    names = [f"{place:04d}" for place in range(count)]
    lab.write("models", [row.model("m")])
    lab.write("catalogue", [row.photo(name, "a") for name in names])
    lab.write("scores", [row.score(name, 1, "a") for name in names])
    order = np.random.default_rng(0).permutation(count)
    rows = [row.heatmap(names[place], 1, "a", float(place % 2000)) for place in order]
    lab.write("heatmaps", rows)
    sizes = []
    lab._database.each_batch(
        "SELECT photo_id FROM heatmaps_rows", [], lambda b: sizes.append(len(b))
    )
    assert max(sizes) < count == sum(sizes)
    found = lab.heatmaps()
    assert found.photo_ids == tuple(names)
    assert np.array_equal(found.values[:, 0, 0], np.arange(count) % 2000)


def test_heatmaps_of_an_uploaded_photo_are_not_among_the_labs(lab):
    write_two_folds(lab)
    lab.write("heatmaps", [row.heatmap("uploaded", 1, "a", 9.0, model_id="m0")])
    assert "uploaded" not in lab.heatmaps().photo_ids
    assert lab.heatmap("m0", "uploaded", "a", "osm", "s").values[0, 0] == 9.0


def test_heatmaps_without_a_score_of_the_lab_are_left_out(lab):
    write_two_folds(lab)
    # As for a photo of the catalogue that was uploaded to a model trained on it.
    for rank in range(1, 6):
        lab.write("heatmaps", [row.heatmap("q", rank, f"i{rank}", model_id="m0", settings="t")])
    assert lab.heatmaps().settings == "s"
    assert set(zip(lab.heatmaps().model_ids, lab.heatmaps().photo_ids, strict=True)) == {
        ("m0", "p"),
        ("m1", "q"),
    }


def test_the_settings_with_most_heatmaps_are_the_usual_ones(lab):
    write_two_folds(lab)
    settings = OcclusionSettings(patch=8, stride=4)
    for rank in (3, 4, 5):
        lab.write("scores", [row.score("p", rank, f"i{rank}", model_id="m0")])
    for rank, name in enumerate(("a", "b", "i3", "i4", "i5"), start=1):
        lab.write("heatmaps", [row.heatmap("p", rank, name, model_id="m0", settings="t")])
    assert lab.heatmaps().settings == "t"
    assert lab.heatmaps(settings="s").settings == "s"
    lab.write("heatmaps", [row.heatmap("p", 1, "a", 3.0, model_id="m0", settings=settings.key)])
    assert lab.heatmaps(settings=settings).values[0, 0, 0] == 3.0
    assert lab.heatmap("m0", "p", "a", "osm", settings).values[0, 0] == 3.0


def test_grad_cam_of_the_last_layer_is_the_usual_one_where_all_are_there(lab):
    write_two_folds(lab)
    for layer in ("layer1", "layer4", "layer2"):
        about = {"method": "gradcam", "settings": f"layer={layer}", "model_id": "m0"}
        lab.write("heatmaps", [row.heatmap("p", 1, "a", **about)])
    assert lab.heatmaps(method="gradcam").settings == "layer=layer4"


def test_heatmaps_that_are_not_there_are_asked_for_in_one_sentence(lab):
    with pytest.raises(LabError, match="explain --method gradcam"):
        lab.heatmaps(method="gradcam")
    write_two_folds(lab)
    with pytest.raises(LabError, match="choose other ranks"):
        lab.heatmaps(ranks=[5])
    assert lab.heatmap("m0", "p", "nobody", "osm", "s") is None


def test_grids_of_different_shape_are_not_stacked(lab):
    write_two_folds(lab)
    wide = {"rows": 1, "cols": 6, "model_id": "m0"}
    lab.write("scores", [row.score("p", 3, "c", model_id="m0")])
    lab.write("heatmaps", [row.heatmap("p", 3, "c", **wide)])
    with pytest.raises(LabError, match="2 different grids"):
        lab.heatmaps()


FAST = OcclusionSettings(accuracy=0.9).key


def test_fast_heatmaps_below_the_limit_are_left_out_and_counted(lab):
    write_two_folds(lab)
    for model_id, photo_id, name, correlation in (
        ("m0", "p", "a", 0.96),
        ("m0", "p", "b", 0.94),
        ("m1", "q", "x", None),
        ("m1", "q", "b", 0.95),
    ):
        about = {"model_id": model_id, "settings": FAST, "correlation": correlation}
        lab.write("heatmaps", [row.heatmap(photo_id, 1, name, **about)])
    for everything in (None, 0):
        assert len(lab.heatmaps(settings=FAST, least_correlation=everything)) == 4
    assert lab.count_doubtful(FAST, False, 0) == 0
    # The lab's own limit is 0.95.
    for limit in ({}, {"least_correlation": 0.95}):
        assert lab.heatmaps(settings=FAST, **limit).individuals == ("a", "b")
        assert lab.heatmaps(settings=FAST, **limit).photo_ids == ("p", "q")
        (part,) = lab.heatmap_parts([HeatmapPart("osm", FAST)], **limit)
        assert part.individuals == ("a", "b")
    assert lab.heatmaps(settings=FAST, least_correlation=0.96).individuals == ("a",)
    lab.update_info(least_correlation=0.9)
    assert sorted(lab.heatmaps(settings=FAST).individuals) == ["a", "b", "b"]
    assert lab.count_doubtful(FAST, False, 0.95) == 2
    assert lab.count_doubtful(FAST, True, 0.95) == 0
    assert lab.count_doubtful("s", False, 0.95) == 0
    # Exact heatmaps have no correlation and are always taken.
    assert len(lab.heatmaps(settings="s", least_correlation=0.95)) == 4


def test_a_fast_heatmap_that_ended_with_every_place_computed_is_taken(lab):
    write_two_folds(lab)
    about = {"model_id": "m0", "settings": FAST, "computed": 6}
    lab.write("heatmaps", [row.heatmap("p", 1, "a", **about)])
    assert lab.heatmaps(settings=FAST, least_correlation=0.95).individuals == ("a",)
    assert lab.count_doubtful(FAST, False, 0.95) == 0


def test_the_usual_heatmaps_are_those_of_which_most_can_be_used(lab):
    write_two_folds(lab)
    for rank in range(3, 8):
        lab.write("scores", [row.score("p", rank, f"i{rank}", model_id="m0")])
        about = {"model_id": "m0", "settings": FAST, "correlation": 0.5}
        lab.write("heatmaps", [row.heatmap("p", rank, f"i{rank}", **about)])
    assert lab.heatmaps(least_correlation=None).settings == FAST
    assert lab.heatmaps().settings == lab.heatmaps(least_correlation=0.95).settings == "s"


def test_a_heatmap_says_how_it_was_made(lab):
    about = {"engine": "exact", "computed": 4, "correlation": 0.99, "deviation": 0.01}
    lab.write("heatmaps", [row.heatmap("p", 1, "a"), row.heatmap("p", 2, "b", **about)])
    found = lab.heatmap("m", "p", "b", "osm", "s")
    assert (found.engine, found.computed) == ("exact", 4)
    assert (found.correlation, found.deviation) == (0.99, 0.01)
    assert lab.heatmap("m", "p", "a", "osm", "s").engine is None


def test_files_without_the_newer_columns_stay_readable_and_can_be_merged(lab):
    table = TABLES["heatmaps"]
    newer = ("engine", "computed", "correlation", "deviation")
    older = replace(table, columns=tuple(c for c in table.columns if c.name not in newer))
    rows = arrow_rows("heatmaps", [row.heatmap("p", 1, "a", 7.0)]).drop_columns(list(newer))
    TableFolder(lab.folder / "tables" / "heatmaps", older).write(rows)
    again = open_lab(lab.folder)
    again.write("heatmaps", [row.heatmap("p", 2, "b", engine="exact")])
    for _ in range(2):
        found = again.heatmap("m", "p", "a", "osm", "s")
        assert (found.values[0, 0], found.engine, found.computed) == (7.0, None, None)
        assert again.heatmap("m", "p", "b", "osm", "s").engine == "exact"
        assert again.compact()["heatmaps"] == 1


def test_one_heatmap_comes_back_in_half_precision(lab):
    values = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32) / 50
    one = row.heatmap("p", 4, "a", rows=5, cols=7, score=0.125)
    lab.write("heatmaps", [{**one, "values": values}])
    found = lab.heatmap("m", "p", "a", "osm", "s")
    assert np.array_equal(found.values, values.astype(np.float16).astype(np.float32))
    assert (found.rank, found.score, found.crop) == (4, 0.125, row.CROP)


def test_what_can_be_shown_of_a_photo_is_listed_newest_model_first(lab):
    write_two_folds(lab)
    cam = GradCamSettings("layer3")
    lab.write(
        "heatmaps",
        [row.heatmap("p", 1, "a", model_id="m0", method=cam.method, settings=cam.key)],
    )
    found = lab.heatmap_options("p")
    listed = list(zip(found["model_id"], found["method"], found["rank"], strict=True))
    assert listed == [
        ("m0", "osm", 1),
        ("m0", "osm", 2),
        ("m0", "gradcam", 1),
        ("old", "osm", 1),
        ("old", "osm", 2),
    ]
    assert found["is_reference"].tolist() == [True, False, True, True, False]


def test_explained_photos_begin_with_the_right_answer_that_the_newest_model_is_surest_of(lab):
    write_two_folds(lab)
    # Right and surer than any other, but only to the model before.
    before = {"model_id": "old", "is_reference": True}
    lab.write("catalogue", [row.photo(one, "a") for one in "rst"] + [row.photo("u")])
    lab.write("scores", [row.score("r", 1, "a", 0.99, **before)])
    for photo_id, first, score in (("r", "x", 0.7), ("s", "a", 0.9), ("t", "a", 0.6)):
        about = {"model_id": "m1", "is_reference": first == "a"}
        lab.write("scores", [row.score(photo_id, 1, first, score, **about)])
        lab.write("heatmaps", [row.heatmap(photo_id, 1, first, model_id="m1")])
    # One that nobody computed, and one that was asked for by name, count in nothing.
    lab.write("scores", [row.score("u", 1, "a", 1.0, model_id="m1")])
    lab.write("heatmaps", [row.heatmap("u", 1, "b", model_id="m1")])
    assert lab.explained_photos() == ["p", "s", "t", "q", "r"]


def test_computed_keys_leave_out_what_no_longer_counts(lab):
    write_two_folds(lab)
    assert lab.computed_keys("scores", model_id="m0") == {("m0", "p", 1), ("m0", "p", 2)}
    assert lab.computed_keys("heatmaps", ["photo_id"]) == {("p",), ("q",)}
    lab.correct_crop("p", Box(1, 1, 9, 9))
    assert lab.computed_keys("scores", ["photo_id"]) == {("q",)}


def test_members_of_a_cluster_come_most_typical_first_and_in_pages(lab):
    write_two_folds(lab)
    lab.write("clusterings", [row.clustering("c"), row.clustering("d", ranks="correct")])
    lab.write(
        "assignments",
        [
            row.assignment("p", "a", 1, model_id="m0", membership=0.2),
            row.assignment("q", "x", 1, model_id="m1", membership=0.9),
            row.assignment("p", "b", 1, model_id="m0", membership=0.4),
            row.assignment("q", "b", 2, model_id="m1"),
        ],
    )
    found = lab.cluster_members("c", 1)
    assert found["membership"].tolist() == [0.9, 0.4, 0.2]
    assert found["reference"].tolist() == ["b", "a", "a"]
    assert found["rank"].tolist() == [1, 2, 1]
    assert lab.cluster_members("c", 1, limit=1, offset=1)["individual"].tolist() == ["b"]
    assert lab.cluster_correctness("c")["heatmaps"].tolist() == [3, 1]
    assert len(lab.assignments("c")) == 4
    assert lab.newest_clustering(ranks="correct") == "d"
    assert lab.newest_clustering(model_id="m9") is None


def test_new_photos_are_judged_beside_clusters_of_the_model_in_use_alone(lab):
    write_two_folds(lab)
    assert lab.usual_clustering() is None
    moments = iter(datetime(2024, 2, day) for day in range(1, 9))

    def clusterings(*ids, **other):
        lab.write("clusterings", [row.clustering(i, made_at=next(moments), **other) for i in ids])

    clusterings("first", model_id="m0")
    clusterings("of the other fold", model_id="m1")
    clusterings("of an old model", model_id="old")
    clusterings("of correct ones", model_id="m1", ranks="correct")
    assert lab.newest_clustering(ranks="top5") == "of an old model"
    assert lab.usual_clustering() == "of the other fold"
    present = lab.clusterings().set_index("clustering_id")["present"].to_dict()
    assert present == {
        "of correct ones": True,
        "of an old model": False,
        "of the other fold": True,
        "first": True,
    }
    for fold in (0, 1):
        lab.write("models", [row.model(f"{fold}", fold=fold, trained_at=datetime(2024, 3, 1))])
    assert lab.usual_clustering() is None


def test_a_clustering_is_loaded_only_when_it_is_intact(lab):
    from whalecore.clusters.spectral import spectral_clustering
    from whalecore.clusters.storing import save_clustering

    made = spectral_clustering(planted_heatmaps(3, each=20)[0], clusters=3, sigma=1.0)
    with pytest.raises(LabError, match="is missing"):
        lab.clustering("c")
    digest = save_clustering(made, lab.clustering_path("c"))
    lab.write("clusterings", [row.clustering("c", arrays_sha256=digest)])
    assert np.array_equal(lab.clustering("c").labels, made.labels)
    data = bytearray(lab.clustering_path("c").read_bytes())
    data[-7] ^= 2
    lab.clustering_path("c").write_bytes(data)
    with pytest.raises(LabError, match=r"c\.safetensors is damaged"):
        lab.clustering("c")


def test_rules_are_kept_per_model_and_clustering(lab):
    assert lab.rules("m", "c") is None
    assert not lab.has_rules("m")
    lab.save_rules("m", "c", {"threshold": 0.1})
    assert lab.has_rules("m")
    assert not lab.has_rules("n")
    lab.save_rules("m", None, {"threshold": 0.2})
    assert lab.rules("m", "c") == {"threshold": 0.1}
    assert lab.rules("m") == {"threshold": 0.2}
    (lab.folder / "rules" / "m--c--4.json").write_text("{")
    with pytest.raises(LabError, match="whalecore calibrate"):
        lab.rules("m", "c")


@pytest.mark.parametrize("name", ["../x", "", "a/b", "..", "a\0"])
def test_an_id_that_is_no_file_name_is_refused(lab, name):
    for call in (lab.model_folder, lab.clustering_path, lab.rules):
        with pytest.raises(LabError, match="not allowed"):
            call(name)


def test_status_counts_what_is_there_and_what_is_missing(lab):
    steps = (
        "crops", "splits", "models", "scores", "heatmaps", "evidence", "clusterings", "rules",
    )  # fmt: skip
    nothing = dict.fromkeys(steps, 0)
    names = ("photos", "individuals", "models", "scores", "heatmaps", "clusterings", "reviews")
    assert lab.status() == {**dict.fromkeys(names, 0), "missing": nothing}

    lab.write("catalogue", [row.photo(name, name.upper()) for name in "pqrs"] + [row.photo("t")])
    assert lab.status()["missing"] == {**nothing, "crops": 5, "splits": 5, "models": 5}

    lab.write("crops", [row.crop(name) for name in "pqr"])
    split = {"part": "test", "known": True, "unit": "u"}
    lab.write("splits", [{"photo_id": p, "fold": i % 2, **split} for i, p in enumerate("pqrs")])
    lab.write("models", [row.model("m", fold=0)])
    lab.write("scores", [row.score("p", rank, f"{rank}") for rank in range(1, 6)])
    lab.write("heatmaps", [row.heatmap("other", 1, "a")])
    lab.write("reviews", [{"review_id": "1", "photo_id": "p", "decision": "yes"}])
    status = lab.status()
    assert [status[name] for name in names] == [5, 4, 1, 5, 0, 0, 1]
    # Fold 0 holds p and r; only p has scores, and no heatmap is of a scored candidate.
    assert status["missing"] == {
        "crops": 2,
        "splits": 1,
        "models": 0,
        "scores": 1,
        "heatmaps": 1,
        "evidence": 1,
        "clusterings": 1,
        "rules": 1,
    }
    assert json.loads(json.dumps(status)) == status
    lab.write("evidence", [{"model_id": "m", "photo_id": "p", "crop": row.CROP}])
    assert lab.status()["missing"]["evidence"] == 0


def test_compacting_changes_no_answer(lab):
    write_two_folds(lab)
    before = lab.status(), lab.scores().to_dict(), lab.heatmaps().values.tolist()
    files = lab.compact()
    assert files["heatmaps"] == files["scores"] == 1
    assert (lab.status(), lab.scores().to_dict(), lab.heatmaps().values.tolist()) == before


def test_compacting_leaves_a_table_to_the_process_that_is_at_it(lab):
    write_two_folds(lab)
    with lab.claim("compact-scores"):
        files = lab.compact()
    assert (files["scores"], files["heatmaps"]) == (6, 1)
    assert lab.compact()["scores"] == 1


def test_a_lab_whose_making_was_killed_can_be_made_again(tmp_path):
    folder = tmp_path / "half"
    (folder / "tables").mkdir(parents=True)
    (folder / ".tmp-7-ab-lab.json").write_text("{")
    assert create_lab(folder, "Whole", tmp_path).name == "Whole"


def test_a_claim_of_the_lab_is_exclusive(lab):
    other = open_lab(lab.folder)
    with (
        lab.claim("train"),
        pytest.raises(LabError, match="busy with 'train'"),
        other.claim("train"),
    ):
        pass


def test_a_killed_writer_leaves_a_lab_that_opens_and_goes_on(lab):
    code = (
        "import sys\n"
        "from tests import lab_rows as row\n"
        "from whalecore.lab import open_lab\n"
        "lab = open_lab(sys.argv[1])\n"
        "for n in range(10**6):\n"
        "    lab.write('scores', [row.score(f'{n}', r, f'{r}') for r in range(1, 6)])\n"
        "    print(n, flush=True)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(lab.folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    told = [writer.stdout.readline() for _ in range(5)]
    writer.kill()
    told += writer.communicate()[0].splitlines()
    done = lab.computed_keys("scores", ["photo_id"])
    assert {line.strip() for line in told} <= {key[0] for key in done}
    assert lab.status()["scores"] == 5 * len(done)
    lab.compact()
    assert lab.status()["scores"] == 5 * len(done)


def test_a_reading_lab_changes_nothing_on_the_disk(lab):
    write_two_folds(lab)
    before = {path: path.stat().st_mtime_ns for path in sorted(lab.folder.rglob("*"))}
    reader = open_lab(lab.folder)
    reader.status(), reader.heatmaps(), reader.photos(), reader.problems(), reader.evaluations()
    assert {path: path.stat().st_mtime_ns for path in sorted(lab.folder.rglob("*"))} == before


def test_the_packages_front_door_names_what_notebooks_use(lab):
    from whalecore.photos.decode import load_photo

    assert whalecore.open_lab is open_lab
    assert whalecore.load_photo is load_photo
    assert whalecore.__version__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = whalecore.nothing
    assert {"occlusion_maps", "grad_cam", "spectral_clustering"} <= set(dir(whalecore))
