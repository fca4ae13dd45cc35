"""Do explanations lie where the truth is known to lie? On the drawn flukes of the demo lab.

    python tests/benchmarks/explanations.py data/demo

For the first candidate of every photo that is identified correctly: the share of positive
heatmap mass inside the masks of the features that make up the individual, and the pointing
game (is the maximum inside), against a uniform map and against the same network with random
weights.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from whalecore.explain.gradcam import grad_cam
from whalecore.explain.occlusion import occlusion_maps
from whalecore.explain.truth import mass_inside, points_inside
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import build_network
from whalecore.lab.lab import Lab, open_lab
from whalecore.photos.crop import cut
from whalecore.types import Photo
from whalecore.workflow.truth import feature_masks

PHOTOS = 60
STRIDE, PATCH = 8, 16


def cases(lab: Lab, identifier: Identifier, photos: int) -> list[tuple]:
    """(prepared input, individual, mask at input size) of photos identified correctly."""
    masks = feature_masks(lab)
    found = []
    for row in sorted(lab.rows("scores", rank=1), key=lambda one: one["photo_id"]):
        if not row["is_reference"] or len(found) == photos:
            continue
        photo = lab.read_photo(row["photo_id"])
        mask = np.any(list(masks.get(photo.name, {"": np.zeros((1, 1), bool)}).values()), axis=0)
        if not mask.any():
            continue
        box = lab.crop(row["photo_id"]).box
        grey = Photo(photo.photo_id, photo.name, np.repeat(mask[..., None] * np.uint8(255), 3, 2))
        inside = cut(grey, box, identifier.height, identifier.width, identifier.margin)
        inside = inside[..., 0] > 127
        if inside.any():
            found.append((identifier.prepare(photo, box), row["individual"], inside))
    return found


def judge(found: list[tuple], explain, stride: int | None) -> tuple[float, float, float]:
    """Mean share of positive mass inside, its standard error, and share of hits."""
    shares, hits = [], []
    for prepared, individual, mask in found:
        values = explain(prepared, individual)
        shares.append(mass_inside(values, mask, stride))
        hits.append(points_inside(values, mask, stride))
    shares = np.array(shares, float)
    good = shares[np.isfinite(shares)]
    return good.mean(), good.std(ddof=1) / len(good) ** 0.5, float(np.mean(hits))


def main() -> None:
    lab = open_lab(sys.argv[1] if len(sys.argv) > 1 else "data/demo")
    trained = lab.identifier()
    torch.manual_seed(0)
    blank = build_network(
        trained.architecture, len(trained.individuals), trained.network.width, "none"
    )
    random = Identifier(blank, trained.individuals, trained.height, trained.width)
    found = cases(lab, trained, PHOTOS)
    uniform = float(np.mean([mask.mean() for _, _, mask in found]))

    def osm(identifier):
        return lambda prepared, individual: occlusion_maps(
            identifier, prepared, individual, patch=PATCH, stride=STRIDE
        )[0]

    def cam(identifier):
        return lambda prepared, individual: grad_cam(identifier, prepared, individual, "layer4")

    print(f"{len(found)} photos; features cover {uniform:.3f} of the crop")
    print("map                        mass inside (s.e.)   over uniform   pointing game")
    print(f"{'uniform':<26} {uniform:.3f}                {1:>10.2f} {uniform:>15.3f}")
    for name, explain, stride in (
        ("OSM, trained", osm(trained), STRIDE),
        ("OSM, random weights", osm(random), STRIDE),
        ("Grad-CAM layer4, trained", cam(trained), None),
        ("Grad-CAM layer4, random", cam(random), None),
    ):
        share, error, hits = judge(found, explain, stride)
        print(f"{name:<26} {share:.3f} ({error:.3f})        {share / uniform:>10.2f} {hits:>15.3f}")


if __name__ == "__main__":
    main()
