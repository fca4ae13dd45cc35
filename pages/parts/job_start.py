"""Starting jobs: all that is missing, or one step with its choices."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.csv_columns import pick_columns
from pages.parts.guard import guarded, plain
from pages.parts.job_words import DOES
from pages.parts.state import change
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.types import LAYERS, GradCamSettings, OcclusionSettings
from whalecore.workflow.collection import check_collection
from whalecore.workflow.jobs import commands, start_job

STEPS = ("import", "train", "score", "explain", "cluster", "calibrate")
START = ":material/play_arrow:"
METHODS = {"osm": "Occlusion maps", "gradcam": "Grad-CAM"}
SIGMAS = {"auto": "found from the heatmaps", "paper": "as in the paper"}


def offer_all(lab, busy: bool) -> None:
    """The button that computes all that is missing."""
    source = lab.info.source
    if source is None or not Path(source).exists():
        return
    command = commands.run_command(Path(source), lab.info.preset, lab.info.columns)
    _start_button(lab, "Compute all of it", command, busy, kind="primary")


def offer_step(lab, busy: bool, first: str) -> None:
    """One step by choice, with the few settings it has."""
    step = st.selectbox("Step", STEPS, STEPS.index(first), format_func=DOES.get, key="job_step")
    try:
        command = _CHOICES[step](lab)
    except WhalecoreError as error:
        st.warning(plain(str(error)), icon=":material/info:")
        return
    if command is not None:
        _start_button(lab, "Start", command, busy)


def start(lab, command: commands.Command) -> None:
    """Start a job, and draw the page anew with it."""
    with guarded("start the job"):
        change(job=start_job(lab, command).job_id)
        st.rerun()


def _start_button(lab, label: str, command, busy: bool, kind: str = "secondary") -> None:
    why = "A job is running: wait until it has finished, or cancel it." if busy else None
    key = f"start_{command[0]}_{kind}"
    if st.button(label, key=key, icon=START, type=kind, disabled=busy, help=why):
        start(lab, command)


def _import(lab):
    own = lab.info.source or ""
    if lab.info.drawings:
        st.caption("This lab holds drawings; photographs get a lab of their own (below).")
        return commands.import_command(Path(own), lab.info.columns) if own else None
    typed = st.text_input(
        "Folder of photos, or CSV file",
        own,
        key="job_source",
        help=explain("folder of photos"),
    )
    if own and typed.strip() == own and Path(own).exists():
        st.caption("The collection of this lab: only photos that are new are read.")
        return commands.import_command(Path(own), lab.info.columns)
    if not typed.strip():
        return None
    columns = pick_columns(typed, "job")
    if columns is None:
        return None
    found = check_collection(typed, columns)
    st.caption(f"Photos: {found.photos:,}. Named individuals: {found.individuals:,}.")
    return commands.import_command(found.path, columns)


def _train(lab):
    left, right = st.columns(2)
    presets = commands.PRESETS if lab.info.drawings else ("laptop", "paper")
    usual = presets.index(lab.info.preset) if lab.info.preset in presets else 0
    preset = left.selectbox("Preset", presets, usual, key="job_preset", help=explain("preset"))
    folds = right.number_input(
        "Models",
        1,
        lab.info.folds,
        key="job_folds",
        help=explain("models to train"),
    )
    return commands.train_command(preset, int(folds))


def _score(lab):
    return commands.score_command()


def _explain(lab):
    method = st.radio(
        "Heatmap",
        list(METHODS),
        format_func=METHODS.get,
        horizontal=True,
        key="job_method",
        help=explain("heatmap"),
    )
    left, middle, right = st.columns(3)
    limit = right.number_input(
        "Photos at most (0: all)",
        0,
        1_000_000,
        0,
        step=100,
        key="job_limit",
        help=explain("sample of photos"),
    )
    if method == "gradcam":
        layer = left.selectbox("Layer", LAYERS, len(LAYERS) - 1, key="job_layer")
        settings = GradCamSettings(layer)
    else:
        usual = lab.usual_occlusion()
        patch = left.number_input(
            "Patch (pixels)", 1, 256, usual.patch, key="job_patch", help=explain("patch")
        )
        stride = middle.number_input(
            "Stride (pixels)", 1, 256, usual.stride, key="job_stride", help=explain("stride")
        )
        settings = OcclusionSettings(patch=int(patch), stride=int(stride))
    return commands.explain_command(settings, int(limit) or None)


def _cluster(lab):
    left, right = st.columns(2)
    method = left.radio(
        "Heatmaps",
        list(METHODS),
        format_func=METHODS.get,
        horizontal=True,
        key="job_cluster_method",
        help=explain("heatmap"),
    )
    number = right.number_input(
        "Clusters (1: as many as the heatmaps suggest)",
        1,
        commands.MOST_CLUSTERS,
        30,
        key="job_clusters",
        help=explain("cluster"),
    )
    with st.expander("More choices", icon=":material/tune:"):
        aligned = st.checkbox(
            "Left and right tip count as one", key="job_aligned", help=explain("aligned flukes")
        )
        anew = st.checkbox(
            "Forget the clusters there are", key="job_anew", help=explain("clusters anew")
        )
        sigma = st.radio(
            "How alike heatmaps of a cluster must be",
            list(SIGMAS),
            format_func=SIGMAS.get,
            horizontal=True,
            key="job_sigma",
            help=explain("choice of sigma"),
        )
    wanted = None if number == 1 else int(number)
    return commands.cluster_command(wanted, method=method, sigma=sigma, aligned=aligned, anew=anew)


def _calibrate(lab):
    return commands.calibrate_command()


_CHOICES = {
    "import": _import,
    "train": _train,
    "score": _score,
    "explain": _explain,
    "cluster": _cluster,
    "calibrate": _calibrate,
}
