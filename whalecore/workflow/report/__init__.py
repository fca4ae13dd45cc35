"""One self-contained HTML page about a lab, a photo or a cluster."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from whalecore.errors import LabError, SettingsError
from whalecore.files import write_bytes
from whalecore.lab.assess import Assessment
from whalecore.lab.lab import Lab
from whalecore.types import Report, silent
from whalecore.workflow.report.cluster import cluster_sections
from whalecore.workflow.report.html import Html, page
from whalecore.workflow.report.lab import lab_sections
from whalecore.workflow.report.photo import assessment_sections, photo_sections

__all__ = ["assessment_page", "report_page", "write_report"]


def write_report(
    lab: Lab,
    path: Path,
    photo: str | None = None,
    cluster: int | None = None,
    report: Report = silent,
) -> Path:
    """Write the report of a lab, or of one of its photos or clusters, as one HTML file.

    The file holds its pictures and charts, has no script and asks nothing of any other place, so
    it can be sent by mail and kept. It is there whole or not at all.

    Parameters
    ----------
    path : Path
        Must end in ``.html``.
    photo : str, optional
        Id or file name of a photo of the lab.
    cluster : int, optional
        Number of a cluster of the newest clustering.

    Returns
    -------
    Path
        The file, in full.

    Raises
    ------
    SettingsError
        If both a photo and a cluster are named, or the path does not end in ``.html``.
    LabError
        If there is no such photo or cluster, or the file cannot be written.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise SettingsError(f"The report {path.name} is an HTML page: let its name end in .html.")
    text = report_page(lab, photo, cluster, report)
    try:
        write_bytes(path, text.encode())
    except OSError as error:
        raise LabError(
            f"The report {path} cannot be written ({error.strerror}): choose another place."
        ) from error
    return path.resolve()


def report_page(
    lab: Lab, photo: str | None = None, cluster: int | None = None, report: Report = silent
) -> str:
    """The text of the HTML page that `write_report` writes."""
    if photo is not None and cluster is not None:
        raise SettingsError("A report is about a photo or about a cluster: name only one of them.")
    sections: list[Html]
    if photo is not None:
        title, sections = photo_sections(lab, photo, report)
    elif cluster is not None:
        title, sections = cluster_sections(lab, cluster)
    else:
        title, sections = lab_sections(lab)
    return _page(lab, title, sections)


def assessment_page(lab: Lab, assessed: Assessment) -> str:
    """The text of the HTML page about a photo that was assessed, of the lab or not."""
    return _page(lab, *assessment_sections(lab, assessed))


def _page(lab: Lab, title: str, sections: list[Html]) -> str:
    made = datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC")
    return page(title, f"Lab '{lab.name}' · written on {made}", sections)
