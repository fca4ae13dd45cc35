"""A new lab from a folder of photos, and a copy of the demo lab for trying things out."""

from __future__ import annotations

import streamlit as st

from pages.parts.csv_columns import pick_columns
from pages.parts.guard import guarded, plain
from pages.parts.job_start import START
from pages.parts.labs import ROOT, address_of
from pages.parts.state import View, write_view
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.workflow.collection import Collection, check_collection, copy_lab, new_lab
from whalecore.workflow.jobs import commands, start_job

PLACE = ROOT / "labs"
SHIPPED = ROOT / "data"
COPY = "demo copy"


def is_shipped(lab) -> bool:
    """Whether the lab came with the program, and is to stay as it came."""
    return lab.folder.is_relative_to(SHIPPED)


def offer_copy(lab) -> None:
    """Instead of jobs in the lab that came with the program: a copy that may be changed."""
    st.info(
        "This lab came with the program, so jobs cannot be started in it. Try them on a copy, "
        "which may be changed and thrown away, or on photos of your own.",
        icon=":material/lock:",
    )
    if (PLACE / COPY.replace(" ", "-")).exists():
        if st.button("Open the copy", key="open_copy"):
            _go_to(PLACE / COPY.replace(" ", "-"))
    elif st.button("Make a copy", key="make_copy", icon=":material/content_copy:"):
        with guarded("copy the lab"):
            _go_to(copy_lab(lab, COPY, PLACE).folder)


def offer_new_lab() -> None:
    """A folder typed in and checked, a name, and a job that does everything."""
    typed = st.text_input(
        "Folder of photos, or CSV file",
        key="new_lab_source",
        placeholder="/home/me/flukes",
        help=explain("folder of photos"),
    )
    if not typed.strip():
        return
    try:
        columns = pick_columns(typed, "new_lab")
        if columns is None:
            return
        with st.spinner("Looking at the folder"):
            found = _checked(typed, columns)
    except WhalecoreError as error:
        st.warning(plain(str(error)), icon=":material/info:")
        return
    _say(found)
    left, right = st.columns(2)
    name = left.text_input("Name of the lab", found.path.stem, max_chars=60, key="new_lab_name")
    preset = right.selectbox(
        "Preset", ("laptop", "paper"), key="new_lab_preset", help=explain("preset")
    )
    if st.button("Make the lab", key="new_lab_start", icon=START, type="primary"):
        with guarded("make the lab"):
            lab = new_lab(name, found, PLACE)
            one = start_job(lab, commands.run_command(found.path, preset, columns))
            _go_to(lab.folder, one.job_id)


@st.cache_data(ttl=60, max_entries=8, show_spinner=False)
def _checked(typed: str, columns: dict[str, str]) -> Collection:
    return check_collection(typed, columns)


def _say(found: Collection) -> None:
    words = f"Photos: {found.photos:,}. Named individuals: {found.individuals:,}."
    if found.unnamed:
        words += f" Photos of no named individual: {found.unnamed:,}."
    if found.refused:
        words += f" Files left out: {found.refused:,}."
    st.success(words, icon=":material/photo_library:")


def _go_to(folder, job_id: str | None = None) -> None:
    write_view(View(lab=address_of(folder), job=job_id))
    st.rerun()
