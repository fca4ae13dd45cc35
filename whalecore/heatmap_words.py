"""What heatmaps are called on the pages: their settings, and whether they count."""

from __future__ import annotations

from whalecore.types import FAST, OcclusionSettings

UNITS = {"probability": "score", "logit": "logit"}
"""What an occlusion map's values are changes of, by the settings' target."""

UNCOUNTED = {
    "learned": "The model learned from this photo: the score says nothing about how well it "
    "identifies, and the heatmap shows what the model learned to look at.",
    "beyond": "Asked for by name: the individual is not among the photo's first five candidates.",
    "unscored": "Asked for by name: the model has not scored this photo yet.",
}
"""Why a heatmap counts in nothing, as of `whalecore.lab.named.uncounted`, in a sentence."""


def size_words(patch: int, stride: int) -> str:
    """Patch and stride with their unit."""
    return f"patch {patch}, stride {stride} pixels"


def occlusion_words(settings: OcclusionSettings) -> str:
    """Patch, stride and what is measured, and how exactly where that is not fully."""
    fast = "" if settings.exact else f", fast (r = {settings.accuracy:g})"
    size = size_words(settings.patch, settings.stride)
    return f"{size}, in {UNITS[settings.target]}{fast}"


def nothing_saved(stride: int) -> str:
    """Why fast maps of a stride are not offered."""
    return (
        f"At stride {stride} a fast map would compute every place too: "
        f"only at strides of at most {FAST[-1][0]} pixels can places be left out."
    )
