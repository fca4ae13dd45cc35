import csv
import os
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from whalecore.errors import CatalogueError
from whalecore.photos.catalogue import Conflict, encounter_of_day, find_conflicts
from whalecore.photos.importers import read_catalogue
from whalecore.photos.values import read_date
from whalecore.types import Box

FLUKES = Path(__file__).resolve().parents[1] / ".." / "shared" / "flukes"


def add_photos(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 4)).save(folder / name)
    return folder


def csv_with(folder: Path, text: str | bytes, name: str = "catalogue.csv") -> Path:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(data)
    return folder / name


def refusal(source: Path, columns=None) -> str:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(source, columns)
    check_sentence(str(caught.value))
    return str(caught.value)


def check_sentence(text: str) -> None:
    assert text.endswith(".")
    assert ". " not in text
    assert text.isprintable()


def read(source: Path, columns=None):
    catalogue = read_catalogue(source, columns)
    for refused in catalogue.refused:
        check_sentence(refused.reason)
        assert refused.name
    for note in catalogue.notes:
        check_sentence(note.text)
    return catalogue


# Kaggle


def test_a_kaggle_folder_is_read_with_its_boxes(tmp_path):
    add_photos(tmp_path, "train/a.jpg", "train/b.jpg", "train/c.jpg")
    csv_with(tmp_path, "Image,Id\na.jpg,w_1\nb.jpg,new_whale\nc.jpg,w_2\n", "train.csv")
    csv_with(tmp_path, "Image,x0,y0,x1,y1\na.jpg,1,1,7,3.5\n", "boxes.csv")
    catalogue = read(tmp_path)
    assert catalogue.kind == "kaggle"
    assert catalogue.root == tmp_path / "train"
    assert [(row.path, row.individual, row.box) for row in catalogue.rows] == [
        ("a.jpg", "w_1", Box(1, 1, 7, 3.5)),
        ("b.jpg", None, None),
        ("c.jpg", "w_2", None),
    ]
    assert catalogue.refused == catalogue.notes == ()


def test_photos_beside_the_kaggle_table_are_found_too(tmp_path):
    add_photos(tmp_path, "a.jpg", "masks/a.png")
    csv_with(tmp_path, "Image,Id\na.jpg,w_1\n", "train.csv")
    assert read(tmp_path).root == tmp_path


def test_a_kaggle_table_without_its_column_is_refused(tmp_path):
    csv_with(tmp_path, "Image,Name\na.jpg,w_1\n", "train.csv")
    assert "no column 'Id' for the individual: its columns are Image, Name" in refusal(tmp_path)


def test_missing_files_and_photos_without_a_row_are_named(tmp_path):
    add_photos(tmp_path, "train/a.jpg", "train/extra.jpg", "train/.hidden.jpg")
    csv_with(tmp_path, "Image,Id\na.jpg,w_1\ngone.jpg,w_2\n", "train.csv")
    catalogue = read(tmp_path)
    assert [row.path for row in catalogue.rows] == ["a.jpg"]
    assert [(r.name, "no such file" in r.reason) for r in catalogue.refused] == [
        ("train.csv, line 3 (gone.jpg)", True)
    ]
    assert [(n.name, "no row names it" in n.text) for n in catalogue.notes] == [("extra.jpg", True)]


@pytest.mark.parametrize(
    "boxes",
    [
        "Image,x0,y0,x1,y1\na.jpg,1,1,7\n",
        "Image,x0,y0,x1,y1\na.jpg,1,1,wide,3\n",
        "Image,x0,y0,x1,y1\na.jpg,1,1,nan,3\n",
        "Image,x0,y0,x1,y1\na.jpg,7,1,1,3\n",
        "Image,x0,y0,x1\na.jpg,1,1,7\n",
        "Image,x0,y0,x1,y1\nnobody.jpg,1,1,7,3\n",
        "Image,x0,y0,x1,y1\n../a.jpg,1,1,7,3\n",
        "",
    ],
)
def test_a_bad_box_is_noted_and_the_photo_stays(tmp_path, boxes):
    add_photos(tmp_path, "train/a.jpg")
    csv_with(tmp_path, "Image,Id\na.jpg,w_1\n", "train.csv")
    csv_with(tmp_path, boxes, "boxes.csv")
    catalogue = read(tmp_path)
    assert [(row.path, row.box) for row in catalogue.rows] == [("a.jpg", None)]
    assert len(catalogue.notes) == 1
    assert catalogue.refused == ()


def test_the_first_of_two_boxes_is_kept(tmp_path):
    add_photos(tmp_path, "a.jpg")
    csv_with(tmp_path, "Image,Id\na.jpg,w_1\n", "train.csv")
    csv_with(tmp_path, "Image,x0,y0,x1,y1\na.jpg,0,0,5,4\na.jpg,0,0,8,4\n", "boxes.csv")
    catalogue = read(tmp_path)
    assert catalogue.rows[0].box == Box(0, 0, 5, 4)
    assert "earlier line, which is kept" in catalogue.notes[0].text


@pytest.mark.skipif(not FLUKES.is_dir(), reason="the real fluke photographs are not here")
def test_the_real_collection_is_read_whole():
    with (FLUKES / "train.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    present = set(os.listdir(FLUKES / "train"))
    catalogue = read(FLUKES)
    assert len(listed) in (2315, 2316)
    assert len(catalogue.rows) + len(catalogue.refused) == len(listed)
    assert {row.path for row in catalogue.rows} == present & {row["Image"] for row in listed}
    assert len(catalogue.refused) == sum(row["Image"] not in present for row in listed)
    assert all(row.box is not None for row in catalogue.rows)
    assert len({row.individual for row in catalogue.rows} - {None}) == 386


# One folder per individual


def test_folders_name_individuals_and_the_folders_inside_encounters(tmp_path):
    add_photos(tmp_path, "007/a.jpg", "NA/2019-07-03/b.JPG", "new_whale/c.png", "Unknown/d.tif")
    add_photos(tmp_path, "e.webp")
    catalogue = read(tmp_path)
    assert catalogue.kind == "folders"
    assert {(row.path, row.individual, row.encounter) for row in catalogue.rows} == {
        ("007/a.jpg", "007", None),
        ("NA/2019-07-03/b.JPG", "NA", "2019-07-03"),
        ("new_whale/c.png", None, None),
        ("Unknown/d.tif", None, None),
        ("e.webp", None, None),
    }


def test_files_that_are_no_photos_are_named_and_hidden_ones_counted(tmp_path):
    add_photos(tmp_path, "w_1/a.jpg")
    (tmp_path / "w_1" / "notes.txt").write_text("x")
    (tmp_path / "w_1" / "._a.jpg").write_text("x")
    (tmp_path / ".DS_Store").write_text("x")
    catalogue = read(tmp_path)
    assert [row.path for row in catalogue.rows] == ["w_1/a.jpg"]
    assert [r.name for r in catalogue.refused] == ["w_1/notes.txt"]
    assert catalogue.notes[0].text == "2 hidden files were left out."


def test_links_that_leave_the_folder_are_refused(tmp_path):
    outside = add_photos(tmp_path / "outside", "secret.jpg")
    root = add_photos(tmp_path / "root", "w_1/a.jpg")
    (root / "w_1" / "link.jpg").symlink_to(outside / "secret.jpg")
    (root / "w_2").symlink_to(outside)
    (root / "w_1" / "loop.jpg").symlink_to(root / "w_1" / "loop.jpg")
    (root / "w_1" / "inside.jpg").symlink_to(root / "w_1" / "a.jpg")
    catalogue = read(root)
    assert [row.path for row in catalogue.rows] == ["w_1/a.jpg", "w_1/inside.jpg"]
    reasons = {refused.name: refused.reason for refused in catalogue.refused}
    assert "leads out of the folder" in reasons["w_1/link.jpg"]
    assert "links to folders are not followed" in reasons["w_2"]
    assert set(reasons) == {"w_1/link.jpg", "w_1/loop.jpg", "w_2"}


def test_a_folder_of_nothing_but_links_says_why_no_photo_was_taken(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.jpg").write_bytes(b"photo")
    root = tmp_path / "root"
    (root / "w_1").mkdir(parents=True)
    (root / "w_1" / "a.jpg").symlink_to(outside / "a.jpg")
    words = refusal(root)
    assert "No photo was found in 'root'" in words
    assert "1 left out, such as 'w_1/a.jpg'" in words
    assert "leads out of the folder" in words


def test_a_year_out_of_range_is_said_to_be_one():
    with pytest.raises(ValueError, match="its year is not one from 1900 to 2100"):
        read_date("2999-01-01")


def test_a_folder_without_photos_and_a_missing_one_are_refused(tmp_path):
    assert "No photo was found" in refusal(tmp_path)
    assert "There is no folder or CSV file 'none'" in refusal(tmp_path / "none")
    assert "There is no folder or CSV file" in refusal(tmp_path / "a\0b")


def test_columns_cannot_be_chosen_for_a_folder(tmp_path):
    add_photos(tmp_path, "w_1/a.jpg")
    assert "is for a CSV file" in refusal(tmp_path, {"photo": "Image"})


# CSV


def test_every_fact_of_a_csv_is_read(tmp_path):
    add_photos(tmp_path, "2019/a.jpg", "2019/b.jpg")
    path = csv_with(
        tmp_path,
        "photo,individual,encounter,date,latitude,longitude\n"
        "2019/a.jpg,NA,e 1,2019-07-03 14:05,42.5,-70.25\n"
        "./2019//b.jpg,007,,,,\n",
    )
    first, second = read(path).rows
    assert (first.path, first.individual, first.encounter) == ("2019/a.jpg", "NA", "e 1")
    assert first.taken_at == datetime(2019, 7, 3, 14, 5)
    assert (first.latitude, first.longitude) == (42.5, -70.25)
    assert (second.path, second.individual) == ("2019/b.jpg", "007")
    assert (second.encounter, second.taken_at, second.latitude) == (None, None, None)


def test_columns_may_have_any_name(tmp_path):
    add_photos(tmp_path, "a.jpg")
    path = csv_with(tmp_path, "Datei,Tier,id\na.jpg,Salt,5\n")
    row = read(path, {"photo": "Datei", "individual": "Tier"}).rows[0]
    assert (row.path, row.individual) == ("a.jpg", "Salt")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (None, "has no column for the individual: its columns are photo, when"),
        ({"individual": "who"}, "has no column 'who' for the individual"),
        ({"individual": "when", "date": "day"}, "has no column 'day' for the date"),
        ({"colour": "when"}, "'colour' is nothing a catalogue says"),
    ],
)
def test_a_missing_column_is_refused_in_one_sentence(tmp_path, columns, sentence):
    path = csv_with(tmp_path, "photo,when\na.jpg,2019\n")
    assert sentence in refusal(path, columns)


@pytest.mark.parametrize("path", ["../a.jpg", "x/../../a.jpg", "/etc/passwd", "~/a.jpg", "C:/a.jpg",
                                  "x\\a.jpg", "..\\a.jpg", "a\0.jpg", "", ".", "x" * 300 + ".jpg",
                                  "linked/a.jpg", "out.jpg", "folder.jpg", "pipe.jpg"])  # fmt: skip
def test_a_path_that_leaves_the_folder_is_refused_and_the_rest_goes_on(tmp_path, path):
    outside = add_photos(tmp_path / "outside", "a.jpg")
    root = add_photos(tmp_path / "root", "good.jpg")
    (root / "linked").symlink_to(outside)
    (root / "out.jpg").symlink_to(outside / "a.jpg")
    (root / "folder.jpg").mkdir()
    os.mkfifo(root / "pipe.jpg")
    catalogue = read(csv_with(root, f"photo,individual\n{path},w_1\ngood.jpg,w_2\n"))
    assert [row.path for row in catalogue.rows] == ["good.jpg"]
    assert len(catalogue.refused) == 1
    assert catalogue.refused[0].name.startswith("catalogue.csv, line 2 (")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends_are_understood(tmp_path, encoding, delimiter, end):
    add_photos(tmp_path, "a.jpg")
    text = end.join(["photo,individual", "a.jpg,Élodie", ""]).replace(",", delimiter)
    catalogue = read(csv_with(tmp_path, text.encode(encoding)))
    assert catalogue.rows[0].individual == "Élodie"
    assert [("Latin-1" in note.text) for note in catalogue.notes] == [True] * (
        encoding in ("cp1252", "latin-1")
    )


def test_a_decimal_comma_is_understood(tmp_path):
    add_photos(tmp_path, "a.jpg")
    path = csv_with(tmp_path, "photo;individual;latitude;longitude\na.jpg;w;42,5;−70,25\n")
    row = read(path).rows[0]
    assert (row.latitude, row.longitude) == (42.5, -70.25)


def test_letters_with_accents_are_one_name_however_they_are_encoded(tmp_path):
    add_photos(tmp_path, "a.jpg", "b.jpg")
    path = csv_with(tmp_path, "photo,individual\na.jpg,\u00c9l\nb.jpg,E\u0301l\n")
    assert len({row.individual for row in read(path).rows}) == 1


def test_a_repeated_row_and_a_contradicting_one_are_named(tmp_path):
    add_photos(tmp_path, "a.jpg")
    path = csv_with(tmp_path, "photo,individual\na.jpg,w_1\na.jpg,w_1\n./a.jpg,w_2\n")
    catalogue = read(path)
    assert [row.individual for row in catalogue.rows] == ["w_1"]
    assert "repeats the photo of line 2" in catalogue.refused[0].reason
    assert "as 'w_2' where that line says 'w_1'" in catalogue.refused[1].reason


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("bad.jpg", "names 2 columns and the row fills 1"),
        ("bad.jpg,w_1,more", "names 2 columns and the row fills 3"),
        ('"bad.jpg,w_1', "quotation marks"),
        ('"bad.jpg"x,w_1', "quotation marks"),
        ('bad.jpg,"w', "quotation marks"),
        ("bad.jpg," + "w" * 500_000, "longer than"),
        ('bad.jpg,"' + "w" * 15_000 + "\n", "quotation marks"),
        ("bad.jpg,w\x00\x1b", "control characters"),
        ("bad.jpg," + "w" * 300, "longer than 200 letters"),
    ],
)
def test_a_damaged_row_is_refused_and_the_rest_goes_on(tmp_path, row, word):
    add_photos(tmp_path, "a.jpg", "b.jpg", "c.jpg", "bad.jpg")
    good = 'b.jpg,"w_2"\n' + 'c.jpg,"w ""3"""\n'
    catalogue = read(csv_with(tmp_path, f"photo,individual\na.jpg,w_1\n{row}\n{good}"))
    assert [row.path for row in catalogue.rows] == ["a.jpg", "b.jpg", "c.jpg"]
    assert catalogue.rows[2].individual == 'w "3"'
    assert len(catalogue.refused) == 1
    assert catalogue.refused[0].name.startswith("catalogue.csv, line 3")
    assert word in catalogue.refused[0].reason


def test_quoted_line_breaks_and_empty_lines_are_no_damage(tmp_path):
    add_photos(tmp_path, "a.jpg", "b.jpg")
    text = 'photo,individual,comment\n\na.jpg,w_1,"seen\ntwice"\n,,\n\nb.jpg,w_2,\n,,,,\n'
    catalogue = read(csv_with(tmp_path, text))
    assert [row.path for row in catalogue.rows] == ["a.jpg", "b.jpg"]
    assert catalogue.refused == ()


def test_columns_that_a_spreadsheet_left_empty_do_not_matter(tmp_path):
    add_photos(tmp_path, "a.jpg")
    catalogue = read(csv_with(tmp_path, "photo,individual,,\na.jpg,w_1,,\n"))
    assert [row.individual for row in catalogue.rows] == ["w_1"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"\n \n,,\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b'"photo,individual\na.jpg,w_1\n', "cannot be read"),
        (b"photo,individual,photo\n", "two columns named 'photo'"),
        (b"PK\x03\x04" + bytes(range(256)), "is a spreadsheet"),
        (bytes(range(256)) * 20, "has no column for the photo"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(tmp_path, data, sentence):
    assert sentence in refusal(csv_with(tmp_path, data))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("latitude", "91"),
        ("latitude", "north"),
        ("latitude", "nan"),
        ("longitude", "-180.5"),
        ("longitude", "1e999"),
        ("date", "03/07/2019"),
        ("date", "last summer"),
        ("date", "2019-02-30"),
        ("date", "0019-02-03"),
        ("encounter", "e" * 500),
    ],
)
def test_a_value_that_cannot_be_is_left_empty_with_a_note(tmp_path, column, value):
    add_photos(tmp_path, "a.jpg")
    catalogue = read(csv_with(tmp_path, f"photo,individual,{column}\na.jpg,w_1,{value}\n"))
    row = catalogue.rows[0]
    facts = (row.encounter, row.taken_at, row.latitude, row.longitude)
    assert facts == (None, None, None, None)
    assert len(catalogue.notes) == 1
    assert catalogue.notes[0].name == "a.jpg"
    assert column in catalogue.notes[0].text or value[:30] in catalogue.notes[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-07-31", datetime(2019, 7, 31)),
        ("2019-07-31T14:05:10Z", datetime(2019, 7, 31, 14, 5, 10)),
        ("2019:07:31 14:05:10", datetime(2019, 7, 31, 14, 5, 10)),
        ("2019/07/31", datetime(2019, 7, 31)),
        ("31.07.2019", datetime(2019, 7, 31)),
    ],
)
def test_dates_with_the_year_first_are_read(tmp_path, text, expected):
    add_photos(tmp_path, "a.jpg")
    catalogue = read(csv_with(tmp_path, f"photo,individual,date\na.jpg,w_1,{text}\n"))
    assert catalogue.rows[0].taken_at == expected


def test_rows_in_are_rows_accepted_and_rows_refused(tmp_path):
    add_photos(tmp_path, *(f"{n}.jpg" for n in range(0, 60, 2)))
    lines = ["photo,individual"]
    for n in range(60):
        lines.append([f"{n}.jpg,w_{n}", f"../{n}.jpg,w", f"{n}.jpg", f'"{n}.jpg,w'][n % 4])
    catalogue = read(csv_with(tmp_path, "\n".join(lines)))
    assert len(catalogue.rows) + len(catalogue.refused) == 60
    assert len(catalogue.rows) == 15


# Conflicts


def test_one_photo_or_near_duplicates_under_two_individuals_are_a_conflict():
    photo_ids = ["p1", "p1", "p2", "p3", "p4", "p5"]
    individuals = ["a", "b", "a", "c", None, "a"]
    conflicts = find_conflicts(photo_ids, individuals, [[2, 3, 4], [5, 4]])
    assert conflicts == [Conflict(("p1",), ("a", "b")), Conflict(("p2", "p3"), ("a", "c"))]


def test_agreement_is_no_conflict():
    assert find_conflicts(["p1", "p1", "p2"], ["a", "a", None], [[0, 1, 2]]) == []


def test_the_day_stands_in_for_an_encounter():
    assert encounter_of_day(datetime(2019, 7, 3, 14)) == "day 2019-07-03"
    assert encounter_of_day(None) is None
