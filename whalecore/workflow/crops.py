"""Find the fluke on every photo: train a detector where boxes are known, then apply it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from whalecore.errors import WhalecoreError
from whalecore.lab.lab import Lab
from whalecore.photos.quality import measure
from whalecore.types import Box, Crop, Photo, Quality
from whalecore.workflow.presets import Preset
from whalecore.workflow.progress import Pace, Report, silent

ENOUGH_BOXES = 200
"""Fewer boxes than this cannot teach more than the shipped detector knows."""

PHOTOS_PER_SHARD = 128


def detector_path(lab: Lab) -> Path:
    """Where the lab's own detector lies, if it has one."""
    return lab.folder / "detector.safetensors"


def train_lab_detector(lab: Lab, preset: Preset, report: Report = silent) -> bool:
    """Train the lab's own detector from the boxes that came with its photos.

    Photos of fold 0 are left out, so that the boxes found on them can be judged.

    Returns
    -------
    bool
        False where the lab has too few boxes or has its detector already.
    """
    from whalecore.photos.detector import SHIPPED, load_detector, prepare, relative
    from whalecore.photos.detector_training import train_detector

    if detector_path(lab).exists():
        return False
    folds = {row["photo_id"]: row["fold"] for row in lab.rows("splits")}
    boxed = [
        row
        for row in lab.rows("catalogue")
        if row["given_x0"] is not None and folds.get(row["photo_id"]) != 0
    ]
    if len(boxed) < ENOUGH_BOXES:
        return False
    pace = Pace("read photos for the detector", len(boxed), report)
    pictures, boxes = [], []
    for row in boxed:
        try:
            photo = lab.read_photo(row)
            boxes.append(relative(_given(row).box, photo))
        except WhalecoreError as error:
            pace.advance(message=str(error))
            continue
        pictures.append(prepare(photo))
        pace.advance()
    if len(pictures) < ENOUGH_BOXES:
        return False
    detector = train_detector(
        np.stack(pictures),
        np.stack(boxes),
        preset.detector,
        start=load_detector(SHIPPED),
        progress=report,
    )
    detector.save(detector_path(lab))
    return True


def crop_photos(lab: Lab, height: int, width: int, report: Report = silent) -> int:
    """Find the fluke and measure the quality of every photo that has no crop yet.

    Parameters
    ----------
    height, width : int
        Pixels of the model's input, against which quality is measured.

    Returns
    -------
    int
        Number of photos cropped now.
    """
    with lab.claim("crops"):
        done = lab.computed_keys("crops")
        waiting = [row for row in lab.rows("catalogue") if (row["photo_id"],) not in done]
        pace = Pace("find flukes", len(waiting), report)
        locate = lab.locator()
        own_detector = detector_path(lab).exists()
        for start in range(0, len(waiting), PHOTOS_PER_SHARD):
            rows = []
            for row in waiting[start : start + PHOTOS_PER_SHARD]:
                try:
                    photo = lab.read_photo(row)
                except WhalecoreError as error:
                    pace.advance(message=str(error))
                    continue
                crop = locate(photo) if own_detector else _given(row) or locate(photo)
                rows.append(crop_row(photo, crop, measure(photo, crop, height, width)))
                pace.advance(
                    message="" if crop.source != "whole" else f"{row['name']}: no fluke found"
                )
            if rows:
                lab.write("crops", rows)
        return pace.done


def crop_row(photo: Photo, crop: Crop, quality: Quality) -> dict:
    """The row of table ``crops`` that remembers a crop."""
    return {
        "photo_id": photo.photo_id,
        "crop_x0": crop.box.x0,
        "crop_y0": crop.box.y0,
        "crop_x1": crop.box.x1,
        "crop_y1": crop.box.y1,
        "crop_source": crop.source,
        "crop_confidence": crop.confidence,
        "sharpness": quality.sharpness,
        "exposure": quality.exposure,
        "contrast": quality.contrast,
        "fluke_share": quality.fluke_share,
        "resolution": quality.resolution,
    }


def _given(row: dict) -> Crop | None:
    if row["given_x0"] is None:
        return None
    box = Box(row["given_x0"], row["given_y0"], row["given_x1"], row["given_y1"])
    return Crop(box, "given")
