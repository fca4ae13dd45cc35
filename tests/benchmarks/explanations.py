"""Do explanations lie where the truth is known to lie? On the drawn flukes of the demo lab.

    python tests/benchmarks/explanations.py data/demo

For the first candidate of photos that are identified correctly: the share of positive heatmap
mass inside the masks of the features that make up the individual, and the pointing game (is
the maximum inside), against a uniform map and against the same network with random weights.
The trained network's heatmaps are those the lab holds, of all such photos; those of random
weights, and those of the logit, are computed here, of the first ``RANDOM_PHOTOS``.
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
from whalecore.types import GradCamSettings, OcclusionSettings, Photo
from whalecore.workflow.truth import feature_masks

RANDOM_PHOTOS = 40
STRIDE, PATCH = 8, 16


def cases(lab: Lab, identifier: Identifier) -> list[tuple]:
    """(row of scores, photo, box, mask at input size) of photos identified correctly."""
    masks = feature_masks(lab)
    found = []
    for row in sorted(lab.rows("scores", rank=1), key=lambda one: one["photo_id"]):
        if not row["is_reference"]:
            continue
        photo = lab.read_photo(row["photo_id"])
        features = list(masks.get(photo.name, {}).values())
        if not features:
            continue
        mask = np.any(features, axis=0)
        box = lab.crop(row["photo_id"]).box
        grey = Photo(photo.photo_id, photo.name, np.repeat(mask[..., None] * np.uint8(255), 3, 2))
        inside = cut(grey, box, identifier.height, identifier.width, identifier.margin)
        inside = inside[..., 0] > 127
        if inside.any():
            found.append((row, photo, box, inside))
    return found


def judge(found: list[tuple], explain, stride: int | None) -> tuple[float, float, float]:
    """Mean share of positive mass inside, its standard error, and share of hits."""
    shares, hits = [], []
    for row, photo, box, mask in found:
        values = explain(row, photo, box)
        shares.append(mass_inside(values, mask, stride))
        hits.append(points_inside(values, mask, stride))
    shares = np.array(shares, float)
    return shares.mean(), shares.std(ddof=1) / len(shares) ** 0.5, float(np.mean(hits))


def main() -> None:
    lab = open_lab(sys.argv[1] if len(sys.argv) > 1 else "data/demo")
    trained = lab.identifier()
    torch.manual_seed(0)
    blank = build_network(
        trained.architecture, len(trained.individuals), trained.network.width, "none"
    )
    random = Identifier(blank, trained.individuals, trained.height, trained.width)
    found = cases(lab, trained)

    def stored(settings):
        def explain(row, photo, box):
            key = row["model_id"], row["photo_id"], row["individual"]
            return lab.heatmap(*key, settings.method, settings.key).values

        return explain

    def osm_of(identifier, target):
        def explain(row, photo, box):
            prepared = identifier.prepare(photo, box)
            return occlusion_maps(
                identifier, prepared, row["individual"], PATCH, STRIDE, target=target
            )[0]

        return explain

    def cam_of(layer):
        def explain(row, photo, box):
            return grad_cam(trained, trained.prepare(photo, box), row["individual"], layer)

        return explain

    def random_cam(row, photo, box):
        return grad_cam(random, random.prepare(photo, box), row["individual"], "layer4")

    occlusion = OcclusionSettings(PATCH, STRIDE)
    few = found[:RANDOM_PHOTOS]
    print("map                       photos  mass inside (s.e.)  over uniform  pointing game")
    uniform = float(np.mean([mask.mean() for *_, mask in found]))
    print(f"{'uniform':<25} {len(found):>6}  {uniform:.3f} {1:>24.2f} {uniform:>14.3f}")
    for name, photos, explain, stride in (
        ("OSM, trained", found, stored(occlusion), STRIDE),
        ("OSM, trained", few, stored(occlusion), STRIDE),
        ("OSM, random weights", few, osm_of(random, "probability"), STRIDE),
        ("OSM of logit, trained", few, osm_of(trained, "logit"), STRIDE),
        ("OSM of logit, random", few, osm_of(random, "logit"), STRIDE),
        ("Grad-CAM layer4, trained", found, stored(GradCamSettings("layer4")), None),
        ("Grad-CAM layer3, trained", found, cam_of("layer3"), None),
        ("Grad-CAM layer4, random", few, random_cam, None),
    ):
        share, error, hits = judge(photos, explain, stride)
        area = float(np.mean([mask.mean() for *_, mask in photos]))
        print(
            f"{name:<25} {len(photos):>6}  {share:.3f} ({error:.3f}) {share / area:>16.2f} "
            f"{hits:>14.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
