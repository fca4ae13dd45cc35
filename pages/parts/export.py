"""Take tables, charts and evidence pages along: buttons that prepare a file when clicked."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.parts.guard import guarded, plain
from pages.parts.report_file import report_file
from whalecore.glossary import explain
from whalecore.terminal import lab_option

SAVE = ":material/download:"
PRINT = ":material/print:"

Frame = pd.DataFrame | Callable[[], pd.DataFrame]


def offer_table(frame: Frame, name: str, key: str) -> None:
    """Two buttons that save a table as CSV and Parquet.

    Parameters
    ----------
    frame : DataFrame or callable
        The table, or what reads it when it is wanted.
    name : str
        Of the files, without ending.
    key : str
        Tells these buttons from others on the page.
    """
    from whalecore.workflow.export.tables import csv_bytes, parquet_bytes

    def read() -> pd.DataFrame:
        return frame() if callable(frame) else frame

    with st.container(horizontal=True):
        _button("CSV", lambda: csv_bytes(read()), f"{name}.csv", "text/csv", key, "csv file")
        parquet = "application/vnd.apache.parquet"
        _button(
            "Parquet", lambda: parquet_bytes(read()), f"{name}.parquet", parquet, key, "parquet"
        )


def offer_chart(make: Callable, name: str, key: str) -> None:
    """Two buttons that save the Altair chart that a function makes as PNG and SVG."""
    from whalecore.workflow.export.chart import chart_picture

    with st.container(horizontal=True):
        for kind, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
            _button(
                kind.upper(),
                lambda kind=kind: chart_picture(make(), kind),
                f"{name}.{kind}",
                mime,
                key,
                "chart picture",
            )


def offer_photo_report(lab, photo_id: str) -> None:
    """A button for the printable page about a photo of the lab; it is assessed when clicked."""
    row = lab.photo(photo_id)
    if not lab.photo_path(row).is_file():
        st.caption(f"No page to print: the file {plain(row['name'])} is gone.")
        return

    _page_button(lab, lambda: lab.assess(lab.read_photo(row)), row["name"], photo_id)


def offer_assessment_report(lab, assessment) -> None:
    """The same about a photo that was assessed already, of the lab or not."""
    photo = assessment.photo
    _page_button(lab, lambda: assessment, photo.name, photo.photo_id)


def show_export(lab) -> None:
    """Everything of a lab that can be taken elsewhere."""
    st.header("Export", help=explain("export"))
    with guarded("offer the tables"):
        _offer_tables(lab)
    with st.expander("For Wildbook", icon=":material/public:"), guarded("prepare the spreadsheets"):
        _offer_wildbook(lab)
    with st.expander("For Kaggle", icon=":material/leaderboard:"), guarded("prepare a submission"):
        _offer_kaggle(lab)
    with st.expander("Pictures, sorted by individual", icon=":material/folder_copy:"):
        st.markdown(
            "Copies every photo into a folder named after its individual, with a spreadsheet that "
            "says who named it. Nothing is overwritten. In a terminal:"
        )
        _command(lab, "--format pictures --to FOLDER")


def _offer_tables(lab) -> None:
    from whalecore.workflow.export.tables import TABLES, meaning

    name = st.selectbox(
        "Table",
        TABLES,
        format_func=lambda one: f"{one.replace('_', ' ').capitalize()}: {meaning(one)}",
        key="export_table",
    )
    offer_table(lambda: lab.table(name), name, "table")
    st.caption("Large tables take a while after the click. All of them at once, in a terminal:")
    _command(lab, "--to FOLDER")


def _offer_wildbook(lab) -> None:
    from whalecore.workflow.export.wildbook import wildbook_table

    who, where = st.columns(2)
    submitter = who.text_input("User name in Wildbook", key="export_submitter", max_chars=100)
    place = where.text_input(
        "Location ID for all sightings",
        key="export_location",
        max_chars=200,
        help=explain("location id"),
    )
    if not st.button("Prepare the spreadsheets", help=explain("wildbook")):
        return
    table = wildbook_table(lab, submitter.strip() or None, place.strip() or None)
    if table.remarks:
        st.warning("\n".join(f"- {plain(remark)}" for remark in table.remarks))
    with st.container(horizontal=True):
        for name, data in table.files().items():
            _button(name, data, name, "text/csv", "wildbook", "wildbook")


def _offer_kaggle(lab) -> None:
    from whalecore.workflow.export.kaggle import (
        WITHOUT_RULES,
        knows_new_whales,
        submission_of_scored,
    )

    st.markdown(
        "A submission has one row a photo: up to five names, the most probable first, and "
        "`new_whale` where its probability puts it. For the photos of this lab that were kept "
        "away from training:"
    )
    if not knows_new_whales(lab):
        st.warning(plain(WITHOUT_RULES))
    _button(
        "Submission of scored photos",
        lambda: submission_of_scored(lab).csv(),
        "submission.csv",
        "text/csv",
        "kaggle",
        "kaggle submission",
    )
    st.markdown("For the competition's folder `test`, or any other photos, in a terminal:")
    _command(lab, "--format kaggle --photos FOLDER --to submission.csv")


def _command(lab, words: str) -> None:
    command = f"python -m whalecore export {lab_option(lab.folder)} {words}"
    st.code(command, language="bash", wrap_lines=True)


def _page_button(lab, assess: Callable, name: str, photo_id: str) -> None:
    st.download_button(
        "Page to print",
        lambda: photo_file(lab, assess),
        f"photo-{photo_id}.html",
        "text/html",
        key=f"print_{photo_id}",
        icon=PRINT,
        on_click="ignore",
        help=f"{plain(name)}: {explain('page to print')}",
    )


def photo_file(lab, assess: Callable) -> bytes:
    """The page about a photo."""
    from whalecore.workflow.report import assessment_page

    return report_file(lambda: assessment_page(lab, assess()))


def _button(
    label: str, data: bytes | Callable[[], bytes], file: str, mime: str, key: str, term: str
) -> None:
    st.download_button(
        label,
        data,
        file,
        mime,
        key=f"save_{key}_{file}",
        icon=SAVE,
        on_click="ignore",
        help=explain(term),
    )
