"""How well and how fast individuals are found by their marks, before any two photos are matched.

``python tests/benchmarks/mark_search.py FLUKES --out FOLDER [--exact 100]``

FOLDER holds a run of ``tests/benchmarks/identifier.py FLUKES --out FOLDER``, whose network, marks
and roles are used. Beside the search by words stands the exact one: every mark's nearest neighbours
among all marks of the gallery (local naive Bayes nearest neighbour, McCann and Lowe 2012, as in
HotSpotter), and the network's own list. Figures are of the queries; times are processor seconds of
one process. At the end the search is timed in a collection of 25,000 photos, the real marks over
and over with other bits and places.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests import identifier_protocol as parts
from tests.identifier_peers import kept_marks
from tests.identifier_protocol import Protocol, deal
from whalecore.identifiers.checkpoint import load_identifier
from whalecore.identifiers.directions import mean_of_each
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.mark_index import NEAREST, MarkIndex, likeness
from whalecore.photos.mark_vocabulary import shipped_vocabulary
from whalecore.photos.mark_words import MarkWords, in_words
from whalecore.photos.marks import MarkSettings

WITHIN = (1, 5, 20, 40, 80)
NEIGHBOURS = 8
MANY, AT_ONCE, INDIVIDUALS = 25_000, 2048, 5000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("flukes", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--exact", type=int, default=100, help="Queries of the exact search.")
    arguments = parser.parse_args()
    protocol = deal(arguments.flukes)
    asked, gallery = (
        marks_of(protocol, arguments.out / "marks", *part)
        for part in (("asked", parts.ASKED), ("gallery", parts.GALLERY))
    )
    queries = np.flatnonzero(protocol.part[protocol.rows(*parts.ASKED)] == parts.QUERY)
    trained = np.flatnonzero(protocol.part[protocol.rows(*parts.GALLERY)] == parts.TRAIN)
    gallery = [gallery[place] for place in trained]
    names = protocol.names(parts.TRAIN)
    whose = protocol.columns(protocol.rows(parts.TRAIN), names)
    right = protocol.columns(protocol.rows(*parts.ASKED)[queries], names)
    by_network = network_says(protocol, arguments.out / "ours")
    network = before(by_network, right)
    query_marks = [asked[place] for place in queries]
    alike, words_ms = timed(word_search(gallery, whose, len(names)), query_marks, len(names))
    by_words = before(alike, right)
    few = query_marks[: arguments.exact]
    found, exact_ms = timed(exact_search(gallery, whose, len(names)), few, len(names))
    exact = before(found, right[: len(few)])
    some = by_words[: arguments.exact]
    print("| right individual within the first | 1 | 5 | 20 | 40 | 80 | ms a photo |")
    print("| --- " * (len(WITHIN) + 2) + "|")
    for name, ranks, spent in (
        (f"network ({len(right)} queries)", network, None),
        (f"marks, by words ({len(right)} queries)", by_words, words_ms),
        (f"marks, by words (the first {len(exact)} queries)", some, words_ms),
        (f"marks, exact (the first {len(exact)} queries)", exact, exact_ms),
    ):
        shares = " | ".join(f"{np.mean(ranks <= k - 1):.3f}" for k in WITHIN)
        print(f"| {name} | {shares} | {'' if spent is None else f'{spent:.0f}'} |")
    settings = MarkSettings()
    looked = [
        own in settings.shortlisted(*said)
        for own, *said in zip(right, by_network, alike, strict=True)
    ]
    print(
        f"\nLooked at, {settings.shortlist} by the network and {settings.alike} more by their "
        f"marks: {np.mean(looked):.3f}"
    )
    size, seconds = at_scale(asked + gallery, query_marks[:10])
    print(f"{MANY} photos, {INDIVIDUALS} individuals: {size:.0f} MB, {seconds:.2f} s a photo")


def marks_of(protocol: Protocol, folder: Path, name: str, group: tuple[str, ...]) -> list:
    """Keypoints that the other benchmark has found."""

    def missing() -> Keypoints:
        sys.exit(f"'{folder}' lacks marks: run tests/benchmarks/identifier.py first.")

    return kept_marks(folder / name, Keypoints, [missing] * len(protocol.rows(*group)), print)


def network_says(protocol: Protocol, folder: Path) -> np.ndarray:
    """Logits (queries, individuals) by the mean of each individual's photos."""
    names, rows = protocol.names(parts.TRAIN), protocol.rows(parts.TRAIN)
    scale = load_identifier(folder, "cpu").network.scale
    with np.load(folder / "looked.npz") as looked:
        looks = looked["looks"]
    directions = mean_of_each(looks[rows], protocol.columns(rows, names), len(names))
    return scale * looks[protocol.rows(parts.QUERY)] @ directions


def before(values: np.ndarray, right: np.ndarray) -> np.ndarray:
    """How many stand before the right one in each row, equals half before and half after it."""
    own = values[np.arange(len(values)), right][:, None]
    return (values > own).sum(axis=1) + ((values == own).sum(axis=1) - 1) / 2


def timed(
    search: Callable[[Keypoints], np.ndarray], marks: list, individuals: int
) -> tuple[np.ndarray, float]:
    """What a search says of each individual, and milliseconds of processor time a photo."""
    found = np.empty((len(marks), individuals))
    started = time.process_time()
    for row, one in enumerate(marks):
        found[row] = search(one)
    return found, 1000 * (time.process_time() - started) / len(marks)


def word_search(gallery: list, whose: np.ndarray, individuals: int) -> Callable:
    vocabulary = shipped_vocabulary()
    index = MarkIndex({str(at): in_words(one, vocabulary) for at, one in enumerate(gallery)})

    def search(marks: Keypoints) -> np.ndarray:
        query = in_words(marks, vocabulary, NEAREST)
        found = index.ask(query)
        shape = len(query.words), individuals
        return likeness(found.marks, whose[found.photos], found.weights, shape)

    return search


def exact_search(gallery: list, whose: np.ndarray, individuals: int) -> Callable:
    """An individual gets, for each mark, how much nearer its nearest is than the ninth of all."""
    looks = np.concatenate([one.descriptors for one in gallery])
    owners = np.repeat(whose, [len(one.descriptors) for one in gallery])

    def search(marks: Keypoints) -> np.ndarray:
        like = marks.descriptors @ looks.T
        rows = np.argpartition(-like, NEIGHBOURS, axis=1)[:, : NEIGHBOURS + 1]
        distances = np.sqrt(np.maximum(2 - 2 * np.take_along_axis(like, rows, axis=1), 0))
        gains = distances.max(axis=1, keepdims=True) - distances
        best = np.zeros((len(rows), individuals))
        np.maximum.at(best, (np.arange(len(rows))[:, None], owners[rows]), gains)
        return best.sum(axis=0)

    return search


def at_scale(marks: list, queries: list) -> tuple[float, float]:
    """MB of the indexes of 25,000 photos, and processor seconds of a search."""
    vocabulary, rng = shipped_vocabulary(), np.random.default_rng(0)
    words = [in_words(one, vocabulary) for one in marks]
    indexes = []
    for start in range(0, MANY, AT_ONCE):
        chosen = range(start, min(start + AT_ONCE, MANY))
        photos = {str(at): changed(words[at % len(words)], rng) for at in chosen}
        indexes.append(MarkIndex(photos))
    size = sum(index.size for index in indexes)
    whose = rng.integers(0, INDIVIDUALS, MANY)
    started = time.process_time()
    for one in queries:
        query = in_words(one, vocabulary, NEAREST)
        found = [index.ask(query) for index in indexes]
        owners = [whose[at * AT_ONCE + one.photos] for at, one in enumerate(found)]
        marks_found = np.concatenate([one.marks for one in found])
        weights = np.concatenate([one.weights for one in found])
        likeness(marks_found, np.concatenate(owners), weights, (len(query.words), INDIVIDUALS))
    return size / 1e6, (time.process_time() - started) / len(queries)


def changed(words: MarkWords, rng: np.random.Generator) -> MarkWords:
    """The same words some 20 pixels off, one bit in eight turned."""
    shape = (3, *words.looks.shape)
    turned = np.bitwise_and.reduce(rng.integers(0, 2**63, shape, dtype=np.uint64))
    places = np.clip(words.places + rng.normal(0, 20, words.places.shape), 0, 511)
    return MarkWords(places.astype(np.float32), words.words, words.looks ^ turned)


if __name__ == "__main__":
    main()
