"""Keypoints in a quarter of their bytes, as they are kept."""

from __future__ import annotations

import numpy as np

from whalecore.errors import SettingsError
from whalecore.photos.keypoint_matches import Keypoints

LENGTH = 512.0
"""Of a packed descriptor; as in SIFT, so that no value of a usual one exceeds a byte."""

DIMENSIONS = 128
"""Numbers of a SIFT descriptor, and bytes of a packed one."""

FRAME_BYTES = 6
"""Of a packed frame."""


def packed(keypoints: Keypoints) -> tuple[bytes, bytes]:
    """Frames in half precision and descriptors as bytes, row by row.

    Places are kept to a quarter of a pixel or better, likeness to about 0.005.
    """
    descriptors = np.rint(keypoints.descriptors * LENGTH).clip(0, 255).astype(np.uint8)
    return keypoints.frames.astype("<f2").tobytes(), descriptors.tobytes()


def unpacked(frames: bytes, descriptors: bytes) -> Keypoints:
    """The keypoints that `packed` was given, but for rounding; descriptors have length 1 again.

    Raises
    ------
    SettingsError
        When the two do not belong together, or hold what are no numbers.
    """
    where = unpacked_frames(frames)
    try:
        looks = np.frombuffer(descriptors, np.uint8).reshape(len(where), DIMENSIONS)
    except ValueError as error:
        raise SettingsError(
            f"{len(descriptors)} bytes are no descriptors of {len(where)} keypoints: find them "
            "again."
        ) from error
    values = looks.astype(np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return Keypoints(where, values / np.maximum(lengths, 1e-6))


def unpacked_frames(frames: bytes) -> np.ndarray:
    """x, y and size of each keypoint, float32 (keypoints, 3).

    Raises
    ------
    SettingsError
        When they are no frames.
    """
    try:
        where = np.frombuffer(frames, "<f2").reshape(-1, 3).astype(np.float32)
    except ValueError as error:
        raise SettingsError(
            f"{len(frames)} bytes are no frames of keypoints: find them again."
        ) from error
    if not np.isfinite(where).all():
        raise SettingsError("Frames of keypoints hold what are no numbers: find them again.")
    return where


def kept(keypoints: Keypoints) -> Keypoints:
    """The keypoints as a reader of the kept ones gets them."""
    return unpacked(*packed(keypoints))
