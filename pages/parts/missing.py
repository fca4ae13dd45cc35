"""What is left to compute in a lab, and what starts it."""

from __future__ import annotations

import shlex

import streamlit as st

from pages.parts.job_start import STEPS as JOBS
from pages.parts.job_start import offer_all, offer_step
from pages.parts.job_words import DOES
from pages.parts.new_lab import is_shipped, offer_copy
from whalecore.status_words import missing_words
from whalecore.terminal import lab_option


def show_missing(lab, status: dict, busy: bool) -> None:
    """Each kind of work that is left, and what starts it: a button or a command."""
    st.header("What is missing")
    left = missing_words(status, bold=True)
    if not status["photos"]:
        st.info("This lab holds no photos yet: import a collection.")
    elif not left:
        st.success("Nothing: everything that can be computed for this lab is computed.")
    st.markdown("\n".join(f"- {words}: *{DOES[step]}*" for words, step in left))
    if is_shipped(lab):
        offer_copy(lab)
        return
    if left:
        offer_all(lab, busy)
    first = next((step for _, step in left if step in JOBS), "import")
    with st.expander("Start one step, also again", expanded=lab.info.source is None):
        offer_step(lab, busy, first)
    if left:
        commands = _steps(lab)
        wanted = dict.fromkeys([*(step for _, step in left), "run"])
        lines = [f"python -m whalecore {commands[step]}" for step in wanted if step in commands]
        with st.expander("The same in a terminal"):
            st.code("\n".join(lines), language="bash", wrap_lines=True)


def _steps(lab) -> dict[str, str]:
    """The commands, with the settings this lab was computed with."""
    lab_is = lab_option(lab.folder)
    preset = f"--preset {lab.info.preset}"
    columns = "".join(
        f" --column {shlex.quote(f'{ours}={theirs}')}"
        for ours, theirs in (lab.info.columns or {}).items()
    )
    settings = lab.usual_occlusion()
    steps = {
        "train": f"train {lab_is} {preset}",
        "score": f"score {lab_is}",
        "explain": f"explain {lab_is} --patch {settings.patch} --stride {settings.stride}"
        + ("" if settings.exact else f" --accuracy {settings.accuracy:g}"),
        "cluster": f"cluster {lab_is}",
        "calibrate": f"calibrate {lab_is}",
    }
    if lab.info.source:
        steps["run"] = f"run {shlex.quote(lab.info.source)} {lab_is} {preset}{columns}"
    return steps
