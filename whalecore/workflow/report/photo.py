"""The report of one photo: who it is thought to be, what says so, and how far to believe it."""

from __future__ import annotations

from dataclasses import asdict, fields

import numpy as np
from PIL import Image

from whalecore.errors import LabError, WhalecoreError
from whalecore.lab.assess import Assessment
from whalecore.lab.lab import Lab
from whalecore.overlays import draw_box, kind_of, legend, overlay, scale_limit
from whalecore.photos.crop import cut
from whalecore.reliability.evidence import Evidence
from whalecore.types import Report, silent
from whalecore.verdict_words import KINDS, fine_percent
from whalecore.workflow.faithfulness import explanation_warnings
from whalecore.workflow.report.html import Html, element, picture, picture_address, section, table
from whalecore.workflow.report.words import evidence_words

SHOWN_WIDTH = 480
"""Pixels of a photo in the page."""

CELL_WIDTH = 300
"""Pixels of a heatmap, or of a photo to compare with."""


def photo_sections(lab: Lab, photo: str, report: Report = silent) -> tuple[str, list[Html]]:
    """Title and sections of the report of a photo of the lab.

    Parameters
    ----------
    photo : str
        Its id, or its file name where no other photo has it.

    Raises
    ------
    LabError
        If there is no such photo, or several.
    """
    row = _photo_row(lab, photo)
    assessed = lab.assess(lab.read_photo(row), report=report)
    crop = assessed.prediction.crop
    boxed = _narrow(draw_box(assessed.photo.pixels, crop.box), SHOWN_WIDTH)
    known_as = row["individual"] or "nobody yet"
    return f"Photo {row['name']}", [
        _verdict(assessed),
        section(
            "The photo",
            element(
                "figure",
                picture(boxed, f"The photo {row['name']} with the box around the fluke"),
                element("figcaption", f"The catalogue names {known_as}."),
            ),
        ),
        _candidates(lab, assessed, row),
        _evidence(assessed.evidence),
    ]


def evidence_rows(evidence: Evidence) -> list[tuple[str, str]]:
    """Name and value of each piece of evidence that is there, in words."""
    found = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    quality = found.pop("quality")
    found.update({} if quality is None else asdict(quality))
    return [(evidence_words(name), _value(value)) for name, value in found.items()
            if value is not None]  # fmt: skip


def _photo_row(lab: Lab, photo: str) -> dict:
    found = lab.rows("photos", photo_id=photo)
    found = found or [row for row in lab.rows("photos") if row["name"] == photo]
    if len(found) == 1:
        return found[0]
    if found:
        raise LabError(
            f"{len(found)} photos of the lab '{lab.name}' are called {photo[:80]}: name one by "
            f"its id, such as {found[0]['photo_id']}."
        )
    raise LabError(
        f"The lab '{lab.name}' has no photo '{photo[:80]}': give the id or the file name of a "
        "photo of its catalogue, or import it first."
    )


def _verdict(assessed: Assessment) -> Html:
    verdict = assessed.verdict
    first = assessed.prediction.candidates[0]
    lines = [element("p", KINDS[verdict.verdict], class_=f"verdict {verdict.verdict}")]
    if verdict.p_correct is not None:
        lines.append(
            element(
                "p",
                f"The first candidate, {first.individual}, is right with a probability of "
                f"{fine_percent(verdict.p_correct)}; the animal is new to the lab with "
                f"{fine_percent(verdict.p_new_whale)}.",
            )
        )
    reasons = element("ul", [element("li", reason) for reason in verdict.reasons])
    return section("Verdict", lines, reasons, _answers(assessed), _changing(assessed))


def _answers(assessed: Assessment) -> Html | None:
    """The set that holds the right answer with the lab's confidence."""
    answers = assessed.answers
    if answers is None:
        return None
    named = [*answers.individuals, *(["a new whale"] if answers.new_whale else [])]
    return element(
        "p",
        f"Of all photos, {fine_percent(answers.confidence)} have the right answer in their set. "
        f"The set of this one: {', '.join(named) or 'nobody'}.",
    )


def _changing(assessed: Assessment) -> Html | None:
    """What the first candidate owes to parts that change over the years."""
    changing = assessed.changing
    if changing is None:
        return None
    alike = ", ".join(one.individual for one in changing.similar)
    return element(
        "p",
        f"{fine_percent(changing.share)} of the support lies on the tips of the fluke, which "
        f"change over the years and take {fine_percent(changing.area)} of the crop.",
        f" Their tips look alike, compare them by hand: {alike}." if alike else None,
    )


def _candidates(lab: Lab, assessed: Assessment, row: dict) -> Html:
    crop = cut(assessed.photo, assessed.prediction.crop.box, *_shape(lab))
    heatmaps = assessed.heatmaps
    limit = scale_limit(*(one.values for one in heatmaps.values()))
    rows = []
    for one in assessed.prediction.candidates:
        heatmap = heatmaps.get(one.individual)
        shown = (
            picture(
                overlay(crop, heatmap.values, limit=limit, kind=kind_of(heatmap.method)),
                f"Heatmap of {one.individual}",
                CELL_WIDTH,
            )
            if heatmap
            else None
        )
        rows.append(
            [
                f"{one.rank}. {one.individual}",
                f"{one.score:.3f}",
                shown,
                _gallery_photo(lab, one.individual, row["photo_id"]),
            ]
        )
    method = next(iter(heatmaps.values())).method if heatmaps else "osm"
    warning = explanation_warnings(lab).get(method)
    return section(
        "Candidates",
        element("p", warning, class_="warning") if warning else None,
        _legend(limit, kind_of(method)),
        table(["Candidate", "score", "heatmap", "sharpest photo to compare with"], rows, numbers=4),
    )


def _legend(limit: float, kind: str) -> Html:
    """The colour scale, as it suits the page."""
    light, dark = (picture_address(legend(limit, kind, dark=one)) for one in (False, True))
    return element(
        "picture",
        element("source", srcset=dark, media="(prefers-color-scheme: dark)"),
        element("img", src=light, alt=f"Colour scale up to a change of score of {limit:.2g}"),
    )


def _gallery_photo(lab: Lab, individual: str, photo_id: str) -> Html | None:
    """The sharpest other photo of an individual; none where it cannot be read."""
    frame = lab.gallery(individual, limit=2)
    for row in frame[frame["photo_id"] != photo_id].itertuples():
        try:
            crop = lab.crop(row.photo_id)
            pixels = cut(lab.read_photo(row.photo_id), crop.box, *_shape(lab)) if crop else None
        except WhalecoreError:
            continue
        if pixels is not None:
            return picture(pixels, f"Photo {row.name} of {individual}", CELL_WIDTH)
    return None


def _evidence(evidence: Evidence) -> Html:
    return section("Evidence", table(["What", "value"], evidence_rows(evidence)))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _shape(lab: Lab) -> tuple[int, int]:
    model = lab.models().iloc[0]
    return int(model["input_height"]), int(model["input_width"])


def _narrow(pixels: np.ndarray, width: int) -> np.ndarray:
    image = Image.fromarray(pixels)
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)
