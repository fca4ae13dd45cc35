"""Individuals that the network was not trained on: how well are they named, and at what price?

    python tests/benchmarks/gallery.py LAB... [--splits 10]

Photos that the model never saw are identified by their logits alone, so this takes seconds. Those
of individuals that it was not trained on are asked about with their other photos in the gallery,
but none of the same encounter. Half of all individuals are reported, again and again, for the
spread. Beside: the list of trained individuals alone; and rows without any
correction, of the mean and of the nearest photo.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.special import softmax

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.contest import Contest, lab_contest
from whalecore.lab.lab import open_lab
from whalecore.reliability.metrics import expected_calibration_error
from whalecore.workflow.bench.tables import markdown

FIGURES = ("top 1", "top 5", "MAP@5")


def raw_logits(lab, identifier, found: Contest, nearest: bool) -> np.ndarray:
    """Logits (photos, further individuals): scale times cosine, to the mean or nearest photo."""
    held = lab.embeddings(identifier.model_id, role="held out")
    rows = {row["photo_id"]: row for row in lab.rows("photos")}
    names = np.array([rows[one]["catalogue_individual"] or "" for one in held.photo_ids])
    units = np.array([str(rows[one]["unit"]) for one in held.photo_ids])
    trained = found.trained.shape[1]
    own = identifier.network.scale * held.values @ held.values.T
    logits = np.empty_like(found.further)
    for query, place in enumerate(asked_places(identifier, names, units)):
        for column, name in enumerate(found.individuals[trained:]):
            there = names == name
            if names[place] == name:
                there &= units != units[place]
            if nearest:
                logits[query, column] = own[place, there].max()
            else:
                mean = held.values[there].mean(axis=0)
                cosine = held.values[place] @ mean / np.linalg.norm(mean)
                logits[query, column] = identifier.network.scale * cosine
    return logits


def asked_places(identifier, names: np.ndarray, units: np.ndarray) -> list[int]:
    """Places of the photos of a contest among those held out, in the contest's order."""
    known = np.isin(names, identifier.individuals)
    others = [
        place
        for place in np.flatnonzero((names != "") & ~known)
        if ((names == names[place]) & (units != units[place])).any()
    ]
    return [*np.flatnonzero(known), *others]


def figures(logits: np.ndarray, truth: np.ndarray) -> list[float]:
    """Top 1, top 5 and MAP@5."""
    ranks = (logits > logits[np.arange(len(truth)), truth][:, None]).sum(axis=1)
    first_five = np.where(ranks < 5, 1 / (ranks + 1), 0.0)
    return [float((ranks == 0).mean()), float((ranks < 5).mean()), float(first_five.mean())]


def calibration_error(logits: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """Of the first candidate's score."""
    scores = softmax(logits.astype(np.float64) / temperature, axis=1)
    right = scores.argmax(axis=1) == truth
    return expected_calibration_error(scores.max(axis=1), right)


def judged(lab, identifier, found: Contest, splits: int) -> list[list]:
    """Rows of the table, means over the splits with their deviation."""
    trained = found.trained.shape[1]
    new = found.truth >= trained
    alone = np.full_like(found.further, -1e3)
    raw = {
        "no correction, mean of the photos": raw_logits(lab, identifier, found, nearest=False),
        "no correction, nearest photo": raw_logits(lab, identifier, found, nearest=True),
    }
    measured: dict[str, list[list[float]]] = {}
    for seed in range(splits):
        chosen = chosen_half(found.truth, new, seed)
        variants = {
            "trained individuals alone": alone,
            **raw,
            "as they are listed": found.further,
        }
        for name, further in variants.items():
            logits = np.concatenate([found.trained, further], axis=1)
            row = []
            for kind in (new, ~new):
                some = kind & ~chosen
                row += figures(logits[some], found.truth[some])
            for some in (~chosen & new, ~chosen & ~new, ~chosen):
                row.append(
                    calibration_error(logits[some], found.truth[some], identifier.temperature)
                )
            measured.setdefault(name, []).append(row)
    return [
        [name, *(f"{mean:.3f} ({spread:.3f})" for mean, spread in spreads(rows))]
        for name, rows in measured.items()
    ]


def chosen_half(truth: np.ndarray, new: np.ndarray, seed: int) -> np.ndarray:
    """Photos of one half of the trained and of the further individuals."""
    random = np.random.default_rng(seed)
    half: list[int] = []
    for kind in (new, ~new):
        individuals = random.permutation(np.unique(truth[kind]))
        half += individuals[: len(individuals) // 2].tolist()
    return np.isin(truth, half)


def spreads(rows: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Mean and deviation of every column."""
    values = np.array(rows)
    return list(zip(values.mean(axis=0), values.std(axis=0), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labs", nargs="+", type=Path, metavar="LAB")
    parser.add_argument("--splits", type=int, default=10)
    wanted = parser.parse_args()
    for folder in wanted.labs:
        lab = open_lab(folder)
        identifier = lab.identifier()
        found = lab_contest(lab, identifier)
        if found is None:
            print(f"{lab.name}: nobody is held out whole\n")
            continue
        trained = found.trained.shape[1]
        new = found.truth >= trained
        print(
            f"{lab.name}: {trained} trained individuals and {found.further.shape[1]} others on the "
            f"list; {new.sum()} photos of {len(np.unique(found.truth[new]))} others and "
            f"{(~new).sum()} of trained ones asked about, half of them each time.\n"
        )
        head = ["list"]
        head += [f"{kind}: {name}" for kind in ("others", "trained") for name in FIGURES]
        head += ["ECE, others", "ECE, trained", "ECE, all"]
        print(*markdown(head, judged(lab, identifier, found, wanted.splits)), "", sep="\n")


if __name__ == "__main__":
    main()
