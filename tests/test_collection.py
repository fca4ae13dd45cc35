"""A folder of photos that somebody typed in, and the lab made from it."""

import pytest

from whalecore.errors import CatalogueError, LabError, SettingsError
from whalecore.lab.lab import create_lab, open_lab
from whalecore.workflow.collection import (
    PROGRAM,
    check_collection,
    copy_lab,
    folder_name,
    header_of,
    new_lab,
)


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "my flukes"
    for name in ("Salt/1.jpg", "Salt/2.jpg", "Pepper/1.jpg", "new_whale/1.jpg", "notes.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def test_the_columns_of_a_csv_file_are_told_and_chosen(tmp_path):
    table = tmp_path / "list.csv"
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / name).write_bytes(b"x")
    table.write_text("File;WhaleID;Day;lat\n1.jpg;Salt;2019-07-31;1\n2.jpg;;;\n", encoding="utf-8")
    header = header_of(f" '{table}' ")
    assert header.columns == ("File", "WhaleID", "Day", "lat")
    assert header.usual == {"photo": "File", "latitude": "lat"}
    with pytest.raises(CatalogueError, match="no column for the individual"):
        check_collection(str(table))
    found = check_collection(str(table), {"individual": "WhaleID", "date": "Day"})
    assert (found.photos, found.individuals, found.unnamed) == (2, 1, 1)
    assert header_of(str(tmp_path)) is None
    assert header_of(str(tmp_path / "nothing.csv")) is None


@pytest.mark.parametrize("form", ["{}", "  {} ", "'{}'", '"{}"', "{}/", "{}/Salt/.."])
def test_a_folder_is_counted_without_opening_a_photo(photos, form):
    found = check_collection(form.format(photos))
    assert found.path == found.root == photos.resolve()
    assert (found.photos, found.individuals, found.unnamed, found.refused) == (4, 2, 1, 1)


def test_a_tilde_is_the_home_folder(photos, monkeypatch):
    monkeypatch.setenv("HOME", str(photos.parent))
    assert check_collection("~/my flukes").photos == 4


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type the path"),
        ("a\nb", "Type the path"),
        ("file:///tmp", "Type the path"),
        ("http://whales.example/flukes", "Type the path"),
        ("my flukes", "no full path"),
        ("../flukes", "no full path"),
        ("/nowhere/at/all", "There is no folder or file /nowhere/at/all"),
        ("~nobody-has-this-name/x", "nobody on this computer"),
        ("/", "holds this program"),
        (str(PROGRAM), "holds this program"),
        (str(PROGRAM / "tests"), "holds this program"),
        ("/" + "x" * 5000, "cannot be followed"),
    ],
)
def test_a_path_that_is_no_collection_is_refused_in_a_sentence(typed, sentence):
    with pytest.raises(CatalogueError, match=sentence):
        check_collection(typed)


def test_an_empty_folder_and_a_lab_are_no_collections(tmp_path):
    with pytest.raises(CatalogueError, match="No photo was found"):
        check_collection(str(tmp_path))
    lab = create_lab(tmp_path / "lab", name="lab", photo_root=tmp_path)
    with pytest.raises(CatalogueError, match="is a lab already"):
        check_collection(str(lab.folder))


def test_a_new_lab_gets_a_folder_named_like_it(photos, tmp_path):
    lab = new_lab(" Tonga 2026 ", check_collection(str(photos)), tmp_path / "labs")
    assert (lab.folder, lab.name) == (tmp_path / "labs" / "tonga-2026", "Tonga 2026")
    assert lab.photo_root == photos
    with pytest.raises(LabError, match="'tonga-2026' already"):
        new_lab("Tonga, 2026!", check_collection(str(photos)), tmp_path / "labs")


@pytest.mark.parametrize("name", ["", "  ", "..", "/", "- -", "a" * 61, "a\0b"])
def test_a_name_without_letters_is_refused(name):
    with pytest.raises(SettingsError, match="needs a name"):
        folder_name(name)


@pytest.mark.parametrize(
    ("name", "folder"), [("../../etc", "etc"), ("Île d’Yeu", "île-d-yeu"), ("A_b 3", "a_b-3")]
)
def test_the_folder_of_a_lab_lies_where_labs_lie(name, folder):
    assert folder_name(name) == folder


def test_a_copy_holds_all_but_jobs_and_claims_and_may_be_changed(photos, tmp_path):
    lab = create_lab(tmp_path / "lab", name="lab", photo_root=photos)
    (lab.folder / "jobs" / "20261121-200000-00aa").mkdir(parents=True)
    (lab.folder / "models" / "m").mkdir()
    copied = copy_lab(lab, "demo copy", tmp_path / "labs")
    assert copied.folder == tmp_path / "labs" / "demo-copy"
    assert (copied.name, open_lab(lab.folder).name) == ("demo copy", "lab")
    assert (copied.folder / "models" / "m").is_dir()
    assert not (copied.folder / "jobs").exists()
    assert [path.name for path in (tmp_path / "labs").iterdir()] == ["demo-copy"]
    with pytest.raises(LabError, match="already"):
        copy_lab(lab, "demo copy", tmp_path / "labs")
