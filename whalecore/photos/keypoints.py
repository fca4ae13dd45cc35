"""Find the marks of a fluke: keypoints and what each looks like (SIFT)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whalecore.errors import SettingsError
from whalecore.photos.crop import cut
from whalecore.photos.keypoint_matches import Keypoints
from whalecore.types import Box, Photo

if TYPE_CHECKING:
    from kornia.feature import SIFTFeatureScaleSpace

MOST, LARGEST = 10_000, 2048
"""Marks of a crop, and its pixels across and down."""

GREY = (0.299, 0.587, 0.114)
"""Share of red, green and blue in the brightness (ITU-R BT.601)."""


@dataclass(frozen=True)
class KeypointSettings:
    """Which marks are looked for.

    Attributes
    ----------
    count : int
        Most keypoints of a crop, the most pronounced first.
    height, width : int
        Pixels of the crop that is looked at.
    """

    count: int = 400
    height: int = 256
    width: int = 512

    def __post_init__(self) -> None:
        for name, least, most in (
            ("count", 1, MOST),
            ("height", 32, LARGEST),
            ("width", 32, LARGEST),
        ):
            if not least <= getattr(self, name) <= most:
                raise SettingsError(
                    f"The setting {name} is {getattr(self, name)}, but must be {least} to {most}."
                )

    @property
    def key(self) -> str:
        """The settings as text, for example ``sift,count=400,size=256x512``."""
        return f"sift,count={self.count},size={self.height}x{self.width}"


class KeypointFinder:
    """Finds keypoints, one crop at a time.

    Scale-invariant features (Lowe 2004) with the square roots of their histograms (Arandjelovic
    and Zisserman 2012), without directions of their own: flukes are photographed upright, and
    marks then differ by where they point.

    Parameters
    ----------
    settings : KeypointSettings, optional
    device : str
        As torch names it.
    """

    def __init__(self, settings: KeypointSettings | None = None, device: str = "cpu") -> None:
        self.settings = settings or KeypointSettings()
        self.device = device
        self._feature = _feature(self.settings.count, device)

    def find_on(self, photo: Photo, box: Box) -> Keypoints:
        """Keypoints of the fluke in a box of a photo, on a crop cut with the usual margin."""
        return self.find(cut(photo, box, self.settings.height, self.settings.width))

    def find(self, crop: np.ndarray) -> Keypoints:
        """Keypoints of a crop.

        Parameters
        ----------
        crop : ndarray of shape (height, width, 3), uint8
            Of the settings' size.

        Returns
        -------
        Keypoints
            Up to ``count``; none on a crop of one colour.

        Raises
        ------
        SettingsError
            When the crop is of another size or kind.
        """
        import torch
        from kornia.feature import get_laf_center, get_laf_scale

        wanted = (self.settings.height, self.settings.width, 3)
        if crop.shape != wanted or crop.dtype != np.uint8:
            raise SettingsError(
                f"The crop is {crop.dtype} of shape {crop.shape}, but marks are looked for on "
                f"uint8 of shape {wanted}: cut it with the settings' size."
            )
        grey = (crop.astype(np.float32) / 255) @ np.asarray(GREY, np.float32)
        with torch.inference_mode():
            image = torch.from_numpy(grey)[None, None].to(self.device)
            frames, responses, descriptors = self._feature(image)
            place, size = get_laf_center(frames)[0], get_laf_scale(frames)[0].reshape(-1, 1)
            found = (responses[0] > 0) & (descriptors[0].norm(dim=1) > 0)
            frames = torch.cat([place, size], dim=1)[found]
        return Keypoints(
            frames.cpu().numpy().astype(np.float32),
            descriptors[0][found].cpu().numpy().astype(np.float32),
        )


def _feature(count: int, device: str) -> SIFTFeatureScaleSpace:
    # Slow to import, and only needed where marks are looked for.
    from kornia.feature import SIFTFeatureScaleSpace

    return SIFTFeatureScaleSpace(count, upright=True, rootsift=True).to(device).eval()
