"""The lab's heatmaps over their photos, as PNG pictures."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from whalecore.errors import WhalecoreError
from whalecore.files import write_atomically
from whalecore.lab.lab import Lab
from whalecore.lab.named import model_of
from whalecore.overlays import kind_of, overlay
from whalecore.photos.crop import cut
from whalecore.workflow.export.places import writable
from whalecore.workflow.progress import Pace, Report, silent

KEY = ("model_id", "photo_id", "individual", "method", "settings")


def export_heatmaps(lab: Lab, folder: Path, report: Report = silent) -> int:
    """Draw every top-1 heatmap over its photo, as PNG; returns the number of pictures.

    Of the lab's photos those without a score of the model are left out: its heatmaps of them, asked
    for by name, show no answer of the lab.
    """
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    photos = {row["photo_id"]: row for row in lab.rows("photos")}
    scored = set(lab.computed_keys("scores", ["model_id", "photo_id"], rank=1))
    keys = sorted(
        key
        for key in lab.computed_keys("heatmaps", KEY, rank=1)
        if key[1] not in photos or (model_of(key[0]), key[1]) in scored
    )
    pace = Pace("draw heatmaps", len(keys), report)
    sizes = {
        row["model_id"]: (row["input_height"], row["input_width"]) for row in lab.rows("models")
    }
    drawn = 0
    for model_id, photo_id, individual, method, settings in keys:
        try:
            photo = lab.read_photo(photos.get(photo_id, photo_id))
        except WhalecoreError as error:
            pace.advance(message=str(error))
            continue
        size = sizes.get(model_of(model_id))
        if size is None:
            pace.advance(message=f"{photo.name}: a heatmap of several models together is left out.")
            continue
        heatmap = lab.heatmap(model_id, photo_id, individual, method, settings)
        crop = cut(photo, lab.crop(photo_id).box, *size)
        about = f"{Path(photo.name).stem}-{individual}-{settings}"
        about = re.sub(r"[^A-Za-z0-9_.=-]+", "_", about)[:100]
        path = folder / f"{about}-{photo_id}-{model_id[-10:]}.png"
        picture = Image.fromarray(overlay(crop, heatmap.values, kind=kind_of(method)))
        with writable(path):
            write_atomically(path, lambda place, picture=picture: picture.save(place, "PNG"))
        drawn += 1
        pace.advance()
    return drawn
