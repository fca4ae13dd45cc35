"""The main job: from a folder of photos to a lab that works, in order and resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from whalecore.errors import SettingsError, TooFewError
from whalecore.lab.lab import Lab
from whalecore.types import Computing, HeatmapSettings, Progress
from whalecore.workflow.calibrate import calibrate_lab
from whalecore.workflow.cluster import MAPS, cluster_heatmaps
from whalecore.workflow.clustered import describe_clustering, spoken_clustering
from whalecore.workflow.crops import crop_photos, train_lab_detector
from whalecore.workflow.evidence import gather_evidence
from whalecore.workflow.explain import explain_photos
from whalecore.workflow.faithfulness import check_heatmaps
from whalecore.workflow.import_photos import import_photos
from whalecore.workflow.marks import find_marks
from whalecore.workflow.presets import Preset
from whalecore.workflow.progress import Report, silent, within
from whalecore.workflow.score import score_photos
from whalecore.workflow.train import train_identifier


def train_lab(lab: Lab, preset: Preset, report: Report = silent) -> list[str]:
    """Detector, crops, marks and one identifier per fold the preset asks for; their identities."""
    if preset.folds > lab.info.folds:
        raise SettingsError(
            f"The photos of this lab are dealt into {lab.info.folds} folds, so that {preset.folds} "
            f"models cannot each leave one out: choose --folds 1 to {lab.info.folds}."
        )
    train_lab_detector(lab, preset, report)
    crop_photos(lab, preset.training.height, preset.training.width, report)
    if preset.marks is not None:
        find_marks(lab, preset.marks.keypoints, report)
    return [train_identifier(lab, preset, fold, report) for fold in range(preset.folds)]


def run_all(
    lab: Lab,
    source: Path,
    preset: Preset,
    columns: Mapping[str, str] | None = None,
    report: Report = silent,
    computing: Computing | None = None,
) -> dict:
    """Do every step; given again after an interruption, only what is missing.

    Parameters
    ----------
    computing : Computing, optional
        By what means heatmaps are computed.

    Returns
    -------
    dict
        Seconds per step, what each step has to say, and the lab's status.
    """
    if lab.info.preset != preset.name:
        lab.update_info(preset=preset.name)
    parts = _parts(lab, source, preset, columns, computing)
    steps: dict[str, dict] = {}
    for name, work in parts.items():
        started = time.monotonic()
        outcome = work(within(list(parts), name, report))
        steps[name] = {"seconds": round(time.monotonic() - started, 1), "result": outcome}
    lab.compact()
    return {"steps": steps, "status": lab.status()}


def _parts(
    lab: Lab,
    source: Path,
    preset: Preset,
    columns: Mapping[str, str] | None,
    computing: Computing | None,
) -> dict[str, Callable[[Report], object]]:
    """What `run_all` does, in order; each part takes the report of its progress."""
    size = (preset.training.height, preset.training.width)

    def imported(report: Report) -> dict:
        found = import_photos(lab, source, columns, report)
        return {"rows": found.rows, "new": found.new, "problems": found.counts()}

    def marked(report: Report) -> int:
        return find_marks(lab, preset.marks.keypoints, report) if preset.marks else 0

    def explained(
        settings: Sequence[HeatmapSettings], minutes: float | None, report: Report
    ) -> int:
        found = explain_photos(
            lab, settings, preset.limit, minutes, report=report, computing=computing
        )
        return found.photos

    def clustered(report: Report) -> list[str]:
        return [
            _unless_too_few(partial(_cluster, lab, maps, preset.clusters), report) for maps in MAPS
        ]

    return {
        "import": imported,
        "detector": partial(train_lab_detector, lab, preset),
        "crop": partial(crop_photos, lab, *size),
        "marks": marked,
        "train": partial(train_lab, lab, preset),
        "score": partial(score_photos, lab),
        "explain: Grad-CAM": partial(_unless_too_few, partial(explained, preset.gradcam, None)),
        "explain: occlusion": partial(
            _unless_too_few, partial(explained, [preset.occlusion], preset.minutes)
        ),
        "cluster": clustered,
        "evidence": partial(gather_evidence, lab, computing=computing),
        "calibrate": partial(_unless_too_few, partial(calibrate_lab, lab)),
        "check heatmaps": partial(_unless_too_few, partial(check_heatmaps, lab)),
    }


def _unless_too_few(work: Callable[[Report], object], report: Report) -> object:
    """A lab too small for a step works without it, and is told why."""
    try:
        return work(report)
    except TooFewError as error:
        report(Progress("note", 1, 1, 0.0, str(error)))
        return str(error)


def _cluster(lab: Lab, maps: str, clusters: int | None, report: Report) -> str:
    found = cluster_heatmaps(lab, maps, clusters, report=report)
    about = describe_clustering(lab, found.clustering_id)
    # The next step calibrates, so that this is not worth a remark here.
    for remark in (found.note, *spoken_clustering({**about, "calibrated": True})):
        if remark:
            report(Progress("note", 1, 1, 0.0, remark))
    return found.clustering_id
