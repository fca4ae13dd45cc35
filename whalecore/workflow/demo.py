"""Build the demo lab: drawn flukes, and everything computed with them, from a fixed seed."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from whalecore.errors import LabError
from whalecore.files import write_bytes
from whalecore.lab.lab import create_lab, is_lab, open_lab
from whalecore.photos.synthetic import CollectionSettings, Drawing, draw_collection
from whalecore.workflow.presets import preset
from whalecore.workflow.progress import Pace, Report, silent
from whalecore.workflow.run import run_all

JPEG_QUALITY = 80
FOLDS = 3
COLLECTION = CollectionSettings(individuals=60, photos=930, new_individuals=30, new_photos=80)
NOTE = (
    "These flukes are drawings made by a program, not photographs: no real animal, "
    "place or date is shown."
)


def build_demo(
    folder: Path, seed: int = 0, detector: bool = False, report: Report = silent
) -> dict:
    """Draw the collection, import it and run every step on it.

    Given again after an interruption it goes on; a finished demo lab is left as it is.

    Parameters
    ----------
    folder : Path
        Of the lab; made if need be.
    seed : int
        Of the drawings, the training and the clusters.
    detector : bool
        Train the shipped fluke detector on drawings of other individuals first.
    """
    if detector:
        from whalecore.photos.detector import SHIPPED
        from whalecore.photos.detector_drawings import train_on_drawings

        train_on_drawings(progress=report).save(SHIPPED)
    if folder.exists() and any(folder.iterdir()) and not is_lab(folder):
        raise LabError(
            f"The folder {folder} holds something that is not a lab: choose an empty one."
        )
    if not is_lab(folder):
        create_lab(
            folder,
            name="Demo: drawn flukes",
            note=NOTE,
            photo_root="photos",
            drawings=True,
            folds=FOLDS,
        )
    lab = open_lab(folder)
    _draw(folder, replace(COLLECTION, seed=seed), report)
    chosen = preset("demo")
    chosen = replace(chosen, training=replace(chosen.training, seed=seed))
    outcome = run_all(lab, folder / "photos" / "catalogue.csv", chosen, report=report)
    _slim(folder)
    shutil.rmtree(folder / "training", ignore_errors=True)
    return outcome


def _slim(folder: Path) -> None:
    """Leave out what is made again in seconds when it is needed: the lab ships with the program."""
    kept = [row for row in open_lab(folder).rows("embeddings") if row["role"] == "gallery"]
    shutil.rmtree(folder / "tables" / "embeddings")
    open_lab(folder).write("embeddings", kept)


def _draw(folder: Path, settings: CollectionSettings, report: Report) -> None:
    """Write pictures, their catalogue and the truth about them, unless they are there."""
    catalogue = folder / "photos" / "catalogue.csv"
    if catalogue.exists():
        return
    drawings = draw_collection(settings)
    pace = Pace("draw flukes", settings.photos, report)
    rows, truth, masks = [], [], []
    for drawing in drawings:
        write_bytes(folder / "photos" / f"{drawing.name}.jpg", _jpeg(drawing))
        rows.append(
            {
                "photo": f"{drawing.name}.jpg",
                "individual": drawing.individual or "new_whale",
                "encounter": drawing.encounter,
                "date": drawing.taken_at.isoformat(sep=" ", timespec="minutes"),
                "latitude": f"{drawing.latitude:.4f}",
                "longitude": f"{drawing.longitude:.4f}",
            }
        )
        truth.append(
            {
                "photo": f"{drawing.name}.jpg",
                "true_individual": drawing.true_individual,
                "spoilt": "; ".join(drawing.spoilt),
                "x0": f"{drawing.box.x0:g}",
                "y0": f"{drawing.box.y0:g}",
                "x1": f"{drawing.box.x1:g}",
                "y1": f"{drawing.box.y1:g}",
            }
        )
        for feature, mask in drawing.masks.items():
            if feature != "fluke":
                masks.append(
                    {
                        "photo": f"{drawing.name}.jpg",
                        "feature": feature,
                        "height": mask.shape[0],
                        "width": mask.shape[1],
                        "bits": np.packbits(mask).tobytes(),
                    }
                )
        pace.advance()
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(masks), buffer, compression="zstd", compression_level=19)
    write_bytes(folder / "truth" / "features.parquet", buffer.getvalue().to_pybytes())
    write_bytes(folder / "truth" / "photos.csv", _csv(truth))
    write_bytes(catalogue, _csv(rows))


def _jpeg(drawing: Drawing) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(drawing.pixels).save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return buffer.getvalue()


def _csv(rows: list[dict]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
