"""The five candidates of a photo: score, heatmap, and a photo to compare with."""

from __future__ import annotations

from whalecore.errors import WhalecoreError
from whalecore.lab.assess import Assessment
from whalecore.lab.lab import Lab
from whalecore.overlays import kind_of, legend, overlay, scale_limit
from whalecore.photo_words import date_words, mark_words
from whalecore.photos.crop import cut
from whalecore.types import (
    Candidate,
    HeatmapSettings,
    OcclusionSettings,
    settings_from_key,
)
from whalecore.workflow.faithfulness import explanation_warnings
from whalecore.workflow.report.html import Html, element, picture, picture_address, section

CELL_WIDTH = 420
"""Pixels of a heatmap, or of a photo to compare with."""

COMPARED = 3
"""Photos of a candidate that are tried until one can be read."""


def candidates_section(lab: Lab, assessed: Assessment) -> Html:
    """Each candidate with its heatmap beside the newest other photo of that individual."""
    model = lab.rows("models", model_id=assessed.prediction.model_id)[0]
    size = round(CELL_WIDTH * model["input_height"] / model["input_width"]), CELL_WIDTH
    crop = cut(assessed.photo, assessed.prediction.crop.box, *size)
    heatmaps = assessed.heatmaps
    limit = scale_limit(*(one.values for one in heatmaps.values())) if heatmaps else 1.0
    cells = []
    for one in assessed.prediction.candidates:
        heatmap = heatmaps.get(one.individual)
        over = None
        if heatmap is not None:
            over = element(
                "figure",
                picture(
                    overlay(crop, heatmap.values, limit=limit, kind=kind_of(heatmap.method)),
                    f"Heatmap of {one.individual} over the fluke",
                ),
                element("figcaption", "What speaks for it on this photo"),
            )
        cells.append(
            element(
                "article",
                element("h3", " · ".join(filter(None, _title(one)))),
                element(
                    "div", over, _gallery_photo(lab, one.individual, assessed, size), class_="pair"
                ),
            )
        )
    first = next(iter(heatmaps.values()), None)
    warning = explanation_warnings(lab).get(first.method) if first else None
    return section(
        "Candidates",
        element("p", warning, class_="warning") if warning else None,
        element("p", _method_words(settings_from_key(first.settings)), class_="soft")
        if first
        else None,
        _legend(limit, kind_of(first.method)) if first else None,
        cells,
    )


def _title(one: Candidate) -> tuple[str, ...]:
    return (f"{one.rank}. {one.individual}", f"score {one.score:.3f}", mark_words(one.marks))


def _method_words(settings: HeatmapSettings) -> str:
    if not isinstance(settings, OcclusionSettings):
        return f"Heatmaps: Grad-CAM of {settings.layer}."
    return (
        f"Heatmaps: squares of {settings.patch} pixels are covered one after the other, every "
        f"{settings.stride} pixels. Green: the score falls, so the place speaks for the "
        "individual. Purple: the score rises, so the place points to others."
    )


def _legend(limit: float, kind: str) -> Html:
    """The colour scale, as it suits the page."""
    light, dark = (picture_address(legend(limit, kind, dark=one)) for one in (False, True))
    return element(
        "picture",
        element("source", srcset=dark, media="screen and (prefers-color-scheme: dark)"),
        element("img", src=light, alt=f"Colour scale up to a change of score of {limit:.2g}"),
    )


def _gallery_photo(
    lab: Lab, individual: str, assessed: Assessment, size: tuple[int, int]
) -> Html | None:
    """The newest other photo of an individual; none where it cannot be read."""
    frame = lab.gallery(individual, limit=COMPARED)
    for row in frame[frame["photo_id"] != assessed.photo.photo_id].itertuples():
        try:
            crop = lab.crop(row.photo_id)
            pixels = cut(lab.read_photo(row.photo_id), crop.box, *size) if crop else None
        except WhalecoreError:
            continue
        if pixels is not None:
            return element(
                "figure",
                picture(pixels, f"Photo {row.name} of {individual}"),
                element("figcaption", f"{individual}: {row.name}, {date_words(row.taken_at)}"),
            )
    return element("p", "The lab holds no other photo of this individual.", class_="soft")
