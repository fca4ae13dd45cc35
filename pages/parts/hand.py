"""The photos that a reader has in hand: uploaded, or taken from the lab.

They are kept in the session, because Streamlit forgets an upload when the page is turned.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.decisions import turned_to
from pages.parts.state import change, read_view
from pages.parts.todo import say_missing
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.photos.decode import photo_id_of

MOST = 12
"""Photos kept at once; the oldest gives way."""

FORMATS = ["jpg", "jpeg", "png", "webp", "tif", "tiff"]
MEGABYTES = 20

TOGETHER = "photos_show_one_animal"
"""Where the session keeps whether the photos in hand are one encounter."""

_HAND = "photos_in_hand"
_SHOWN = "photo_shown"
_WRITTEN = "photo_written"
_SEEN = "uploads_seen"
_EMPTIED = "photos_put_away"
_LISTED = "uploads_listed"


@dataclass(frozen=True)
class Held:
    """A photo in hand: its id, its name for people and the bytes of its file."""

    photo_id: str
    name: str
    data: bytes


def photos_in_hand(lab) -> dict[str, Held]:
    """Draw the upload field; all photos in hand by id, the newest last."""
    held: dict[str, Held] = st.session_state.setdefault(_HAND, {})
    _take_from_address(lab, held)
    _take_uploads(held)
    with st.container(horizontal=True):
        _buttons(lab, held)
    while len(held) > MOST:
        held.pop(next(iter(held)))
    return held


def pick_photo(lab, held: dict[str, Held]) -> Held:
    """The photo that is looked at; a photo of the lab is named in the address."""
    shown = st.session_state.get(_SHOWN)
    if shown not in held:
        shown = st.session_state[_SHOWN] = list(held)[-1]
    if len(held) > 1:
        st.session_state["photo_picked"] = shown
        st.selectbox(
            "Photo",
            list(held)[::-1],
            format_func=lambda photo_id: _label(held, photo_id),
            key="photo_picked",
            on_change=lambda: _show(st.session_state["photo_picked"]),
        )
    in_lab = bool(lab.rows("photos", photo_id=shown))
    st.session_state[_WRITTEN] = shown if in_lab else None
    change(photo=st.session_state[_WRITTEN])
    return held[shown]


def _label(held: dict[str, Held], photo_id: str) -> str:
    name = held[photo_id].name
    alone = [one.name for one in held.values()].count(name) == 1
    return name if alone else f"{name} ({photo_id[:6]})"


def _show(photo_id: str) -> None:
    """Look at a photo; who was compared with another one is forgotten, unless they are one animal.

    The buttons of the photo before decide no more, although they are still seen for a while.
    """
    if st.session_state.get(_SHOWN, photo_id) != photo_id:
        turned_to(photo_id)
        if not st.session_state.get(TOGETHER):
            change(individual=None, against=None)
    st.session_state[_SHOWN] = photo_id


def _take(held: dict[str, Held], name: str, data: bytes) -> str:
    photo_id = photo_id_of(data)
    held[photo_id] = Held(photo_id, name, data)
    _show(photo_id)
    return photo_id


def _put_away(key: str, held: dict[str, Held]) -> None:
    """Put away the photos that the reader took out of the list of uploads.

    Only those that the list named last: it forgets all of them when the page is turned.
    """
    listed: dict[str, str] = st.session_state.get(_LISTED, {})
    left = {listed.get(upload.file_id) for upload in st.session_state[key]}
    # A photo that was uploaded twice stays until both are taken out.
    for photo_id in set(listed.values()) - left:
        if held.pop(photo_id, None) and read_view().photo == photo_id:
            change(photo=None)


def _take_from_lab(lab, held: dict[str, Held], photo_id: str) -> None:
    name = lab.photo(photo_id)["name"]
    _take(held, name, lab.photo_path(photo_id).read_bytes())


def _take_from_address(lab, held: dict[str, Held]) -> None:
    """Follow an address; but what another page looked at last does not push a photo aside."""
    wanted = read_view().photo
    if wanted is None or wanted == st.session_state.get(_WRITTEN):
        return
    if wanted in held:
        _show(wanted)
    elif not held:
        try:
            _take_from_lab(lab, held, wanted)
        except (WhalecoreError, OSError):
            st.warning(
                "The photo in the address is not in this lab, or its file is gone: drop it below, "
                "or choose another lab.",
                icon=":material/link_off:",
            )
            change(photo=None)


def _take_uploads(held: dict[str, Held]) -> None:
    seen: dict[str, str] = st.session_state.setdefault(_SEEN, {})
    key = f"uploads_{st.session_state.get(_EMPTIED, 0)}"
    uploads = st.file_uploader(
        "Fluke photos",
        type=FORMATS,
        accept_multiple_files=True,
        key=key,
        on_change=_put_away,
        args=(key, held),
        max_upload_size=MEGABYTES,
        help=f"{explain('photos in hand')} {explain('photo')}",
    )
    for upload in uploads:
        if upload.file_id not in seen:
            seen[upload.file_id] = _take(held, upload.name, upload.getvalue())
    st.session_state[_LISTED] = {one.file_id: seen[one.file_id] for one in uploads}


def _buttons(lab, held: dict[str, Held]) -> None:
    if st.button(
        "Try a photo of this lab",
        icon=":material/shuffle:",
        help=explain("example photo"),
    ):
        _take_example(lab, held)
    if st.button(
        "Add the photos of the same sighting",
        icon=":material/group_work:",
        disabled=not _sighting(lab, st.session_state.get(_SHOWN)),
        help=f"{explain('same sighting')} {explain('encounter')}",
    ):
        shown = st.session_state[_SHOWN]
        for photo_id in _sighting(lab, shown)[: MOST - 1]:
            _take_from_lab(lab, held, photo_id)
        _show(shown)
    if st.button("Put all photos away", icon=":material/delete:", disabled=not held):
        held.clear()
        change(photo=None)
        st.session_state[_EMPTIED] = st.session_state.get(_EMPTIED, 0) + 1
        st.rerun()


def _sighting(lab, photo_id: str | None) -> list[str]:
    """Ids of the lab's other photos of the same sighting."""
    own = next(iter(lab.rows("photos", photo_id=photo_id)), None) if photo_id else None
    if own is None or own["encounter"] is None:
        return []
    rows = lab.rows("photos", encounter=own["encounter"])
    return [row["photo_id"] for row in rows if row["photo_id"] != photo_id]


def _take_example(lab, held: dict[str, Held]) -> None:
    """The next photo kept away from the training of the newest model."""
    models = lab.models()
    if models.empty:
        say_missing(lab, "The lab has no model yet, so it cannot name anybody.", "train")
        return
    photos = lab.photos()
    fold = models.iloc[0]["fold"]
    test = photos[(photos["fold"] == fold) & (photos["part"] == "test")]
    ids = [photo_id for photo_id in test["photo_id"] if photo_id not in held]
    if not ids:
        st.info("The lab has no further photo that the model was not trained on.")
        return
    place = st.session_state.get("examples_taken", 0)
    st.session_state["examples_taken"] = place + 1
    # A large step visits individuals far apart, although neighbours in the list are alike.
    _take_from_lab(lab, held, ids[(place * 37) % len(ids)])
