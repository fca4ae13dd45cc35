"""Training an identifier, an epoch at a time, so that it can go on after an interruption."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from whalecore.errors import SettingsError
from whalecore.identifiers.course import Course
from whalecore.identifiers.history import Epoch
from whalecore.identifiers.identifier import Identifier
from whalecore.identifiers.network import check_shape, choose_device
from whalecore.identifiers.resume import read_state, write_state
from whalecore.identifiers.settings import TrainingSettings
from whalecore.types import Progress


def train(
    crops: np.ndarray,
    labels: np.ndarray,
    individuals: Sequence[str],
    settings: TrainingSettings,
    checkpoint_folder: Path | str,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    device: str = "auto",
    new_whales: np.ndarray | None = None,
    record: Callable[[tuple[Epoch, ...]], None] = lambda _: None,
) -> Identifier:
    """Train an identifier; the same call goes on where an interrupted one stopped.

    What comes out is the same with and without interruption, to the last bit on a processor; a GPU
    may add numbers in another order each time.

    Parameters
    ----------
    crops : ndarray of shape (N, height, width, 3), uint8
        Photos of known individuals, cut out with ``settings.crop_margin``.
    labels : ndarray of shape (N,), int
        Positions in ``individuals``.
    individuals : sequence of str
        Each with at least one photo.
    checkpoint_folder : Path
        Keeps ``training.safetensors``, the state after the last finished epoch.
    validation : (crops, labels), optional
        Photos to watch while training, with labels of the same kind; they never change the
        result.
    progress : callable
        Told after every batch.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    new_whales : ndarray of shape (M, height, width, 3), uint8, optional
        Photos of animals that are none of the individuals, cut out in the same way; used where
        ``settings.new_whale_share`` is above 0.
    record : callable
        Told all epochs so far, those before an interruption as well: after every epoch, and at
        once where an earlier call has come somewhere.

    Returns
    -------
    Identifier
        With temperature 1. ``metrics`` holds ``loss`` of the last epoch, and ``validation_top1``,
        ``validation_map5`` and ``validation_photos`` where such photos were given.

    Raises
    ------
    SettingsError
        When crops, labels and individuals do not fit each other or the settings, or when weights
        grow beyond all numbers.
    CheckpointError
        When weights learnt elsewhere cannot be had, or the state cannot be written.
    """
    crops, labels = _checked(crops, labels, individuals, settings)
    new_whales = _checked_new_whales(new_whales, settings)
    place = choose_device(device)
    state_file = Path(checkpoint_folder) / "training.safetensors"
    key = _key(crops, labels, individuals, settings, new_whales)
    course = Course(crops, labels, len(individuals), settings, place, new_whales)
    state = read_state(state_file, key)
    if state is not None:
        course.restore(state)
        record(course.history)
    clock = _Clock(course, progress)
    while course.epoch < course.epochs:
        message = course.run_epoch(clock.worked)
        if not course.finite(crops[:1]):
            raise SettingsError(
                f"The training came apart in epoch {course.epoch} of {course.epochs}: its weights, "
                f"loss or embeddings are no numbers any more; choose a learning rate below "
                f"{settings.learning_rate:g}."
            )
        if validation is not None and course.epoch > settings.low_resolution_epochs:
            message += f", {course.watch(*validation)}"
        write_state(state_file, key, course.state())
        record(course.history)
        clock.tell(message)
    return course.identifier(individuals)


class _Clock:
    """Turns work done into progress with the time left."""

    def __init__(self, course: Course, progress: Callable[[Progress], None]) -> None:
        self.progress = progress
        self.total = course.cost_before(course.epochs)
        self.start = self.done = course.cost_before(course.epoch)
        self.began = time.monotonic()

    def worked(self, done: int) -> None:
        self.done = done
        self.tell("")

    def tell(self, message: str) -> None:
        left = None
        if self.done > self.start:
            pace = (time.monotonic() - self.began) / (self.done - self.start)
            left = pace * (self.total - self.done)
        self.progress(Progress("train", self.done, self.total, left, message))


def _checked(
    crops: np.ndarray, labels: np.ndarray, individuals: Sequence[str], settings: TrainingSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Crops and labels of the right kinds, or one sentence that says what does not fit."""
    check_shape(settings.architecture, len(individuals), settings.network_width)
    labels = np.asarray(labels, dtype=np.int64)
    shape = (len(labels), settings.height, settings.width, 3)
    if crops.shape != shape or crops.dtype != np.uint8:
        raise SettingsError(
            f"The crops are {crops.dtype} of shape {crops.shape}, but {len(labels)} labels and "
            f"these settings ask for uint8 of shape {shape}: cut them with the settings' size."
        )
    if not np.array_equal(np.unique(labels), np.arange(len(individuals))):
        raise SettingsError(
            f"The labels must be 0 to {len(individuals) - 1} with at least one photo each, one "
            "number per individual: leave out individuals without photos."
        )
    return crops, labels


def _checked_new_whales(
    new_whales: np.ndarray | None, settings: TrainingSettings
) -> np.ndarray | None:
    """Crops of unknown animals of the right kind, or nothing where there are none to use."""
    if new_whales is None or not len(new_whales) or not settings.new_whale_share:
        return None
    shape = (len(new_whales), settings.height, settings.width, 3)
    if new_whales.shape != shape or new_whales.dtype != np.uint8:
        raise SettingsError(
            f"The crops of new whales are {new_whales.dtype} of shape {new_whales.shape}, but "
            f"these settings ask for uint8 of shape {shape}: cut them with the settings' size."
        )
    return new_whales


def _key(
    crops: np.ndarray,
    labels: np.ndarray,
    individuals: Sequence[str],
    settings: TrainingSettings,
    new_whales: np.ndarray | None,
) -> str:
    """SHA-256 of all that a training depends on: a state is only continued under the same."""
    digest = hashlib.sha256(settings.key.encode())
    digest.update("\n".join(individuals).encode())
    digest.update(labels.tobytes())
    for photos in (crops, () if new_whales is None else new_whales):
        for start in range(0, len(photos), 256):
            digest.update(np.ascontiguousarray(photos[start : start + 256]))
    return digest.hexdigest()
