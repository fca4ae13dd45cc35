"""The view of a page is its address: read it, check it, write it back.

The query parameters are the truth. A copy in the session carries the view from page to page,
because Streamlit empties the address when the reader turns to another page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

import streamlit as st

from pages.parts.guard import plain
from whalecore.errors import SettingsError
from whalecore.lab.queue import STATES, VERDICTS
from whalecore.types import LAYERS, TARGETS, settings_from_key
from whalecore.workflow.jobs import known

METHODS = ("osm", "gradcam")
TABS = ("Clusters", "Map", "Families", "Two clusters", "Origin", "Changes", "Comparison")
"""Of the page Clusters."""

TOPICS = ("Verdicts", "Probabilities", "Kinds of photos", "Heatmaps", "All figures")
"""Of the page Reliability."""

COLOURS = ("cluster", "correct", "score")
"""What the colours of the map of heatmaps may mean."""

ORDERS = ("typical", "far")
"""In which the heatmaps of a cluster come."""

LOOKS = ("one", "five", "compare")
"""Of the page Heatmaps: both methods, the five candidates, two maps side by side."""

MOST_CORNERS = 60
"""Of an outline on the map of heatmaps."""

SPEEDS = ("exact", "fast")
LARGEST_PATCH = 1024
LARGEST_CLUSTER = 10_000
LONGEST = 300

_PHOTO = re.compile(r"[0-9a-f]{16}")
_SESSION_KEY = "view"
_NOT_TAKEN = "not_taken"
_DEPENDING = {
    "photo": ("individual", "rival", "against"),
    "clustering": ("cluster", "second", "other", "outline", "families"),
    # Another pile begins with its first photo.
    **dict.fromkeys(
        ("verdict", "in_cluster", "below", "since", "until", "reviewer", "decided"),
        ("photo", "individual", "rival", "against"),
    ),
}


@dataclass(frozen=True)
class View:
    """What the reader looks at; None means not chosen, so that the page takes its default."""

    lab: str | None = None
    photo: str | None = None
    individual: str | None = None
    method: str | None = None
    patch: int | None = None
    stride: int | None = None
    speed: str | None = None
    target: str | None = None
    layer: str | None = None
    clustering: str | None = None
    cluster: int | None = None
    tab: str | None = None
    topic: str | None = None
    other: str | None = None
    second: int | None = None
    scores: str | None = None
    rights: str | None = None
    order: str | None = None
    families: int | None = None
    colour: str | None = None
    outline: str | None = None
    look: str | None = None
    left: str | None = None
    right: str | None = None
    rival: str | None = None
    job: str | None = None
    against: str | None = None
    verdict: str | None = None
    in_cluster: int | None = None
    below: float | None = None
    since: date | None = None
    until: date | None = None
    reviewer: str | None = None
    decided: str | None = None
    model: str | None = None
    beside: str | None = None


NAMES = tuple(field.name for field in fields(View))


def parse(parameters: Mapping[str, str]) -> tuple[View, tuple[str, ...]]:
    """A checked view from an address, with one sentence for each value that was not taken.

    Parameters that are not the view's are left alone.
    """
    values: dict[str, Any] = {}
    sentences = []
    for name in NAMES:
        if name not in parameters:
            continue
        raw = str(parameters[name])
        try:
            values[name] = _CHECKS[name](raw)
        except ValueError as error:
            sentences.append(
                f"The address asks for {name} '{_shown(raw)}', but {error}; the usual one is shown."
            )
    view = View(**values)
    if view.patch and view.stride and view.stride > view.patch:
        sentences.append(
            f"The address asks for stride {view.stride}, but it may be at most the patch "
            f"({view.patch}); the usual one is shown."
        )
        view = replace(view, stride=None)
    return view, tuple(sentences)


def parameters_of(view: View) -> dict[str, str]:
    """The address of a view: only what was chosen."""
    return {name: _written(value) for name, value in asdict(view).items() if value is not None}


def _written(value: Any) -> str:
    return f"{round(value, 2):g}" if isinstance(value, float) else str(value)


def read_view(say: bool = True) -> View:
    """The view of the current address; unusable values are named on the page.

    Parameters
    ----------
    say : bool
        No before the page has its title: `say_not_taken` then names them below it.
    """
    from_address, sentences = parse(st.query_params.to_dict())
    if sentences:
        st.session_state[_NOT_TAKEN] = sentences
    if say:
        say_not_taken()
    remembered = st.session_state.get(_SESSION_KEY, View())
    if from_address.lab not in (None, remembered.lab):
        remembered = View()
    chosen = {name: value for name, value in asdict(from_address).items() if value is not None}
    view = replace(remembered, **chosen)
    if view.patch and view.stride and view.stride > view.patch:
        view = replace(view, stride=None)
    write_view(view)
    return view


def say_not_taken() -> None:
    """Name what was unusable in the address; once, because the address is corrected meanwhile."""
    for sentence in st.session_state.pop(_NOT_TAKEN, ()):
        warn_of_link(sentence)


def warn_of_link(sentence: str) -> None:
    """Say that the page shows something else than its address asks for."""
    st.warning(plain(sentence), icon=":material/link_off:")


def write_view(view: View) -> None:
    """Make the view the address, so that it can be copied, and remember it for other pages."""
    st.session_state[_SESSION_KEY] = view
    wanted = parameters_of(view)
    present = st.query_params.to_dict()
    if {name: present[name] for name in NAMES if name in present} == wanted:
        return
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in NAMES}
    st.query_params.from_dict({**others, **wanted})


def change(**choices: Any) -> View:
    """Change part of the view; for callbacks and clicks."""
    view = replace(st.session_state.get(_SESSION_KEY, View()), **choices)
    write_view(view)
    return view


def bound(name: str, current: Any, page: str) -> dict[str, Any]:
    """Keyword arguments that tie a widget to one field of the view.

    The widget shows ``current``, which the address then names as well; a choice goes into the
    address before the page is drawn again.

    Parameters
    ----------
    name : str
        Field of `View`.
    current : object
        One of the widget's options.
    page : str
        Keeps the widgets of two pages apart.
    """
    key = f"{page}_{name}"
    if getattr(st.session_state.get(_SESSION_KEY, View()), name) != current:
        change(**{name: current})
    st.session_state[key] = current
    return {"key": key, "on_change": _take, "args": (name, key)}


def _take(name: str, key: str) -> None:
    chosen = st.session_state[key]
    if name == "lab":
        write_view(View(lab=chosen))
    else:
        change(**dict.fromkeys(_DEPENDING.get(name, ())), **{name: chosen})


def _text(raw: str) -> str:
    if not raw.strip() or len(raw) > LONGEST or not raw.isprintable():
        raise ValueError(f"a name is printable text of at most {LONGEST} letters")
    return raw


def _folder(raw: str) -> str:
    if raw.startswith(("\\\\", "//")) or "://" in raw:
        raise ValueError("a lab is a folder on this computer")
    return _text(raw)


def _photo(raw: str) -> str:
    if not _PHOTO.fullmatch(raw):
        raise ValueError("a photo is named by 16 of the signs 0-9 and a-f")
    return raw


def _day(raw: str) -> date:
    if not re.fullmatch(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", raw):
        raise ValueError("a day such as 2019-07-31 is needed")
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise ValueError("the calendar has no such day") from None


def _share(raw: str) -> float:
    if not re.fullmatch(r"0(\.[0-9]{1,2})?|1(\.0{1,2})?", raw):
        raise ValueError("a number from 0 to 1 with at most two decimals is needed")
    return float(raw)


def _job(raw: str) -> str:
    if not known(raw):
        raise ValueError("a job is named by day, time and four signs")
    return raw


def _one_of(*allowed: str):
    def check(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"only {', '.join(allowed)} are known")
        return raw

    return check


def _whole_number(largest: int):
    def check(raw: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", raw) or not 1 <= int(raw) <= largest:
            raise ValueError(f"a whole number from 1 to {largest} is needed")
        return int(raw)

    return check


def _range(raw: str) -> str:
    found = re.fullmatch(r"([0-9]{1,3})-([0-9]{1,3})", raw)
    if not found or not int(found[1]) <= int(found[2]) <= 100:
        raise ValueError("a range in percent such as 0-60 is needed")
    return raw


def _outline(raw: str) -> str:
    numbers = raw.split(".")
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})*", raw) or not (
        6 <= len(numbers) <= 2 * MOST_CORNERS and len(numbers) % 2 == 0
    ):
        raise ValueError(f"an outline has 3 to {MOST_CORNERS} corners of two numbers to 999 each")
    return raw


def _settings(raw: str) -> str:
    try:
        return settings_from_key(_text(raw)).key
    except SettingsError:
        raise ValueError("heatmap settings such as layer=layer4 are needed") from None


def _shown(raw: str) -> str:
    """A hostile value, short and without line breaks or signs that are not seen."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in raw)
    return printable if len(printable) <= 40 else printable[:40] + "..."


_CHECKS = {
    "lab": _folder,
    "photo": _photo,
    "individual": _text,
    "method": _one_of(*METHODS),
    "patch": _whole_number(LARGEST_PATCH),
    "stride": _whole_number(LARGEST_PATCH),
    "speed": _one_of(*SPEEDS),
    "target": _one_of(*TARGETS),
    "layer": _one_of(*LAYERS),
    "clustering": _text,
    "cluster": _whole_number(LARGEST_CLUSTER),
    "tab": _one_of(*TABS),
    "topic": _one_of(*TOPICS),
    "other": _text,
    "second": _whole_number(LARGEST_CLUSTER),
    "scores": _range,
    "rights": _range,
    "order": _one_of(*ORDERS),
    "families": _whole_number(LARGEST_CLUSTER),
    "colour": _one_of(*COLOURS),
    "outline": _outline,
    "look": _one_of(*LOOKS),
    "left": _settings,
    "right": _settings,
    "rival": _text,
    "job": _job,
    "against": _photo,
    "verdict": _one_of(*VERDICTS),
    "in_cluster": _whole_number(LARGEST_CLUSTER),
    "below": _share,
    "since": _day,
    "until": _day,
    "reviewer": _text,
    "decided": _one_of(*STATES),
    "model": _text,
    "beside": _text,
}
