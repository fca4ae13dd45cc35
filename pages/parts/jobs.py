"""Jobs of a lab: the one that runs, the one of the address, and the earlier ones."""

from __future__ import annotations

import streamlit as st

from pages.parts.guard import guarded, plain
from pages.parts.job_note import await_job
from pages.parts.job_words import (
    ICONS,
    does,
    duration,
    in_list,
    share,
    stands,
    started,
    to_come,
    where_now,
)
from pages.parts.state import View, change
from whalecore.glossary import explain
from whalecore.workflow.jobs import Job, ahead_of, cancel, job, jobs, read_log, running_job

EVERY = 1.0
"""Seconds between two looks at a job that runs."""

LINES = 40
"""Of the log, while the job runs."""

LONG_LOG = 12
"""Lines from which on a log scrolls."""

REMARKS, FINISHED = 3, 8
"""The newest ones are shown; the log has them all."""

CHOICE = "lab_earlier_job"


def show_jobs(lab) -> Job | None:
    """Draw the jobs, and return the one that runs, if one does."""
    running = running_job(lab)
    chosen = st.session_state.get("view", View()).job
    if running is not None:
        with guarded("show the job"):
            watch(lab, running.job_id)
    else:
        await_job(lab)
    if chosen is not None and (running is None or chosen != running.job_id):
        with guarded("show the job of the address"):
            one = job(lab, chosen)
            with st.container(border=True):
                show_job(lab, one)
                st.button("Close", key="close_job", on_click=change, kwargs={"job": None})
    return running


def watch(lab, job_id: str) -> None:
    """A job that runs, looked at again and again; the whole page is drawn anew when it ends."""

    @st.fragment(run_every=EVERY)
    def look() -> None:
        with guarded("show the job"):
            one = job(lab, job_id)
            if not one.running:
                change(job=job_id)
                st.rerun()
            with st.container(border=True):
                show_job(lab, one)
                _offer_cancel(lab, one)

    look()


def show_job(lab, one: Job) -> None:
    """What a job does, where it stands, how it ended and what it printed."""
    took = "" if one.seconds is None else f", {duration(one.seconds)}"
    st.markdown(
        f"{ICONS[one.state]} **{plain(does(one))}**: {stands(one)} (started {started(one)}{took})",
        help=explain("job"),
    )
    if one.running:
        st.progress(share(one), plain(where_now(one)))
        if later := to_come(ahead_of(lab, one)):
            st.caption(plain(later))
    elif one.state == "done":
        st.success("Finished. The page shows what it computed.", icon=ICONS["done"])
    elif one.state == "cancelled":
        st.info(one.sentence, icon=ICONS["cancelled"])
    else:
        step = f" It was at: {one.step}." if one.step else ""
        st.error(plain(one.sentence + step), icon=ICONS[one.state])
    _show_finished(one)
    for remark in one.remarks[-REMARKS:]:
        st.caption(plain(remark))
    _show_log(one)


def list_jobs(lab) -> None:
    """The jobs that the lab remembers, to choose one."""
    known = jobs(lab)
    if not known:
        return
    by_name = {one.job_id: one for one in known}
    if st.session_state.get(CHOICE) not in by_name:
        st.session_state[CHOICE] = None
    st.selectbox(
        "Earlier jobs",
        list(by_name),
        format_func=lambda name: in_list(by_name[name]),
        placeholder="Choose one to see how it ended and what it printed",
        key=CHOICE,
        on_change=lambda: change(job=st.session_state[CHOICE]),
        help=explain("job"),
    )


def _offer_cancel(lab, one: Job) -> None:
    label = "End it at once" if one.cancel_asked else "Cancel"
    st.button(
        label,
        key=f"cancel_{one.cancel_asked}",
        icon=":material/stop:",
        on_click=_cancel,
        args=(lab, one.job_id),
    )
    if one.cancel_asked:
        st.caption("It was asked to stop, and puts away what it has finished.")


def _cancel(lab, job_id: str) -> None:
    with guarded("cancel the job"):
        cancel(lab, job_id)


def _show_finished(one: Job) -> None:
    if one.finished:
        more = len(one.finished) - FINISHED
        steps = [
            f"{step.name} ({step.pieces:,} in {duration(step.seconds)})"
            for step in one.finished[-FINISHED:]
        ]
        before = [f"{more} more"] if more > 0 else []
        st.caption(plain(f"Finished: {'; '.join([*before, *steps])}."))


def _show_log(one: Job) -> None:
    log = read_log(one)
    lines = log.splitlines()[-LINES:] if one.running else log.splitlines()
    with st.expander("What it printed", expanded=one.state == "lost"):
        height = 320 if len(lines) > LONG_LOG else "content"
        text = "\n".join(lines) or "Nothing yet."
        st.code(text, language=None, height=height, wrap_lines=True)
