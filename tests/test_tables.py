"""Tables: rows fit exactly or are refused, and the description is what the program uses."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from whalecore.errors import LabError
from whalecore.lab.database import Database
from whalecore.lab.rows import arrow_rows
from whalecore.lab.tables import TABLES

README = Path(__file__).resolve().parents[1] / "data" / "README.md"

PHOTO = {"photo_id": "0f", "path": "a.jpg", "name": "a.jpg", "width": 4, "height": 2}
CROP = {
    "photo_id": "0f", "crop_x0": 1, "crop_y0": 2.25, "crop_x1": 30, "crop_y1": 40,
    "crop_source": "given",
}  # fmt: skip
HEATMAP = {
    "model_id": "m", "photo_id": "0f", "crop": "c", "individual": "w", "method": "osm",
    "settings": "s", "rank": 1, "score": 0.5, "rows": 2, "cols": 3,
}  # fmt: skip


def described() -> dict[str, tuple[str, list[list[str]]]]:
    """Section of the description: its text and the cells of its table."""
    sections = re.split(r"^### ", README.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        title, _, body = section.partition("\n")
        lines = [line for line in body.splitlines() if line.startswith("| `")]
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        found[title.strip("` ")] = (" ".join(body.split()), cells)
    return found


@pytest.mark.parametrize("name", TABLES)
def test_the_description_of_a_table_is_in_step_with_it(name):
    table = TABLES[name]
    body, cells = described()[name]
    assert body.startswith(f"{table.meaning} Key: {', '.join(f'`{key}`' for key in table.key)}.")
    assert cells == [
        [f"`{column.name}`", column.type_name, column.unit, column.meaning]
        for column in table.columns
    ]


@pytest.mark.parametrize("name", ["photos", "cluster_correctness"])
def test_the_description_of_a_view_names_its_columns(name, tmp_path):
    cells = described()[name][1]
    assert [row[0].strip("`") for row in cells] == list(Database(tmp_path).columns(name))


def test_the_description_has_no_further_tables():
    assert set(described()) == {*TABLES, "photos", "cluster_correctness"}


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_the_key_of_a_table_is_among_its_columns(table):
    names = [column.name for column in table.columns]
    assert set(table.key) <= set(names)
    assert len(names) == len(set(names))


def test_an_unknown_table_is_refused():
    with pytest.raises(LabError, match="no table 'colours'"):
        arrow_rows("colours", [])


def test_an_unknown_column_is_refused():
    with pytest.raises(LabError, match="no column 'colour'"):
        arrow_rows("catalogue", [{**PHOTO, "colour": "black"}])


def test_a_missing_required_value_is_refused():
    with pytest.raises(LabError, match="needs a value for 'width' in every row"):
        arrow_rows("catalogue", [PHOTO, {**PHOTO, "width": None}])


@pytest.mark.parametrize("wrong", [{"width": "wide"}, {"latitude": "north"}, {"width": 2**70}])
def test_a_value_of_the_wrong_kind_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(LabError, match=f"Column '{name}' of table 'catalogue'"):
        arrow_rows("catalogue", [{**PHOTO, **wrong}])


def test_names_that_look_like_numbers_or_like_nothing_stay_texts():
    rows = arrow_rows("catalogue", [{**PHOTO, "individual": name} for name in ("007", "NA", "")])
    assert rows["individual"].to_pylist() == ["007", "NA", ""]


def test_values_of_numpy_and_pandas_are_understood():
    row = {**PHOTO, "width": np.int32(4), "latitude": np.float32(0.5), "longitude": float("nan")}
    row = arrow_rows("catalogue", [row]).to_pylist()[0]
    assert (row["width"], row["latitude"], row["longitude"]) == (4, 0.5, None)


def test_a_time_with_a_zone_becomes_utc_and_a_camera_time_stays():
    east = timezone(timedelta(hours=2))
    camera, zoned = datetime(2020, 5, 1, 12), datetime(2020, 5, 1, 12, tzinfo=east)
    row = arrow_rows("catalogue", [{**PHOTO, "taken_at": camera, "imported_at": zoned}])
    assert row["taken_at"].to_pylist() == [camera]
    assert row["imported_at"].to_pylist() == [datetime(2020, 5, 1, 10)]


def test_a_stamp_that_is_not_given_is_the_present():
    stamp = arrow_rows("catalogue", [PHOTO])["imported_at"].to_pylist()[0]
    assert abs(stamp - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)


def test_dictionaries_become_json_and_json_stays():
    model = {
        "model_id": "m", "architecture": "resnet18", "input_height": 1, "input_width": 2,
        "individuals": ("a", "b"), "fingerprint": "f", "settings": {"b": np.float64(1), "a": None},
        "metrics": '{"x": 1}',
    }  # fmt: skip
    row = arrow_rows("models", [model]).to_pylist()[0]
    assert json.loads(row["settings"]) == {"a": None, "b": 1.0}
    assert row["metrics"] == '{"x": 1}'
    assert row["individuals"] == ["a", "b"]


def test_the_key_of_a_box_is_computed_from_its_edges():
    assert arrow_rows("crops", [CROP])["crop"].to_pylist() == ["1.0,2.2,30.0,40.0"]


def test_a_grid_is_kept_row_by_row_in_half_precision():
    grid = np.array([[0.1, -2, 3], [4, 5, 60000]])
    rows = arrow_rows("heatmaps", [{**HEATMAP, "values": grid}])
    assert rows.schema.field("values").type == pa.list_(pa.float16())
    assert rows["values"].to_pylist()[0] == grid.ravel().astype(np.float16).tolist()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((2, 2)), "holds 4 values, but its grid has 6"),
        (np.zeros(0), "holds 0 values"),
        (np.full((2, 3), np.nan), "not finite"),
        (np.full((2, 3), 1e6), "beyond 65504"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused(values, words):
    with pytest.raises(LabError, match=words):
        arrow_rows("heatmaps", [{**HEATMAP, "values": values}])


def test_only_an_unfinished_grid_may_have_gaps():
    values = np.array([[np.nan, 1.5, np.nan], [np.nan, np.nan, np.nan]])
    row = {**HEATMAP, "values": values, "computed": 1, "engine": "exact"}
    kept = arrow_rows("unfinished_heatmaps", [row])["values"].to_pylist()[0]
    np.testing.assert_array_equal(np.array(kept, float), values.ravel())
    with pytest.raises(LabError, match="not finite"):
        arrow_rows("unfinished_heatmaps", [{**row, "values": np.full((2, 3), np.inf)}])
    with pytest.raises(LabError, match="not finite"):
        arrow_rows("heatmaps", [row])


def test_an_arrow_table_is_taken_as_it_is_and_checked_too():
    given = pa.table({"review_id": ["r"], "photo_id": ["p"], "decision": ["yes"]})
    rows = arrow_rows("reviews", given)
    assert rows.column_names == [column.name for column in TABLES["reviews"].columns]
    assert rows["note"].to_pylist() == [None]
    with pytest.raises(LabError, match="no column 'x'"):
        arrow_rows("reviews", given.append_column("x", [[1]]))
    with pytest.raises(LabError, match="'decision'"):
        arrow_rows("reviews", given.drop_columns(["decision"]))
