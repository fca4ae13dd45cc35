"""Helps biologists trust identifications of humpback whales from fluke photos."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "open_lab": "whalecore.lab",
    "load_photo": "whalecore.photos.decode",
    "occlusion_maps": "whalecore.explain.occlusion",
    "grad_cam": "whalecore.explain.gradcam",
    "spectral_clustering": "whalecore.clusters.spectral",
}
# Imported on first use: torch alone takes seconds, and many commands never need it.

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'whalecore' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
