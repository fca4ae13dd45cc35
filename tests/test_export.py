"""Exports: everything is there, nothing runs as a formula, nothing is overwritten."""

import io
import json
import os

import altair as alt
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from tests import lab_rows
from whalecore.cli import main
from whalecore.errors import LabError, SettingsError
from whalecore.lab import create_lab
from whalecore.photos.import_csv import import_csv
from whalecore.workflow.export import Wanted, export_lab
from whalecore.workflow.export.chart import chart_picture
from whalecore.workflow.export.kaggle import Submission, ids_of
from whalecore.workflow.export.pictures import export_pictures
from whalecore.workflow.export.places import folder_names, safe_name
from whalecore.workflow.export.tables import TABLES, csv_bytes, export_tables, parquet_bytes
from whalecore.workflow.export.wildbook import export_wildbook, wildbook_table

HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "O'Neil", "'=x", "a;=1", "Göran"]


def drawn(path, shade: int):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((12, 24, 3), shade, np.uint8)).save(path)
    return path


@pytest.fixture
def lab(tmp_path):
    """Three photos of two individuals with hostile names, and one without a name."""
    from whalecore.photos.decode import photo_id_of

    root = tmp_path / "photos"
    lab = create_lab(tmp_path / "lab", "lab", root)
    moment = pd.Timestamp("2019-07-31 14:05")
    rows = []
    for shade, (path, individual) in enumerate(
        [("a/=1.png", "../out"), ("b/=1.png", "../out"), ("c.png", "CON"), ("d.png", None)]
    ):
        photo_id = photo_id_of(drawn(root / path, shade).read_bytes())
        row = lab_rows.photo(photo_id, individual, taken_at=moment if shade < 2 else None)
        about = {
            "path": path,
            "name": path.split("/")[-1],
            "encounter": "e1" if shade < 2 else None,
        }
        rows.append({**row, **about})
    lab.write("catalogue", rows)
    return lab


def test_text_is_made_harmless_and_numbers_stay_numbers():
    frame = pd.DataFrame({"=name": HOSTILE, "number": np.arange(len(HOSTILE)) - 4.5})
    data = csv_bytes(frame)
    assert data.startswith("\N{BYTE ORDER MARK}".encode())
    read = pd.read_csv(io.BytesIO(data))
    assert read["'=name"].tolist() == [
        "'=cmd|' /C calc'!A0", "'+1", "'-1", "'@x", "O'Neil", "''=x", "a;'=1", "Göran",
    ]  # fmt: skip
    assert read["number"].tolist() == frame["number"].tolist()
    assert "\n-" not in csv_bytes(frame[["=name"]]).decode()


def test_columns_of_bytes_are_left_to_parquet():
    frame = pd.DataFrame({"name": ["a", "b"], "marks": [None, bytearray(b"x")]})
    assert csv_bytes(frame) == b"name\na\nb\n"
    assert pd.read_parquet(io.BytesIO(parquet_bytes(frame)))["marks"].tolist() == [None, b"x"]


def test_lists_are_json_with_as_few_digits_as_they_need():
    values = np.array([0.1, -2, np.nan], np.float16)
    frame = pd.DataFrame({"values": [values], "names": [np.array(["=a", "b"], object)]})
    read = pd.read_csv(io.BytesIO(csv_bytes(frame)))
    assert json.loads(read["values"][0]) == [0.1, -2.0, None]
    assert json.loads(read["names"][0]) == ["=a", "b"]
    back = pd.read_parquet(io.BytesIO(parquet_bytes(frame)))
    np.testing.assert_array_equal(back["values"][0], values)


def test_names_come_back_when_the_table_of_photos_is_imported(tmp_path):
    lab = create_lab(tmp_path / "lab", "lab", tmp_path)
    names = [f"{place} x.png" for place in range(len(HOSTILE))]
    rows = [
        {**lab_rows.photo(f"p{place}", individual), "path": name}
        for place, (name, individual) in enumerate(zip(names, HOSTILE, strict=True))
    ]
    lab.write("catalogue", rows)
    for name in names:
        drawn(tmp_path / name, 9)
    (tmp_path / "photos.csv").write_bytes(csv_bytes(lab.table("photos")))
    found = import_csv(tmp_path / "photos.csv")
    assert found.refused == ()
    assert {row.path: row.individual for row in found.rows} == dict(
        zip(names, HOSTILE, strict=True)
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_table_gets_a_file(lab, tmp_path, kind):
    written = export_tables(lab, tmp_path / "out", kind)
    assert sorted(os.listdir(tmp_path / "out")) == sorted(f"{name}.{kind}" for name in TABLES)
    assert len(written) == len(TABLES)
    assert {"photos", "reviews", "heatmaps", "verdicts", "embeddings"} <= set(TABLES)


def test_pictures_are_sorted_never_leave_the_folder_and_are_never_overwritten(lab, tmp_path):
    target = tmp_path / "out"
    done = export_pictures(lab, target)
    assert (done.written, done.kept, done.refused) == (4, 0, ())
    listed = pd.read_csv(target / "pictures.csv")
    files = sorted(path.relative_to(target).as_posix() for path in target.rglob("*.png"))
    assert sorted(listed["photo"].str.removeprefix("'")) == files
    assert {file.split("/")[0] for file in files} == {"_out", "_CON", "unknown"}
    assert not (tmp_path / "out.png").exists()
    # Both photos are called =1.png: the second one is told apart.
    assert len([file for file in files if file.startswith("_out/=1")]) == 0
    assert len([file for file in files if file.startswith("_out/")]) == 2
    again = export_pictures(lab, target)
    assert (again.written, again.kept) == (0, 4)
    (target / "_CON" / "c.png").write_bytes(b"mine")
    third = export_pictures(lab, target)
    assert (third.written, third.kept) == (1, 3)
    assert (target / "_CON" / "c.png").read_bytes() == b"mine"


def test_sorted_pictures_can_be_imported_with_their_exact_names(lab, tmp_path):
    export_pictures(lab, tmp_path / "out")
    found = import_csv(tmp_path / "out" / "pictures.csv")
    assert found.refused == ()
    assert sorted(str(row.individual) for row in found.rows) == ["../out", "../out", "CON", "None"]
    assert {row.encounter for row in found.rows} == {"e1", None}


def test_links_take_no_space_and_lead_to_the_photos(lab, tmp_path):
    export_pictures(lab, tmp_path / "out", links=True)
    link = tmp_path / "out" / "_CON" / "c.png"
    assert link.is_symlink()
    assert link.resolve() == (tmp_path / "photos" / "c.png").resolve()


def test_a_picture_that_is_gone_is_named_and_the_others_are_sorted(lab, tmp_path):
    (tmp_path / "photos" / "c.png").unlink()
    done = export_pictures(lab, tmp_path / "out")
    assert done.written == 3
    (said,) = done.refused
    assert said.startswith("The photo 'c.png' is not where the lab found it")


def test_a_link_in_the_target_is_not_followed(lab, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "_CON").symlink_to(elsewhere)
    done = export_pictures(lab, tmp_path / "out")
    assert len(done.refused) == 1
    assert "is a link" in done.refused[0]
    assert list(elsewhere.iterdir()) == []


def test_pictures_are_not_sorted_into_the_lab_or_its_photos(lab, tmp_path):
    for place in (tmp_path / "photos" / "sorted", lab.folder):
        with pytest.raises(SettingsError, match="belongs to the lab"):
            export_pictures(lab, place)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Salt", "Salt"),
        ("../etc", "_etc"),
        ("..", "_"),
        ("a/b\\c:d", "a_b_c_d"),
        (".hidden", "hidden"),
        ("nul.txt", "_nul.txt"),
        ("name. ", "name"),
        ("Þóra\n", "Þóra_"),
        ("x" * 300, "x" * 80),
    ],
)
def test_a_name_suits_any_system(text, name):
    assert safe_name(text) == name


def test_individuals_whose_folders_would_fall_together_are_told_apart():
    names = folder_names(["a/b", "a:b", "Salt", "salt", "Unknown"], taken=["unknown"])
    assert len({name.lower() for name in names.values()} | {"unknown"}) == 6
    assert names["a/b"].startswith("a_b-")


def test_new_whale_stands_where_its_probability_puts_it():
    candidates = [("w 1", 0.6), ("w_2", 0.3), ("w_3", 0.05), ("w_4", 0.03), ("w_5", 0.02)]
    assert ids_of(candidates, 0.9) == "new_whale w_1 w_2 w_3 w_4"
    # 0.8 * 0.6 = 0.48 and 0.8 * 0.3 = 0.24 lie above 0.2.
    assert ids_of(candidates, 0.2) == "w_1 w_2 new_whale w_3 w_4"
    assert ids_of(candidates, 0.001) == "w_1 w_2 w_3 w_4 w_5"
    assert ids_of(candidates, None) == "w_1 w_2 w_3 w_4 w_5"


def test_a_submission_is_plain_text_with_two_columns():
    rows = pd.DataFrame([("a.jpg", "w_1 new_whale")], columns=["Image", "Id"])
    assert Submission(rows).csv() == b"Image,Id\na.jpg,w_1 new_whale\n"


def test_photos_of_one_encounter_and_animal_share_a_row_of_wildbook(lab):
    table = wildbook_table(lab, submitter="=anna")
    first = table.rows.set_index("Encounter.mediaAsset0").loc["=1.png"]
    assert first["Encounter.mediaAsset1"] == "=1.png"
    assert first["MarkedIndividual.individualID"] == "../out"
    assert (first["Encounter.genus"], first["Encounter.specificEpithet"]) == (
        "Megaptera", "novaeangliae",
    )  # fmt: skip
    date = [first[f"Encounter.{part}"] for part in ("year", "month", "day", "hour", "minutes")]
    assert date == [2019, 7, 31, 14, 5]
    assert table.rows["Encounter.state"].tolist().count("unapproved") == 1
    # Fields without data are left out.
    assert "Encounter.decimalLatitude" not in table.rows
    said = " ".join(table.remarks)
    assert "2 of 3 encounters have no year" in said
    assert "3 of 3 encounters have no place" in said
    assert "1 file names stand for several photos" in said


def test_wildbook_gets_at_most_200_encounters_a_spreadsheet(lab, tmp_path):
    lab.write("catalogue", [lab_rows.photo(f"{number:016x}", "w") for number in range(400)])
    written, _ = export_wildbook(lab, tmp_path / "out", "=anna", "Reef 5")
    sizes = [len(pd.read_csv(path)) for path in written]
    assert sizes == [200, 200, 3]
    assert set(pd.read_csv(written[0])["Encounter.submitterID"]) == {"'=anna"}


def test_who_named_a_photo_is_exported(lab, tmp_path):
    photo = next(row for row in lab.rows("photos") if row["name"] == "d.png")
    lab.decide(photo["photo_id"], "confirm", "CON", "Anna")
    export_pictures(lab, tmp_path / "out")
    listed = pd.read_csv(tmp_path / "out" / "pictures.csv").set_index("photo_id")
    assert listed.loc[photo["photo_id"], "named_by"].startswith("review by Anna, 20")
    assert listed.loc[photo["photo_id"], "photo"] == "_CON/d.png"
    assert set(listed["named_by"].drop(photo["photo_id"])) == {"catalogue"}


def test_what_does_not_belong_to_a_format_is_refused(lab, tmp_path):
    for kind, wanted, words in (
        ("csv", Wanted(photos=(tmp_path,)), "--photos"),
        ("kaggle", Wanted(table="scores"), "a table"),
        ("png", Wanted(links=True), "--links"),
        ("parquet", Wanted(submitter="anna"), "--submitter"),
        ("pdf", Wanted(), "no format 'pdf'"),
    ):
        with pytest.raises(SettingsError, match=words):
            export_lab(lab, kind, tmp_path / "out", wanted)


def test_a_submission_needs_photos_and_a_csv_file(lab, tmp_path):
    with pytest.raises(SettingsError, match=r"\.csv"):
        export_lab(lab, "kaggle", tmp_path / "out")
    with pytest.raises(LabError, match="--photos"):
        export_lab(lab, "kaggle", tmp_path / "out.csv")


def test_a_file_that_cannot_be_written_is_a_sentence(lab, tmp_path):
    (tmp_path / "out").write_text("in the way")
    answer = CliRunner().invoke(
        main, ["export", "reviews", "--lab", str(lab.folder), "--to", str(tmp_path / "out")]
    )
    assert answer.exit_code == 1
    assert "cannot be written" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_chart_is_saved_as_png_and_svg():
    pytest.importorskip("vl_convert")
    chart = alt.Chart(pd.DataFrame({"whale": ["Salt"], "photos": [3]})).mark_bar()
    chart = chart.encode(x="whale", y="photos")
    assert b">Salt</text>" in chart_picture(chart, "svg")
    picture = Image.open(io.BytesIO(chart_picture(chart, "png")))
    assert picture.format == "PNG"
    assert picture.getpixel((0, 0))[:3] == (255, 255, 255)
    with pytest.raises(SettingsError, match="'pdf'"):
        chart_picture(chart, "pdf")


def test_a_submission_of_a_lab_ranks_every_photo_and_names_what_cannot_be_read(tiny_lab, tmp_path):
    paths = [tiny_lab.photo_path(row["photo_id"]) for row in tiny_lab.rows("catalogue")[:2]]
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    words = ["export", "--lab", tiny_lab.folder, "--format", "kaggle", "--to", tmp_path / "k.csv"]
    for path in (*paths, bad):
        words += ["--photos", path]
    answer = CliRunner().invoke(main, [str(word) for word in words])
    assert answer.exit_code == 1
    assert "bad.jpg" in answer.stderr
    rows = pd.read_csv(tmp_path / "k.csv")
    assert rows["Image"].tolist() == [*(path.name for path in paths), "bad.jpg"]
    assert rows["Id"][2] == "new_whale"
    assert [len(set(ids.split())) for ids in rows["Id"][:2]] == [5, 5]


def test_a_long_name_keeps_its_ending_and_fits_in_bytes():
    assert safe_name("a" * 90 + ".jpg") == "a" * 76 + ".jpg"
    assert safe_name("日" * 90 + ".jpg") == "日" * 25 + ".jpg"
    assert safe_name("a" * 90) == "a" * 80


def test_sorted_pictures_do_not_replace_a_list_of_other_photos(lab, tmp_path):
    listed = tmp_path / "out" / "pictures.csv"
    listed.parent.mkdir()
    listed.write_text("photo,photo_id\nx.jpg,ffffffffffffffff\n")
    with pytest.raises(SettingsError, match="lists other photos"):
        export_pictures(lab, listed.parent)
    assert "ffffffffffffffff" in listed.read_text()
