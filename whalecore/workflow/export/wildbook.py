"""The lab's sightings as spreadsheets for Wildbook's bulk import.

Names of columns and what they need are those of Wildbook's documentation, *Bulk Import*, section
*Fields Available* (https://wildbook.docs.wildme.org/data/bulk-import-beta.html, 2026): a row is an
encounter, that is an animal at a place and time; location, year, photo and taxonomy are needed;
fields without data are to be left out; a spreadsheet holds at most 200 encounters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from whalecore.files import write_bytes
from whalecore.lab.lab import Lab
from whalecore.photos.cells import as_cell
from whalecore.workflow.export.named import who_named
from whalecore.workflow.export.places import writable

GENUS, EPITHET = "Megaptera", "novaeangliae"
MOST = 200
"""Encounters in one spreadsheet."""

_ALLOWED = re.compile(r"[A-Za-z0-9 ._-]+")
_WHOLE = ("year", "month", "day", "hour", "minutes")


@dataclass(frozen=True, eq=False)
class WildbookTable:
    """One row an encounter, and what Wildbook will ask for.

    Attributes
    ----------
    rows : DataFrame
        Columns under Wildbook's names, only those with data.
    remarks : tuple of str
        What is missing or may not fit, a sentence each.
    """

    rows: pd.DataFrame
    remarks: tuple[str, ...]

    def files(self) -> dict[str, bytes]:
        """Name and content of each spreadsheet, of at most 200 encounters."""
        starts = range(0, max(len(self.rows), 1), MOST)
        return {
            f"wildbook-{number:03d}.csv": _csv(self.rows.iloc[start : start + MOST])
            for number, start in enumerate(starts, 1)
        }


def wildbook_table(
    lab: Lab, submitter: str | None = None, location: str | None = None
) -> WildbookTable:
    """Gather the lab's photos as encounters; photos of one encounter and animal share a row.

    Parameters
    ----------
    submitter : str, optional
        User name in Wildbook, to whom the encounters are assigned.
    location : str, optional
        Location ID as Wildbook's menu shows it, for all encounters.
    """
    named = who_named(lab)
    photos = lab.photos()
    groups: dict[tuple, list] = {}
    for row in photos.itertuples():
        together = isinstance(row.encounter, str)
        key = (row.encounter, row.individual if isinstance(row.individual, str) else None)
        groups.setdefault(key if together else (row.photo_id,), []).append(row)
    rows = [_encounter(group, named, submitter, location) for group in groups.values()]
    frame = pd.DataFrame(rows).dropna(axis="columns", how="all")
    for name in (f"Encounter.{part}" for part in _WHOLE):
        if name in frame:
            frame[name] = frame[name].astype("Int64")
    return WildbookTable(frame, tuple(_remarks(frame, photos)))


def export_wildbook(
    lab: Lab, folder: Path, submitter: str | None = None, location: str | None = None
) -> tuple[list[str], tuple[str, ...]]:
    """Write the spreadsheets; returns their paths and what Wildbook will ask for."""
    table = wildbook_table(lab, submitter, location)
    written = []
    for name, data in table.files().items():
        with writable(folder / name):
            write_bytes(folder / name, data)
        written.append(str(folder / name))
    return written, table.remarks


def _encounter(
    group: Sequence, named: dict[str, str], submitter: str | None, location: str | None
) -> dict[str, object]:
    first = group[0]
    known = isinstance(first.individual, str)
    moments = [row.taken_at for row in group if not pd.isna(row.taken_at)]
    moment = min(moments, default=None)
    # A date without time is kept as midnight.
    timed = moment is not None and (moment.hour, moment.minute) != (0, 0)
    places = [row for row in group if not (pd.isna(row.latitude) or pd.isna(row.longitude))]
    words = dict.fromkeys(named.get(row.photo_id, "") for row in group)
    source = "; ".join(word for word in words if word)
    row: dict[str, object] = {
        "MarkedIndividual.individualID": first.individual if known else None,
        "Encounter.genus": GENUS,
        "Encounter.specificEpithet": EPITHET,
        "Encounter.year": moment.year if moment else None,
        "Encounter.month": moment.month if moment else None,
        "Encounter.day": moment.day if moment else None,
        "Encounter.hour": moment.hour if timed else None,
        "Encounter.minutes": moment.minute if timed else None,
        "Encounter.locationID": location,
        "Encounter.decimalLatitude": places[0].latitude if places else None,
        "Encounter.decimalLongitude": places[0].longitude if places else None,
        "Encounter.submitterID": submitter,
        "Encounter.state": "approved" if known else "unapproved",
        "Encounter.otherCatalogNumbers": first.encounter
        if isinstance(first.encounter, str)
        else None,
        "Encounter.researcherComments": f"Named by: {source}" if known and source else None,
    }
    return row | {f"Encounter.mediaAsset{number}": photo.name for number, photo in enumerate(group)}


def _remarks(frame: pd.DataFrame, photos: pd.DataFrame):
    """What Wildbook needs and the lab does not say."""
    count = len(frame)
    years = frame["Encounter.year"].notna().sum() if "Encounter.year" in frame else 0
    if years < count:
        have = "has" if count - years == 1 else "have"
        yield f"{count - years} of {count} encounters {have} no year, which Wildbook needs."
    places = "Encounter.decimalLatitude"
    located = frame[places].notna().sum() if places in frame else 0
    if "Encounter.locationID" not in frame and located < count:
        have = "has" if count - located == 1 else "have"
        yield (
            f"{count - located} of {count} encounters {have} no place: give a location ID, or add "
            "latitude and longitude to the catalogue."
        )
    if "Encounter.submitterID" not in frame and count:
        yield (
            "Without your Wildbook user name the encounters will belong to nobody: give it, in a "
            "terminal by --submitter NAME."
        )
    twice = [name for name, times in Counter(photos["name"]).items() if times > 1]
    if twice:
        yield f"{len(twice)} file names stand for several photos: Wildbook needs different ones."
    strange = [name for name in photos["name"] if not _ALLOWED.fullmatch(name)]
    if strange:
        yield (
            f"{len(strange)} file names hold signs that Wildbook removes: rename the files to "
            "letters, digits, spaces and points before the upload, here and there."
        )
    if count > MOST:
        yield f"Wildbook takes {MOST} encounters at a time: upload the spreadsheets one by one."


def _csv(frame: pd.DataFrame) -> bytes:
    safe = frame.map(lambda value: as_cell(value) if isinstance(value, str) else value)
    return safe.to_csv(index=False, lineterminator="\n").encode()
