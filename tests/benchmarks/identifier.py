"""How good identification is on photos the network never saw: alone, and with matching marks.

``python tests/benchmarks/identifier.py LAB [--shortlist 40] [--keypoints FILE]``

Queries are the photos of the newest model's fold, the gallery those it was trained on. The
network names a shortlist of individuals; the photo is matched against each of their photos. What
marks and network weigh is fitted on the validation photos, figures come from the test photos.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fusion import Fusion, fit_fusion, fused_scores
from whalecore.lab.lab import open_lab
from whalecore.photos.crop import cut
from whalecore.photos.keypoint_matches import Keypoints, match
from whalecore.photos.keypoints import KeypointFinder
from whalecore.reliability.metrics import (
    auroc,
    expected_calibration_error,
    map_at_5,
    top_k_accuracy,
    wilson_interval,
)
from whalecore.types import Box

CHANCE_PAIRS = 3000


@dataclass(frozen=True, eq=False)
class Looked:
    """What network and marks say of the queries.

    Attributes
    ----------
    logits, marks : ndarray of shape (queries, individuals), float
    reference : ndarray of shape (queries,), int
        Column of the right individual, -1 where the gallery does not know it.
    test : ndarray of shape (queries,), bool
    """

    logits: np.ndarray
    marks: np.ndarray
    reference: np.ndarray
    test: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lab", type=Path)
    parser.add_argument("--shortlist", type=int, default=40)
    parser.add_argument("--keypoints", type=Path, help="NPZ that keeps the marks of all photos.")
    arguments = parser.parse_args()
    lab = open_lab(arguments.lab)
    identifier = lab.identifier()
    photos = lab.photos(reviewed=False).dropna(subset=["fold", "crop_x0"])
    learned = photos["photo_id"].isin(lab.learned(identifier.model_id))
    known = learned & photos["individual"].isin(identifier.individuals)
    fold = lab.rows("models", model_id=identifier.model_id)[0]["fold"]
    asked = photos["fold"] == fold
    keypoints = marks_of(lab, identifier, photos[asked | known], arguments.keypoints)
    gallery = defaultdict(list)
    for row in photos[known].itertuples():
        gallery[row.individual].append(row.photo_id)
    looked = look(lab, identifier, photos[asked], gallery, keypoints, arguments.shortlist)
    report(looked, arguments)
    print(chance(gallery, keypoints))


def crops_of(lab, photos, height: int, width: int, margin: float):
    for row in photos.itertuples():
        box = Box(row.crop_x0, row.crop_y0, row.crop_x1, row.crop_y1)
        yield row.photo_id, cut(lab.read_photo(row._asdict()), box, height, width, margin)


def marks_of(lab, identifier, photos, file: Path | None) -> dict[str, Keypoints]:
    """Keypoints by photo, from the file where it is there."""
    if file is not None and file.is_file():
        with np.load(file) as kept:
            names = {name.rsplit("/", 1)[0] for name in kept.files}
            return {
                name: Keypoints(kept[f"{name}/frames"], kept[f"{name}/descriptors"])
                for name in names
            }
    finder = KeypointFinder()
    size = finder.settings
    started, found = time.process_time(), {}
    for photo_id, crop in crops_of(lab, photos, size.height, size.width, identifier.margin):
        found[photo_id] = finder.find(crop)
    spent = (time.process_time() - started) / len(found)
    print(f"{len(found)} photos, {spent:.2f} s of processor time each for finding marks")
    if file is not None:
        parts = {f"{name}/frames": one.frames for name, one in found.items()}
        parts |= {f"{name}/descriptors": one.descriptors for name, one in found.items()}
        np.savez(file, **parts)
    return found


def look(lab, identifier, photos, gallery, keypoints, shortlist: int) -> Looked:
    """Logits of all individuals, and marks shared with those on the shortlist."""
    size = identifier.height, identifier.width, identifier.margin
    crops = [crop for _, crop in crops_of(lab, photos, *size)]
    logits, _ = identifier.identify_many(np.stack(crops))
    marks = np.zeros_like(logits)
    started, pairs = time.process_time(), 0
    for query, photo_id in enumerate(photos["photo_id"]):
        for column in np.argsort(-logits[query])[:shortlist]:
            others = gallery[identifier.individuals[column]]
            shared = [len(match(keypoints[photo_id], keypoints[one]).query) for one in others]
            marks[query, column] = max(shared, default=0)
            pairs += len(others)
    spent = 1000 * (time.process_time() - started)
    print(
        f"{pairs / len(photos):.0f} pairs a query, {spent / pairs:.1f} ms of processor time a "
        f"pair, {spent / len(photos) / 1000:.2f} s a query"
    )
    column = {name: number for number, name in enumerate(identifier.individuals)}
    reference = np.array([column.get(name, -1) for name in photos["individual"]])
    return Looked(logits, marks, reference, (photos["part"] == "test").to_numpy())


def report(looked: Looked, arguments) -> None:
    learnt = ~looked.test & (looked.reference >= 0)
    parts = looked.logits[learnt], looked.marks[learnt], looked.reference[learnt]
    plain = fit_fusion(parts[0], np.zeros_like(parts[1]), parts[2])
    both = fit_fusion(*parts)
    ways = {
        "network": Fusion(plain.logit_weight, 0.0),
        "marks on its shortlist, ties by the network": Fusion(1e-6, 1.0),
        "both": both,
    }
    print(f"\n{time.strftime('%Y-%m-%d')}, {learnt.sum()} validation photos; weights {both}")
    print("| | photos | top 1 | 95 % | top 5 | top 10 | top 20 | MAP@5 | ECE | new against known |")
    print("| --- " * 10 + "|")
    for name, fusion in ways.items():
        print(f"| {name} | {figures(looked, fusion)} |")
    known = looked.test & (looked.reference >= 0)
    ranks = ranked(looked.logits[known], looked.reference[known])
    share = (ranks <= arguments.shortlist).mean()
    print(f"\nThe right individual is among the network's first {arguments.shortlist}: {share:.3f}")


def ranked(scores: np.ndarray, reference: np.ndarray) -> np.ndarray:
    own = scores[np.arange(len(reference)), reference]
    return (scores > own[:, None]).sum(axis=1) + 1


def figures(looked: Looked, fusion: Fusion) -> str:
    """Top 1 with interval, top 5, 10, 20, MAP@5 and ECE of known, AUROC of new test photos."""
    scores = fused_scores(looked.logits, looked.marks, fusion)
    test, known = looked.test, looked.test & (looked.reference >= 0)
    weighed = fusion.logit_weight * looked.logits + fusion.mark_weight * looked.marks
    ranks = ranked(weighed[known], looked.reference[known])
    right = ranks == 1
    low, high = wilson_interval(int(right.sum()), len(right))
    best = scores.max(axis=1)
    cells = [
        f"{known.sum()}",
        f"{right.mean():.3f}",
        f"{low:.2f} to {high:.2f}",
        *(f"{top_k_accuracy(ranks, k):.3f}" for k in (5, 10, 20)),
        f"{map_at_5(ranks):.3f}",
        f"{expected_calibration_error(best[known], right):.3f}",
        f"{auroc(-best[test], looked.reference[test] < 0):.3f}",
    ]
    return " | ".join(cells)


def chance(gallery, keypoints) -> str:
    """How many marks photos of different animals, and of one animal, share."""
    rng = np.random.default_rng(0)
    names = sorted(gallery)
    different, same = [], []
    for _ in range(CHANCE_PAIRS):
        one, other = rng.choice(len(names), 2, replace=False)
        pair = rng.choice(gallery[names[one]]), rng.choice(gallery[names[other]])
        different.append(len(match(keypoints[pair[0]], keypoints[pair[1]]).query))
    for name in names:
        if len(gallery[name]) > 1:
            pair = rng.choice(gallery[name], 2, replace=False)
            same.append(len(match(keypoints[pair[0]], keypoints[pair[1]]).query))
    limit = np.quantile(different, 0.99)
    more = np.mean(np.array(same) > limit)
    return (
        f"Of {len(different)} pairs of photos of different animals 99 % share at most {limit:.0f} "
        f"marks; of {len(same)} pairs of one animal {more:.0%} share more."
    )


if __name__ == "__main__":
    main()
