"""Take what the lab holds elsewhere: tables, pictures, and files for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whalecore.errors import SettingsError
from whalecore.lab.lab import Lab
from whalecore.types import Report, silent

FORMATS = ("csv", "parquet", "png", "pictures", "kaggle", "wildbook")


@dataclass(frozen=True)
class Wanted:
    """What to export beside the format; each belongs to one of them.

    Attributes
    ----------
    table : str or None
        For ``csv`` and ``parquet``: this table alone.
    photos : sequence of Path
        For ``kaggle``: photos or folders of them.
    submitter, location : str or None
        For ``wildbook``: user name and location ID there.
    links : bool
        For ``pictures``: links instead of copies.
    """

    table: str | None = None
    photos: Sequence[Path] = ()
    submitter: str | None = None
    location: str | None = None
    links: bool = False


@dataclass(frozen=True)
class Exported:
    """What was written (paths, or their number), what could not be, and what is to be known."""

    written: list[str] | int
    refused: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def export_lab(
    lab: Lab, kind: str, target: Path, wanted: Wanted | None = None, report: Report = silent
) -> Exported:
    """Write a lab's content in one of the `FORMATS`.

    Parameters
    ----------
    target : Path
        A folder; for ``kaggle`` a file.

    Raises
    ------
    SettingsError
        When something is asked for that does not belong to the format.
    LabError
        When something cannot be written.
    """
    wanted = wanted or Wanted()
    _check(kind, wanted)
    if kind == "png":
        from whalecore.workflow.export.heatmaps import export_heatmaps

        return Exported(export_heatmaps(lab, target, report))
    if kind == "pictures":
        from whalecore.workflow.export.pictures import export_pictures

        done = export_pictures(lab, target, wanted.links, report)
        there = (f"{done.kept} pictures were there already.",) if done.kept else ()
        return Exported(done.written, done.refused, there)
    if kind == "kaggle":
        from whalecore.workflow.export.kaggle import write_submission

        found = write_submission(lab, target, wanted.photos, report)
        return Exported([str(target)], found.refused, found.remarks)
    if kind == "wildbook":
        from whalecore.workflow.export.wildbook import export_wildbook

        written, remarks = export_wildbook(lab, target, wanted.submitter, wanted.location)
        return Exported(written, (), remarks)
    from whalecore.workflow.export.tables import export_tables

    tables = [wanted.table] if wanted.table else None
    return Exported(export_tables(lab, target, kind, tables, report))


def _check(kind: str, wanted: Wanted) -> None:
    if kind not in FORMATS:
        raise SettingsError(f"There is no format '{kind}': choose one of {', '.join(FORMATS)}.")
    for given, name, kinds in (
        (wanted.table, "a table", ("csv", "parquet")),
        (wanted.photos, "--photos", ("kaggle",)),
        (wanted.submitter, "--submitter", ("wildbook",)),
        (wanted.location, "--location", ("wildbook",)),
        (wanted.links, "--links", ("pictures",)),
    ):
        if given and kind not in kinds:
            raise SettingsError(
                f"The format {kind} has no use for {name}: leave it out, or choose --format "
                f"{' or '.join(kinds)}."
            )
