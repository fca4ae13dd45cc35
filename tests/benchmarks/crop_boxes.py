"""How well the boxes of a lab's detector fit outlines placed by hand.

    python tests/benchmarks/crop_boxes.py LAB ../shared/flukes/outline_points.csv

Only photos of fold 0 count: the detector never saw them.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from whalecore.lab.lab import Lab, open_lab
from whalecore.photos.crop import intersection_over_union
from whalecore.photos.detector import SHIPPED, load_detector
from whalecore.types import Box


def outlines(path: Path) -> dict[str, Box]:
    """Extent of the outline points of each photo."""
    boxes = {}
    with open(path, encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            points = np.array(row["points"].split(), float).reshape(-1, 2)
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            boxes[row["Image"]] = Box(x0, y0, x1, y1)
    return boxes


def overlaps(lab: Lab, truth: dict[str, Box], which: str) -> np.ndarray:
    """Intersection over union of each unseen photo with an outline."""
    judged = [row for row in lab.rows("photos", fold=0) if row["name"] in truth]
    if which == "lab":
        found = [lab.crop(row["photo_id"]).box for row in judged]
    else:
        detector = load_detector(SHIPPED)
        found = [crop.box for crop in detector.locate([lab.read_photo(row) for row in judged])]
    return np.array(
        [
            intersection_over_union(box, truth[row["name"]])
            for row, box in zip(judged, found, strict=True)
        ]
    )


def main() -> None:
    lab, truth = open_lab(sys.argv[1]), outlines(Path(sys.argv[2]))
    print("detector    photos  median IoU  10th percentile")
    for which in ("lab", "shipped"):
        values = overlaps(lab, truth, which)
        print(
            f"{which:<10} {len(values):>7} {np.median(values):>11.3f} "
            f"{np.percentile(values, 10):>16.3f}"
        )


if __name__ == "__main__":
    main()
