"""The photos that a reader has in hand: uploaded, or taken from the lab as an example.

They are kept in the session, because Streamlit forgets an upload when the page is turned.
"""

from __future__ import annotations

import streamlit as st

MOST = 8
"""Photos kept at once; the oldest gives way."""

FORMATS = ["jpg", "jpeg", "png", "webp", "tif", "tiff"]
MEGABYTES = 20

_KEY = "photos_in_hand"
_EMPTIED = "photos_put_away"


def photos_in_hand(lab) -> dict[str, bytes]:
    """Draw the upload field; names and bytes of all photos in hand, the newest last."""
    held: dict[str, bytes] = st.session_state.setdefault(_KEY, {})
    uploads = st.file_uploader(
        "Fluke photos",
        type=FORMATS,
        accept_multiple_files=True,
        key=f"uploads_{st.session_state.get(_EMPTIED, 0)}",
        max_upload_size=MEGABYTES,
        help=f"JPEG, PNG, WebP or TIFF, at most {MEGABYTES} MB each. Photos stay on this computer.",
    )
    for upload in uploads:
        data = upload.getvalue()
        same = held.get(upload.name, data) == data
        held[upload.name if same else f"{upload.name} ({upload.file_id[:6]})"] = data
    left, right = st.columns(2)
    if left.button(
        "Try a photo of this lab",
        icon=":material/shuffle:",
        help="Takes a photo that the model was not trained on.",
    ):
        _take_example(lab, held)
    if right.button("Put all photos away", icon=":material/delete:", disabled=not held):
        held.clear()
        st.session_state[_EMPTIED] = st.session_state.get(_EMPTIED, 0) + 1
        st.rerun()
    while len(held) > MOST:
        held.pop(next(iter(held)))
    return held


def _take_example(lab, held: dict[str, bytes]) -> None:
    """The next photo kept away from the training of the newest model."""
    models = lab.models()
    if models.empty:
        st.info(f"The lab has no model yet: `python -m whalecore train --lab {lab.folder}`")
        return
    photos = lab.photos()
    fold = models.iloc[0]["fold"]
    test = photos[(photos["fold"] == fold) & (photos["part"] == "test")]
    names = [row for row in test.itertuples() if row.name not in held]
    if not names:
        st.info("The lab has no further photo that the model was not trained on.")
        return
    place = st.session_state.get("examples_taken", 0)
    st.session_state["examples_taken"] = place + 1
    # A large step visits individuals far apart, although neighbours in the list are alike.
    row = names[(place * 37) % len(names)]
    held[row.name] = lab.photo_path(row.photo_id).read_bytes()
