"""Where the fluke is: the box the lab remembers, else the lab's detector, else the shipped one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from whalecore.types import Crop, Photo


class Locator:
    """Callable ``Photo -> Crop``; the detector is loaded when first needed.

    Parameters
    ----------
    remembered : callable
        ``photo_id -> Crop or None``.
    detector_path : Path
        The lab's own detector; when there is none, the shipped one is used.
    """

    def __init__(self, remembered: Callable[[str], Crop | None], detector_path: Path) -> None:
        self._remembered = remembered
        self._path = detector_path
        self._lock = threading.Lock()
        self._detector: Any = None

    def __call__(self, photo: Photo) -> Crop:
        known = self._remembered(photo.photo_id)
        return known if known is not None else self.detector().locate([photo])[0]

    def detector(self) -> Any:
        """The lab's detector, else the one trained on drawn flukes that ships with whalecore."""
        from whalecore.photos import detector

        with self._lock:
            if self._detector is None:
                shipped = Path(detector.__file__).parent / "fluke_detector.safetensors"
                path = self._path if self._path.is_file() else shipped
                self._detector = detector.load_detector(path)
            return self._detector
