"""The words of each command that can be a job, from choices that are checked here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from whalecore.errors import SettingsError
from whalecore.types import GradCamSettings, HeatmapSettings

PRESETS = ("laptop", "paper", "demo")
MAPS = ("both", "correct", "top5")
METHODS = ("osm", "gradcam")
SIGMAS = ("auto", "paper")
MOST_CLUSTERS = 500

Command = tuple[str, ...]


def import_command(source: Path, columns: Mapping[str, str] | None = None) -> Command:
    """Read a collection into the lab."""
    return ("import", _place(source), *_columns(columns))


def run_command(source: Path, preset: str, columns: Mapping[str, str] | None = None) -> Command:
    """Everything in order."""
    return ("run", _place(source), "--preset", _one_of(preset, PRESETS), *_columns(columns))


def train_command(preset: str, folds: int = 1) -> Command:
    """Find the flukes and train `folds` models."""
    return ("train", "--preset", _one_of(preset, PRESETS), "--folds", _whole(folds, 1, 20))


def score_command() -> Command:
    """Five candidates for every photo."""
    return ("score",)


def explain_command(settings: HeatmapSettings, limit: int | None = None) -> Command:
    """Heatmaps of all scored photos, or of a random sample of `limit`."""
    sample = () if limit is None else ("--limit", _whole(limit, 1, 10_000_000))
    if isinstance(settings, GradCamSettings):
        return ("explain", "--method", "gradcam", "--layer", settings.layer, *sample)
    own = ("--patch", str(settings.patch), "--stride", str(settings.stride))
    fast = () if settings.exact else ("--accuracy", f"{settings.accuracy:g}")
    return ("explain", "--method", "osm", *own, *fast, "--target", settings.target, *sample)


def cluster_command(
    clusters: int | None = None,
    maps: str = "both",
    method: str = "osm",
    sigma: str = "auto",
    aligned: bool = False,
    anew: bool = False,
) -> Command:
    """Group the heatmaps into so many clusters, or as many as their likeness suggests."""
    number = "auto" if clusters is None else _whole(clusters, 2, MOST_CLUSTERS)
    return (
        "cluster",
        *("--clusters", number, "--maps", _one_of(maps, MAPS)),
        *(("--method", _one_of(method, METHODS)) if method != METHODS[0] else ()),
        *(("--sigma", _one_of(sigma, SIGMAS)) if sigma != SIGMAS[0] else ()),
        *(("--align-mirrored",) if aligned else ()),
        *(("--anew",) if anew else ()),
    )


def calibrate_command() -> Command:
    """Rules of the verdict, chosen and judged."""
    return ("calibrate",)


def _place(source: Path) -> str:
    """In full, so that it can be taken neither for an option nor for a place elsewhere."""
    return str(Path(source).resolve())


def _columns(columns: Mapping[str, str] | None) -> Command:
    pairs = (columns or {}).items()
    return tuple(word for ours, theirs in pairs for word in ("--column", f"{ours}={theirs}"))


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise SettingsError(f"'{value[:40]}' is unknown here: choose one of {', '.join(allowed)}.")
    return value


def _whole(value: int, least: int, most: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SettingsError(f"{value} is not possible: choose a whole number {least} to {most}.")
    return str(value)
