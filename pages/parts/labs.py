"""Which labs can be opened, and the one that is."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from pages.parts.state import View, bound, read_view
from whalecore.errors import LabError
from whalecore.glossary import explain
from whalecore.terminal import lab_option

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "WHALECORE_LABS"
"""Further labs, or folders of labs, separated as in PATH."""


def is_lab(folder: Path) -> bool:
    """True for a folder that can be read and holds a lab."""
    try:
        return (folder / "lab.json").is_file()
    except (OSError, ValueError):
        return False


def found_labs(root: Path = ROOT, further: str | None = None) -> list[str]:
    """Labs in ``data``, in ``labs`` and where the variable points, as the address names them."""
    further = os.environ.get(VARIABLE, "") if further is None else further
    places = [root / "data", root / "labs", *map(Path, filter(None, further.split(os.pathsep)))]
    folders = []
    for place in places:
        folders += [place] if is_lab(place) else sorted(filter(is_lab, _inside(place)))
    return list(dict.fromkeys(address_of(folder, root) for folder in folders))


def address_of(folder: Path, root: Path = ROOT) -> str:
    """Short name of a lab's folder: relative to the program where it lies inside."""
    folder = folder.expanduser().resolve()
    return str(folder.relative_to(root)) if folder.is_relative_to(root) else str(folder)


def folder_of(address: str, root: Path = ROOT) -> Path:
    """The folder that an address names."""
    return root / Path(address).expanduser()


def choose_lab() -> View:
    """Draw the lab picker in the sidebar; the view then names a lab, or none where none exists."""
    view = read_view(say=False)
    labs = found_labs()
    current = view.lab or (labs[0] if labs else None)
    if current is not None and current not in labs:
        labs = [*labs, current]
    st.sidebar.selectbox(
        "Lab",
        labs,
        **bound("lab", current, "sidebar"),
        accept_new_options=True,
        placeholder="Type the path of a lab",
        help=explain("lab") + " To open another one, type the path of its folder.",
    )
    return view


@st.cache_resource(show_spinner="Opening the lab", max_entries=4)
def _opened(folder: str):
    from whalecore.lab import open_lab

    return open_lab(Path(folder))


def current_lab():
    """The lab of the view.

    Raises
    ------
    LabError
        Where no lab is chosen or the folder holds none.
    """
    view = st.session_state.get("view", View())
    labs = found_labs()
    address = view.lab or (labs[0] if labs else None)
    if address is None:
        raise LabError(
            "No lab was found on this computer: make one with "
            "'python -m whalecore run PHOTOS --lab labs/NAME', or the demo lab with "
            "'python -m whalecore demo'."
        )
    folder = folder_of(address)
    if not is_lab(folder):
        raise LabError(
            f"The folder '{address}' holds no lab: choose another one in the sidebar, or make one "
            f"with 'python -m whalecore run PHOTOS {lab_option(address)}'."
        )
    return _opened(str(folder.resolve()))


def drawings_note(lab) -> None:
    """Say plainly that a lab holds drawings."""
    if lab.info.drawings:
        st.caption(
            ":material/draw: This lab holds drawings of flukes made by the computer: no real "
            "animal is shown.",
            help=explain("demo lab"),
        )


def _inside(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir()]
    except OSError:
        return []
