"""Part `printed`: how much of the evidence lies on the printed strips of catalogue photographs."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from tests.benchmarks.cluster_real import meaning_lines
from tests.benchmarks.cluster_subjects import interval, show
from whalecore.clusters.meaning import (
    LEAST_PRINTED,
    MORE_THAN_CHANCE,
    Surroundings,
    describe_clusters,
)
from whalecore.clusters.spectral import spectral_clustering
from whalecore.errors import WhalecoreError
from whalecore.explain.occlusion import occlusion_maps
from whalecore.lab.lab import Lab, open_lab
from whalecore.photos.printed import printed_rows
from whalecore.types import TOP, Box, Crop, HeatmapSet, OcclusionSettings
from whalecore.workflow.bench.tables import markdown
from whalecore.workflow.meaning import surroundings_of

SETTINGS = OcclusionSettings(16, 8)


def printed(given: argparse.Namespace) -> None:
    """Find the photos with printed text, explain them, and see what rests on the text."""
    for folder in given.labs or ("data/demo",):
        lab = open_lab(folder)
        rows = [row for row in lab.rows("photos") if row["crop_x0"] is not None]
        rows = rows[:40] if given.small else rows
        marked = [row for row in rows if carries_text(lab, row)]
        print(f"## {lab.name}: {len(marked)} of {len(rows)} photos carry printed text\n")
        for words, chosen in (
            ("with the lab's crops", marked),
            ("with the whole photo in place of the crop", [whole(row) for row in marked]),
        ):
            shown = with_text_in_view(lab, chosen)
            print(f"### {words.capitalize()}: {len(shown)} of them show it to the network\n")
            if shown:
                _printed(lab, shown, given.clusters)


def whole(row: dict) -> dict:
    """A photo as it is where no fluke was found: all of it is the crop."""
    edges = {"x0": 0.0, "y0": 0.0, "x1": float(row["width"]), "y1": float(row["height"])}
    return {**row, **{f"crop_{edge}": value for edge, value in edges.items()}}


def carries_text(lab: Lab, row: dict) -> bool:
    """Whether printed text is found on a photo that can be read."""
    try:
        return bool(printed_rows(lab.read_photo(row).pixels).any())
    except WhalecoreError:
        return False


def with_text_in_view(lab: Lab, rows: list[dict]) -> list[dict]:
    """The photos whose text lies, partly at least, in what the network sees."""
    count = len(rows)
    blank = HeatmapSet(
        method=SETTINGS.method,
        settings=SETTINGS.key,
        values=np.ones((count, 16, 32), np.float16),
        model_ids=("",) * count,
        photo_ids=tuple(row["photo_id"] for row in rows),
        individuals=("",) * count,
        ranks=np.ones(count, int),
        scores=np.ones(count, np.float32),
        correct=np.ones(count, bool),
    )
    area = surroundings_of(lab, blank, range(count), _by_id(rows)).printed_area
    return [row for row, share in zip(rows, area, strict=True) if share > 0]


def _by_id(rows: list[dict]) -> dict[str, dict]:
    return {row["photo_id"]: row for row in rows}


def _printed(lab: Lab, rows: list[dict], wanted: int) -> None:
    heatmaps = explained(lab, rows)
    found = surroundings_of(lab, heatmaps, range(len(heatmaps)), _by_id(rows))
    scored = {row["photo_id"] for row in lab.rows("scores", rank=1)}
    trained = np.array([photo_id not in scored for photo_id in heatmaps.photo_ids])
    first = heatmaps.ranks == 1
    groups = {
        "first candidates": first,
        "first candidates, photo trained on": first & trained,
        "first candidates, photo held out": first & ~trained,
        "first candidates that are right": first & heatmaps.correct,
        "first candidates that are wrong": first & ~heatmaps.correct,
        "second to fifth candidates": ~first,
    }
    print(f"Occlusion maps {SETTINGS.key} of the five first candidates:\n")
    headings = ["heatmaps of", "heatmaps", "support on the text", "its 95 % interval"]
    headings += ["area of the text", "heatmaps that rest on it"]
    lines = [[name, *on_text(found, which)] for name, which in groups.items()]
    show(markdown(headings, lines))
    print(
        f"\nRest on it: at least {LEAST_PRINTED:.0%} of the support, and {MORE_THAN_CHANCE:g} "
        "times the area, by which clusters are warned of.\nThe interval is of the mean over "
        "heatmaps.\n\nFirst candidates with most support on text beyond its area:\n"
    )
    show(ranking(heatmaps, found, first, trained))
    clusters = min(wanted, len(heatmaps) // 10)
    if clusters >= 2:
        clustering = spectral_clustering(heatmaps, clusters)
        print(f"\nThese {len(heatmaps)} heatmaps clustered by themselves:\n")
        unknown = np.full(len(heatmaps), np.nan)
        photos = {row["photo_id"]: row["catalogue_individual"] for row in rows}
        meanings = describe_clusters(
            clustering.labels,
            heatmaps.values,
            heatmaps.individuals,
            unknown,
            unknown,
            found,
            [photos.get(photo_id) for photo_id in heatmaps.photo_ids],
        )
        show(meaning_lines(meanings, clustering))
    print(flush=True)


def box_of(row: dict) -> Box:
    """The crop of a row of the lab's photos."""
    return Box(*(row[f"crop_{edge}"] for edge in ("x0", "y0", "x1", "y1")))


def explained(lab: Lab, rows: list[dict]) -> HeatmapSet:
    """Occlusion maps of the five first candidates of photos, made anew and kept nowhere."""
    identifier = lab.identifier()
    ids, names, ranks, scores, correct, maps = [], [], [], [], [], []
    for number, row in enumerate(rows, start=1):
        photo, crop = lab.read_photo(row), Crop(box_of(row), "given")
        candidates = identifier.identify(photo, TOP, crop).candidates
        individuals = [one.individual for one in candidates]
        made = occlusion_maps(
            identifier,
            identifier.prepare(photo, crop.box),
            individuals,
            patch=SETTINGS.patch,
            stride=SETTINGS.stride,
        )
        maps.append(made.astype(np.float16))
        ids += [row["photo_id"]] * len(individuals)
        names += individuals
        ranks += [one.rank for one in candidates]
        scores += [one.score for one in candidates]
        correct += [one.individual == row["individual"] for one in candidates]
        print(f"explained {number} of {len(rows)}", file=sys.stderr, flush=True)
    return HeatmapSet(
        method=SETTINGS.method,
        settings=SETTINGS.key,
        values=np.concatenate(maps),
        model_ids=(identifier.model_id,) * len(ids),
        photo_ids=tuple(ids),
        individuals=tuple(names),
        ranks=np.array(ranks),
        scores=np.array(scores, np.float32),
        correct=np.array(correct, bool),
    )


def on_text(found: Surroundings, which: np.ndarray) -> list[object]:
    """Heatmaps, mean share of their support on text with its interval, area, how many rest on it.

    Parameters
    ----------
    which : ndarray of shape (heatmaps,), bool
    """
    share, area = found.printed[which], found.printed_area[which]
    if not len(share):
        return [0, "-", "-", "-", "-"]
    random = np.random.default_rng(0)
    means = share[random.integers(0, len(share), (2000, len(share)))].mean(axis=1)
    rests = share >= np.maximum(LEAST_PRINTED, MORE_THAN_CHANCE * area)
    return [
        len(share),
        f"{share.mean():.3f}",
        interval(*np.percentile(means, (2.5, 97.5))),
        f"{area.mean():.3f}",
        int(rests.sum()),
    ]


def ranking(
    heatmaps: HeatmapSet, found: Surroundings, which: np.ndarray, trained: np.ndarray
) -> list[str]:
    """The ten heatmaps with most support on text beyond the text's area, as a table."""
    places = np.flatnonzero(which)
    beyond = found.printed[places] - found.printed_area[places]
    rows = [
        [
            heatmaps.photo_ids[place],
            "trained on" if trained[place] else "held out",
            f"{found.printed[place]:.3f}",
            f"{found.printed_area[place]:.3f}",
            f"{heatmaps.scores[place]:.3f}",
            "yes" if heatmaps.correct[place] else "no",
        ]
        for place in places[np.argsort(-beyond, kind="stable")][:10]
    ]
    headings = ["photo", "it was", "support on the text", "area of the text", "score", "right"]
    return markdown(headings, rows)
