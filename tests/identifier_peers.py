"""The identifiers that are compared: three networks that differ in their loss, and SIFT marks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from tests import identifier_protocol as parts
from tests.identifier_protocol import Lists, Looked, Protocol, per_individual
from whalecore.files import write_atomically
from whalecore.identifiers.gallery import gallery_rows, with_gallery
from whalecore.identifiers.history import as_text
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.settings import TrainingSettings
from whalecore.identifiers.training import train
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.photos.mark_index import NEAREST, MarkIndex, likeness
from whalecore.photos.mark_vocabulary import shipped_vocabulary
from whalecore.photos.mark_words import in_words
from whalecore.photos.marks import MarkSettings
from whalecore.types import EmbeddingSet, Progress
from whalecore.workflow.directions import better_directed

OURS, SOFTMAX, ARCFACE = "ours", "softmax", "arcface"

PHOTOS_A_FILE = 100
SAVED_EVERY = 60.0
"""Seconds after which numbers of shared marks are written."""

Marks = TypeVar("Marks")


def trainings(base: TrainingSettings) -> dict[str, TrainingSettings]:
    """Settings of the three networks: all the same but the loss.

    - ``ours``: the settings as they are.
    - ``softmax``: cross-entropy alone, the plain classifier of many reports. Its head is the same
      as ours, cosines times a scale, without any margin: a softmax classifier on features of one
      length (NormFace, Wang et al. 2017), fair as long as the scale is above `least_scale`.
    - ``arcface``: ArcFace alone; such works identify by the nearest photo of the gallery.

    Neither peer has a use for photos of new whales: only triplets look at them.
    """
    alone = replace(base, triplet=0.0, hardest=1.0, new_whale_share=0.0)
    return {
        OURS: base,
        SOFTMAX: replace(alone, arcface=0.0, focal=1.0, focusing=0.0),
        ARCFACE: replace(alone, arcface=1.0, focal=0.0),
    }


def least_scale(individuals: int, probability: float) -> float:
    """Scale without which a head of cosines gives its right individual less than a probability.

    The bound of NormFace (Wang et al. 2017, section 3.3): directions of many individuals spread
    over the sphere have a mean cosine of -1 / (individuals - 1) at best.
    """
    odds = probability / (1 - probability)
    return (individuals - 1) / individuals * math.log(odds * (individuals - 1))


def trained(
    folder: Path,
    protocol: Protocol,
    crops: np.ndarray,
    settings: TrainingSettings,
    device: str,
    say: Callable[[str], None],
) -> Identifier:
    """Train, or go on with it; ``history.json`` and the state are kept in the folder.

    Parameters
    ----------
    crops : ndarray of shape (photos, height, width, 3), uint8
        Of all photos.
    say : callable
        Told after every epoch.
    """
    names = protocol.names(parts.TRAIN)

    def labelled(part: str) -> tuple[np.ndarray, np.ndarray]:
        rows = protocol.rows(part)
        return crops[rows], protocol.columns(rows, names)

    def record(epochs: tuple) -> None:
        (folder / "history.json").write_text(as_text(epochs), encoding="utf-8")

    def tell(progress: Progress) -> None:
        if progress.message:
            say(f"{folder.name}: {progress.message}")

    folder.mkdir(parents=True, exist_ok=True)
    strangers = crops[protocol.rows(parts.NEGATIVE)]
    given = (*labelled(parts.TRAIN), names, settings, folder, labelled(parts.VALID))
    return train(*given, tell, device, strangers, record)


def chosen_directions(identifier: Identifier, protocol: Protocol, crops: np.ndarray) -> Identifier:
    """Ours with the directions that the validation photos of trained individuals choose."""
    names = protocol.names(parts.TRAIN)
    both = []
    for part in (parts.TRAIN, parts.VALID):
        rows = protocol.rows(part)
        both += [crops[rows], protocol.columns(rows, names)]
    return better_directed(identifier, *both)


def logits_of(identifier: Identifier, looks: np.ndarray) -> np.ndarray:
    """Raw scores of photos whose embeddings are known."""
    with torch.no_grad():
        embeddings = torch.from_numpy(looks).to(identifier.device)
        return identifier.network.logits(embeddings).cpu().numpy()


def lists_of(
    rule: str, protocol: Protocol, identifier: Identifier, logits: np.ndarray, looks: np.ndarray
) -> Lists:
    """What a network says of the photos asked, from logits and embeddings of all photos.

    Ours names trained individuals by its head and others by rows made for them; ArcFace names all
    by their nearest photo. The softmax classifier has no row for an individual that it was not
    trained on: in the unseen population all are named by the nearest photo in its last features.
    """
    closed, queries = protocol.rows(*parts.CLOSED), protocol.rows(parts.UNSEEN_QUERY)
    if rule == OURS:
        further = embeddings_of(protocol, parts.UNSEEN_GALLERY, looks)
        strangers = embeddings_of(protocol, parts.TRAIN, looks)
        longer = with_gallery(identifier, gallery_rows(identifier, further, strangers))
        unseen = longer.network.logits(torch.from_numpy(looks[queries]).to(identifier.device))
        return Lists(logits[closed], unseen.cpu().numpy())
    asked, gallery = protocol.rows(*parts.ASKED), protocol.rows(*parts.GALLERY)
    nearest = per_individual(protocol, identifier.network.scale * looks[asked] @ looks[gallery].T)
    return nearest if rule == ARCFACE else Lists(logits[closed], nearest.unseen)


def likeness_of(
    protocol: Protocol, asked: Sequence[Keypoints], gallery: Sequence[Keypoints]
) -> Lists:
    """How much the marks of the photos asked have in common with those of each individual.

    Parameters
    ----------
    asked, gallery : sequence of Keypoints
        In the order of ``protocol.rows(*ASKED)`` and ``protocol.rows(*GALLERY)``.
    """
    vocabulary = shipped_vocabulary()
    words = {str(at): in_words(one, vocabulary) for at, one in enumerate(gallery)}
    index = MarkIndex(words)
    rows = protocol.rows(*parts.GALLERY)
    columns = {
        False: protocol.columns(rows, protocol.names(parts.TRAIN)),
        True: protocol.columns(
            rows, protocol.names(parts.TRAIN) + protocol.names(parts.UNSEEN_GALLERY)
        ),
    }
    found = {False: [], True: []}
    for row, one in zip(protocol.rows(*parts.ASKED), asked, strict=True):
        unseen = protocol.part[row] == parts.UNSEEN_QUERY
        query, whose = in_words(one, vocabulary, NEAREST), columns[unseen]
        answers = index.ask(query)
        named = whose[answers.photos] >= 0
        counted = answers.marks[named], whose[answers.photos[named]], answers.weights[named]
        found[unseen].append(likeness(*counted, (len(query.words), whose.max() + 1)))
    return Lists(np.stack(found[False]), np.stack(found[True]))


def shortlisted(logits: Lists, alike: Lists, settings: MarkSettings) -> Looked:
    """Whose marks an identifier looks at; see `MarkSettings.shortlisted`."""

    def chosen(values: np.ndarray, likeness: np.ndarray) -> np.ndarray:
        found = np.zeros(values.shape, bool)
        for row, one in enumerate(zip(values, likeness, strict=True)):
            found[row, settings.shortlisted(*one)] = True
        return found

    trained = logits.trained
    return Looked(
        chosen(logits.closed, alike.closed),
        chosen(logits.unseen, alike.unseen),
        chosen(logits.unseen[:, trained:], alike.unseen[:, trained:]),
    )


def embeddings_of(protocol: Protocol, part: str, looks: np.ndarray) -> EmbeddingSet:
    rows = protocol.rows(part)
    images = tuple(protocol.images[row] for row in rows)
    return EmbeddingSet(images, tuple(protocol.individuals[row] for row in rows), looks[rows])


@dataclass(frozen=True)
class SiftSettings:
    """How the matcher looks for marks and compares them.

    Attributes
    ----------
    count : int
        Most keypoints of a crop.
    contrast : float
        Least contrast of a keypoint, as OpenCV has it.
    ratio : float
        The nearest descriptor must be nearer than this share of the second nearest.
    tolerance : float
        Pixels by which matched marks may miss each other under the affine map. Together with the
        contrast the best of 4, 8 and 16 on validation photos of real flukes.
    """

    count: int = 400
    contrast: float = 0.04
    ratio: float = 0.8
    tolerance: float = 4.0


@dataclass(frozen=True, eq=False)
class SiftMarks:
    """Keypoints of a crop.

    Attributes
    ----------
    places : ndarray of shape (n, 2), float32
        x and y in pixels of the crop.
    descriptors : ndarray of shape (n, 128), float32
        Of length 1.
    """

    places: np.ndarray
    descriptors: np.ndarray


class SiftMatcher:
    """Training-free: OpenCV's SIFT, ratio test, affine map by RANSAC, count of the inliers.

    One photo against one photo, in the manner of HotSpotter (Crall et al. 2013, one-vs-one).
    Needs ``opencv-python-headless``.
    """

    def __init__(self, settings: SiftSettings | None = None) -> None:
        import cv2

        cv2.setNumThreads(1)
        self.settings = settings or SiftSettings()
        self._cv2 = cv2
        self._sift = cv2.SIFT_create(
            nfeatures=self.settings.count, contrastThreshold=self.settings.contrast
        )

    def find(self, crop: np.ndarray) -> SiftMarks:
        """Keypoints of a crop, uint8 (height, width, 3)."""
        grey = self._cv2.cvtColor(crop, self._cv2.COLOR_RGB2GRAY)
        found, descriptors = self._sift.detectAndCompute(grey, None)
        if descriptors is None:
            return SiftMarks(np.empty((0, 2), np.float32), np.empty((0, 128), np.float32))
        places = np.array([one.pt for one in found], np.float32)
        descriptors /= np.maximum(np.linalg.norm(descriptors, axis=1, keepdims=True), 1e-12)
        # Two directions of one point can make it one more than asked for.
        return SiftMarks(places[: self.settings.count], descriptors[: self.settings.count])

    def shared(self, query: SiftMarks, other: SiftMarks) -> int:
        """How many marks lie alike; 0 where fewer than 4, which any affine map nearly explains."""
        rows, columns = self._alike(query.descriptors, other.descriptors)
        if len(rows) < FEWEST:
            return 0
        # One seed: the same pair always shares the same marks.
        self._cv2.setRNGSeed(0)
        _, inside = self._cv2.estimateAffine2D(
            query.places[rows],
            other.places[columns],
            method=self._cv2.RANSAC,
            ransacReprojThreshold=self.settings.tolerance,
        )
        shared = 0 if inside is None else int(inside.sum())
        return shared if shared >= FEWEST else 0

    def _alike(self, query: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs that pass the ratio test (Lowe 2004)."""
        if len(query) < 2 or len(other) < 2:
            return np.empty(0, int), np.empty(0, int)
        likeness = query @ other.T
        rows = np.arange(len(query))
        nearest = likeness.argmax(axis=1)
        first = likeness[rows, nearest]
        likeness[rows, nearest] = -1
        second = likeness.max(axis=1)
        # Of descriptors of length 1 the squared distance is 2 - 2 * likeness.
        kept = np.flatnonzero(1 - first < self.settings.ratio**2 * (1 - second))
        return kept, nearest[kept]


FEWEST = 4
"""Three pairs fix an affine map; a fourth is the first that says anything."""


def kept_marks(
    folder: Path,
    kind: type[Marks],
    photos: Sequence[Callable[[], Marks]],
    say: Callable[[str], None],
) -> list[Marks]:
    """Marks of photos, read from a folder as far as they are there.

    Parameters
    ----------
    kind : type
        A dataclass of arrays.
    photos : sequence of callable
        Each finds the marks of one photo; always the same photos in the same order.
    say : callable
        Told how far it has come.
    """
    names = [field.name for field in fields(kind)]
    folder.mkdir(parents=True, exist_ok=True)
    marks = []
    for start in range(0, len(photos), PHOTOS_A_FILE):
        file, some = folder / f"{start:05d}.npz", photos[start : start + PHOTOS_A_FILE]
        if not file.is_file():
            found = enumerate(find() for find in some)
            arrays = {f"{name}/{at}": getattr(one, name) for at, one in found for name in names}
            write_atomically(file, lambda temporary, arrays=arrays: np.savez(temporary, **arrays))
            say(f"{folder.name}: {start + len(some)} of {len(photos)} photos")
        with np.load(file) as kept:
            marks += [kind(*(kept[f"{name}/{at}"] for name in names)) for at in range(len(some))]
    return marks


def kept_pairs(
    file: Path,
    wanted: np.ndarray,
    shared: Callable[[int, int], float],
    say: Callable[[str], None],
    kind: type = np.int16,
) -> np.ndarray:
    """What marks pairs of photos share, read from a file as far as it is there.

    Parameters
    ----------
    wanted : ndarray of shape (photos asked, gallery photos), bool
    shared : callable
        How many marks, or how strong ones, a photo asked and one of the gallery share, by their
        positions.
    kind : type
        Of the numbers.

    Returns
    -------
    ndarray of shape (photos asked, gallery photos)
        -1 where nobody ever looked.
    """
    pairs = np.load(file) if file.is_file() else np.full(wanted.shape, -1, kind)
    missing = np.argwhere(wanted & (pairs < 0))
    saved = time.monotonic()
    for done, (query, other) in enumerate(missing, start=1):
        pairs[query, other] = shared(query, other)
        if done == len(missing) or time.monotonic() > saved + SAVED_EVERY:
            write_atomically(file, lambda temporary: np.save(temporary, pairs))
            say(f"{file.stem}: {done} of {len(missing)} pairs")
            saved = time.monotonic()
    return pairs
