"""A photo that was only uploaded becomes part of the lab when somebody decides on it."""

import io

import numpy as np
import pytest
from PIL import Image

from tests import lab_rows as row
from whalecore.errors import LabError, PhotoError
from whalecore.lab import create_lab, open_lab
from whalecore.photos.decode import load_photo, photo_id_of
from whalecore.types import Box, Crop, Verdict
from whalecore.workflow.decide import Subject, decide_on_all


def decide_on(
    lab,
    photo_id,
    decision,
    individual=None,
    reviewer="",
    note=None,
    seen=None,
    model_id=None,
    upload=(None, ""),
):
    data, name = upload
    subject = Subject(photo_id, name, seen, model_id, data)
    return decide_on_all(lab, [subject], decision, individual, reviewer, note)[0]


def picture(seed: int = 0, kind: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 80, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    made = create_lab(tmp_path / "lab", name="lab", photo_root=tmp_path / "photos")
    made.write("catalogue", [row.photo("p", "a")])
    # Finding the fluke needs the network, which is tested elsewhere.
    box = Crop(Box(10, 10, 60, 30), "detector", 0.5)
    monkeypatch.setattr(type(made), "locator", lambda self: lambda photo: box)
    return made


def test_an_adopted_photo_is_in_the_catalogue_without_a_name_and_its_bytes_are_kept(lab):
    data = picture()
    photo = load_photo(data, name="IMG_1.png")
    assert lab.adopt(data, "IMG_1.png", photo) == photo_id_of(data)
    (kept,) = lab.rows("catalogue", photo_id=photo.photo_id)
    assert (kept["name"], kept["individual"]) == ("IMG_1.png", None)
    assert (kept["width"], kept["height"]) == (80, 40)
    assert kept["path"] == f"uploads/{photo.photo_id}.png"
    assert (lab.folder / kept["path"]).read_bytes() == data
    assert np.array_equal(lab.read_photo(photo.photo_id).pixels, photo.pixels)
    crop = lab.crop(photo.photo_id)
    assert (crop.box, crop.source) == (Box(10, 10, 60, 30), "detector")
    assert lab.photo(photo.photo_id)["sharpness"] is not None


def test_adopting_twice_changes_nothing(lab):
    data = picture()
    photo = load_photo(data)
    lab.adopt(data, "one.png", photo)
    lab.adopt(data, "two.png", photo)
    assert [one["name"] for one in lab.rows("catalogue", photo_id=photo.photo_id)] == ["one.png"]


def test_a_photo_that_the_catalogue_has_is_not_kept_again(lab):
    data = picture()
    lab.write("catalogue", [row.photo(photo_id_of(data), "a")])
    lab.adopt(data, "again.png", load_photo(data))
    assert not list((lab.folder / "uploads").glob("*"))


def test_a_lab_that_was_moved_still_finds_its_uploads(lab, tmp_path):
    data = picture()
    photo_id = lab.adopt(data, "x.png", load_photo(data))
    moved = open_lab(lab.folder.rename(tmp_path / "moved"))
    assert moved.read_photo(photo_id).photo_id == photo_id


@pytest.mark.parametrize(
    ("name", "shown", "suffix"),
    [
        ("../../etc/passwd", "passwd", ".jpg"),
        ("C:\\photos\\x.PNG", "x.PNG", ".png"),
        ("a\x00\n.tif", "a??.tif", ".tif"),
        ("n" * 10_000 + ".jpg", "n" * 119 + "…", ".jpg"),
        ("x.html", "x.html", ".jpg"),
    ],
)
def test_a_hostile_file_name_stays_a_name(lab, name, shown, suffix):
    data = picture()
    photo_id = lab.adopt(data, name, load_photo(data))
    kept = lab.photo(photo_id)
    assert (kept["name"], kept["path"]) == (shown, f"uploads/{photo_id}{suffix}")
    assert [path.parent for path in lab.folder.rglob(f"{photo_id}*")] == [lab.folder / "uploads"]


def test_bytes_of_another_photo_are_refused(lab):
    with pytest.raises(LabError, match="not the same"):
        lab.adopt(picture(1), "x.png", load_photo(picture(2)))


def test_a_path_that_only_looks_like_an_upload_leaves_nothing(lab):
    lab.write("catalogue", [row.photo("x", path="uploads/../../secret.jpg")])
    with pytest.raises(LabError, match="leaves the photo folder"):
        lab.photo_path("x")


def test_deciding_on_an_upload_adopts_it_and_puts_it_into_the_gallery_at_once(lab):
    data = picture()
    seen = Verdict("check", 0.4, 0.1, ("why",))
    made = decide_on(
        lab, photo_id_of(data), "confirm", "a", "Anna", "note", seen, "m", (data, "IMG.png")
    )
    assert (made.verdict, made.p_correct, made.note, made.model_id) == ("check", 0.4, "note", "m")
    assert lab.gallery("a")["photo_id"].tolist()[0] == photo_id_of(data)
    assert lab.photo(photo_id_of(data))["named_by"] == "review"


def test_a_new_whale_on_an_upload_can_be_chosen_for_the_next_photo(lab):
    first, second = picture(1), picture(2)
    made = decide_on(
        lab, photo_id_of(first), "new_individual", reviewer="Anna", upload=(first, "1.png")
    )
    decide_on(
        lab, photo_id_of(second), "confirm", made.individual, "Anna", upload=(second, "2.png")
    )
    assert set(lab.gallery("new_0001")["photo_id"]) == {photo_id_of(first), photo_id_of(second)}


def test_an_upload_without_a_reviewer_or_that_is_no_photo_is_not_adopted(lab):
    data = picture()
    with pytest.raises(LabError, match="who decides"):
        decide_on(lab, photo_id_of(data), "retake", reviewer=" ", upload=(data, "x.png"))
    with pytest.raises(PhotoError):
        decide_on(lab, "0" * 16, "retake", reviewer="Anna", upload=(b"no photo", "x.png"))
    assert len(lab.rows("catalogue")) == 1
    assert lab.reviews().empty


def test_a_decision_that_is_refused_leaves_nothing_of_an_upload_behind(lab):
    data = picture(5)
    with pytest.raises(LabError, match="knows no individual"):
        decide_on(lab, photo_id_of(data), "confirm", "nobody", "Ada", upload=(data, "IMG_5.png"))
    assert not lab.rows("catalogue", photo_id=photo_id_of(data))
    assert not list((lab.folder / "uploads").glob("*"))
