"""The buttons that take things along: there, named and explained, and nothing read too early."""

from streamlit.testing.v1 import AppTest

from pages.parts.export import photo_file
from whalecore.errors import LabError


def tables_page() -> None:
    import streamlit as st

    from pages.parts.export import offer_table

    def read():
        st.session_state["read"] = True
        raise AssertionError("a table is read when it is wanted, not before")

    offer_table(read, "scores", "one")
    offer_table(read, "scores", "two")


def everything_page(folder: str) -> None:
    from pages.parts.export import show_export
    from whalecore.lab import open_lab

    show_export(open_lab(folder))


def photo_page(folder: str, photo_id: str) -> None:
    from pages.parts.export import offer_photo_report
    from whalecore.lab import open_lab

    offer_photo_report(open_lab(folder), photo_id)


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.get("download_button")]


def test_a_table_is_offered_twice_on_a_page_and_read_only_when_wanted():
    page = AppTest.from_function(tables_page).run(timeout=30)
    assert not page.exception
    assert labels(page) == ["CSV", "Parquet", "CSV", "Parquet"]
    assert "read" not in page.session_state


def test_every_table_can_be_chosen_and_what_else_there_is_has_its_command(tiny_lab_folder):
    page = AppTest.from_function(everything_page, args=(str(tiny_lab_folder),)).run(timeout=30)
    assert not page.exception
    assert not page.error
    (table,) = page.selectbox
    assert {option.split(":")[0] for option in table.options} >= {"Photos", "Scores", "Reviews"}
    assert labels(page) == ["CSV", "Parquet", "Submission of scored photos"]
    assert [code.value.split(" --format ")[-1] for code in page.code][1:] == [
        "kaggle --photos FOLDER --to submission.csv",
        "pictures --to FOLDER",
    ]


def test_spreadsheets_for_wildbook_say_what_is_missing(tiny_lab_folder):
    page = AppTest.from_function(everything_page, args=(str(tiny_lab_folder),)).run(timeout=30)
    page.button[0].click().run(timeout=30)
    assert not page.exception
    assert "wildbook-001.csv" in labels(page)
    said = " ".join(warning.value for warning in page.warning)
    assert "have no year" in said
    assert "belong to nobody" in said


def test_a_photo_whose_file_is_gone_is_not_offered(tiny_lab):
    photo_id = tiny_lab.scores()["photo_id"].iloc[0]
    arguments = (str(tiny_lab.folder), photo_id)
    page = AppTest.from_function(photo_page, args=arguments).run(timeout=30)
    assert labels(page) == ["Page to print"]
    path = tiny_lab.photo(photo_id)["path"]
    tiny_lab.write("catalogue", [{**_catalogue(tiny_lab, photo_id), "path": f"gone-{path}"}])
    page = AppTest.from_function(photo_page, args=arguments).run(timeout=30)
    assert labels(page) == []
    assert "is gone" in page.caption[0].value


def test_a_page_that_cannot_be_made_says_why():
    def fails(error):
        raise error

    assert b"no model yet" in photo_file(None, lambda: fails(LabError("There is no model yet.")))
    unknown = photo_file(None, lambda: fails(ValueError("secret path")))
    assert b"program's log" in unknown
    assert b"secret path" not in unknown


def _catalogue(lab, photo_id: str) -> dict:
    (row,) = lab.rows("catalogue", photo_id=photo_id)
    return {name: value for name, value in row.items() if name != "imported_at"}
