"""The evidence page of one photo: who it is thought to be, what says so, what people decided."""

from __future__ import annotations

import numpy as np
from PIL import Image

from whalecore.errors import LabError
from whalecore.lab.assess import Assessment
from whalecore.lab.lab import Lab
from whalecore.overlays import draw_box
from whalecore.photo_words import date_words, place_words
from whalecore.photos.crop import cut
from whalecore.types import Report, silent
from whalecore.verdict_words import KINDS, fine_percent, set_words, tips_words
from whalecore.workflow.report.candidates import candidates_section
from whalecore.workflow.report.decision import decision_section
from whalecore.workflow.report.evidence import cluster_section, evidence_section
from whalecore.workflow.report.html import Html, element, picture, section
from whalecore.workflow.verdict_tables import SOURCES

SHOWN_WIDTH = 640
"""Pixels of a photo in the page."""


def photo_sections(lab: Lab, photo: str, report: Report = silent) -> tuple[str, list[Html]]:
    """Title and sections of the page about a photo of the lab.

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
    return assessment_sections(lab, lab.assess(lab.read_photo(row), report=report))


def assessment_sections(lab: Lab, assessed: Assessment) -> tuple[str, list[Html]]:
    """Title and sections of the page about a photo that was assessed, of the lab or not."""
    row = next(iter(lab.rows("photos", photo_id=assessed.photo.photo_id)), None)
    return f"Photo {assessed.photo.name}", [
        _verdict(assessed),
        decision_section(lab, assessed.photo.photo_id, row),
        _pictures(lab, assessed, row),
        candidates_section(lab, assessed),
        cluster_section(lab, assessed.cluster),
        evidence_section(lab, assessed),
    ]


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
    answers, changing = assessed.answers, assessed.changing
    alike = ", ".join(one.individual for one in changing.similar) if changing else ""
    return section(
        "Verdict",
        lines,
        reasons,
        element("p", set_words(answers)) if answers else None,
        element("p", tips_words(changing.share, changing.area)) if changing else None,
        element("p", f"Their tips look alike, compare them by hand: {alike}.") if alike else None,
    )


def _pictures(lab: Lab, assessed: Assessment, row: dict | None) -> Html:
    """The photo with its box, the crop as the network sees it, and where they come from."""
    photo, prediction = assessed.photo, assessed.prediction
    boxed = _narrow(draw_box(photo.pixels, prediction.crop.box), SHOWN_WIDTH)
    crop = cut(photo, prediction.crop.box, *crop_size(lab, prediction.model_id))
    source = SOURCES.get(prediction.crop.source, prediction.crop.source)
    about = row or {
        "taken_at": photo.taken_at,
        "latitude": photo.latitude,
        "longitude": photo.longitude,
        "encounter": None,
    }
    facts = [
        ("File", photo.name),
        ("Taken", date_words(about["taken_at"])),
        ("Place", place_words(about["latitude"], about["longitude"])),
        ("Sighting", about["encounter"]),
        ("Photo's id", photo.photo_id),
        ("Model", prediction.model_id),
        ("Lab", lab.name),
    ]
    listed = [[element("dt", name), element("dd", value)] for name, value in facts if value]
    return section(
        "The photo",
        element(
            "div",
            element(
                "figure",
                picture(boxed, f"The photo {photo.name} with the box around the fluke"),
                element("figcaption", "The photo; the box is what the network looks at."),
            ),
            element(
                "figure",
                picture(crop, "The fluke as the network sees it"),
                element("figcaption", f"The fluke as the network sees it; box {source}."),
            ),
            class_="pair",
        ),
        element("dl", listed),
    )


def crop_size(lab: Lab, model_id: str) -> tuple[int, int]:
    """Height and width of a crop in the page, in the proportions of the model's input."""
    model = lab.rows("models", model_id=model_id)[0]
    return round(SHOWN_WIDTH * model["input_height"] / model["input_width"]), SHOWN_WIDTH


def _narrow(pixels: np.ndarray, width: int) -> np.ndarray:
    image = Image.fromarray(pixels)
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)
