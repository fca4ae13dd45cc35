"""How long the coming steps of a job took before, in the same lab."""

import json

import pytest

from pages.parts.job_words import to_come
from whalecore.lab import create_lab
from whalecore.types import Progress
from whalecore.workflow.jobs import Ahead, ahead_of, job
from whalecore.workflow.jobs.telling import JobReport
from whalecore.workflow.progress import within

STAGES = ("import", "train", "score", "cluster")


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "photos").mkdir()
    return create_lab(tmp_path / "lab", name="small", photo_root=tmp_path / "photos")


def job_in(lab, number: int, **told):
    """A job of the lab that has told this of itself."""
    folder = lab.folder / "jobs" / f"20260101-00000{number}-abcd"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"command": ["run"], "started_at": 1.0}), "utf-8")
    (folder / "progress.json").write_text(json.dumps(told), "utf-8")
    return job(lab, folder.name)


def test_each_stage_is_timed_once_it_has_ended(tmp_path, monkeypatch):
    now = 0.0
    monkeypatch.setattr("whalecore.workflow.jobs.telling.time.monotonic", lambda: now)
    report = JobReport(tmp_path)
    now = 10.0
    within(STAGES, "import", report)(Progress("read", 0, 3))
    now = 12.0
    within(STAGES, "import", report)(Progress("copy", 0, 3))
    now = 25.5
    within(STAGES, "train", report)(Progress("train", 0, 3))
    now = 40.0
    report.end("failed")
    told = json.loads((tmp_path / "progress.json").read_text("utf-8"))
    assert told["stage_seconds"] == {"import": 15.5}


def test_the_last_stage_of_a_finished_job_is_timed_as_well(tmp_path):
    report = JobReport(tmp_path)
    within(STAGES, "cluster", report)(Progress("group", 0, 3))
    report.end("done")
    told = json.loads((tmp_path / "progress.json").read_text("utf-8"))
    assert list(told["stage_seconds"]) == ["cluster"]


def test_the_newest_job_that_had_work_to_do_tells_how_long_a_stage_takes(lab):
    job_in(lab, 1, stage_seconds={"train": 900.0, "score": 60.0, "cluster": 9.0})
    job_in(lab, 2, stage_seconds={"train": 600.0, "score": 0.2})
    now = job_in(lab, 3, stage=1, stages=STAGES, stage_seconds={"train": 5.0})
    assert ahead_of(lab, now) == Ahead(("train", "score", "cluster"), STAGES[1:], 669.0)


def test_a_job_that_is_alone_or_at_its_last_stage_has_nothing_timed_before_it(lab):
    one = job_in(lab, 1, stage=3, stages=STAGES)
    assert ahead_of(lab, one) == Ahead(("cluster",))
    other = job_in(lab, 2, stage=4, stages=STAGES, stage_seconds="broken")
    assert (other.stage_seconds, ahead_of(lab, other)) == ((), Ahead())


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (Ahead(), ""),
        (
            Ahead(("score",)),
            "Still to come: score the photos. How long that takes is known once it has been done "
            "in this lab.",
        ),
        (
            Ahead(("train", "score"), ("train", "score"), 720.0),
            "Still to come: train the identifier, score the photos. Together that took about "
            "12 min when last done in this lab.",
        ),
        (
            Ahead(("train", "score"), ("score",), 3.0),
            "Still to come: train the identifier, score the photos. Without what was not timed "
            "yet (train the identifier), that took less than 5 s when last done in this lab.",
        ),
        (
            Ahead(("train", "score", "cluster"), ("score",), 60.0),
            "Still to come: train the identifier, score the photos, group heatmaps into clusters. "
            "Of these, score the photos took about 60 s when last done in this lab; the others "
            "were not timed yet.",
        ),
    ],
)
def test_what_is_still_to_come_is_said_with_what_was_measured(ahead, words):
    assert to_come(ahead) == words
