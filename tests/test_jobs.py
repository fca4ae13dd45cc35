"""Jobs: processes of their own, whose state is read from their folders."""

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from pages.parts.job_words import STAGES, where_now
from whalecore.cli_command import interruptible
from whalecore.errors import LabError, SettingsError
from whalecore.lab.lab import create_lab, open_lab
from whalecore.types import GradCamSettings, OcclusionSettings, Progress
from whalecore.workflow.jobs import (
    alive,
    cancel,
    commands,
    job,
    jobs,
    read_log,
    running_job,
    start_job,
    starting,
    telling,
)
from whalecore.workflow.jobs.telling import JobReport
from whalecore.workflow.presets import preset
from whalecore.workflow.progress import within
from whalecore.workflow.run import _parts

LONG = OcclusionSettings(patch=32, stride=16)
STUBBORN = 'trap "" {}; touch "$0/ready"; while :; do sleep 0.05; done'


@pytest.fixture
def lab(tmp_path):
    """An empty lab."""
    (tmp_path / "photos").mkdir()
    return create_lab(tmp_path / "lab", name="empty", photo_root=tmp_path / "photos")


@pytest.fixture
def demo(demo_copy):
    """A computed lab that may be changed, in which no job is left running."""
    lab = open_lab(demo_copy)
    yield lab
    left = running_job(lab)
    if left is not None:
        os.killpg(left.pid, signal.SIGKILL)


def folder_of(lab, number: int = 1, **about):
    """The folder of a job whose process is not there."""
    folder = lab.folder / "jobs" / f"20261121-2000{number:02}-00aa"
    folder.mkdir(parents=True)
    about = {"command": ["train"], "started_at": time.time(), "pid": 999_999_999, **about}
    (folder / "job.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


@pytest.fixture
def living(lab):
    """Makes a job with a living process that is no command, and ends it after the test."""
    made = []

    def make(program=("sleep", "60")):
        folder = lab.folder / "jobs" / f"20261121-2100{len(made):02}-00aa"
        folder.mkdir(parents=True)
        handle = alive.hold(folder)
        words = [*program, str(folder)] if program[0] == "bash" else list(program)
        process = subprocess.Popen(words, pass_fds=(handle,), start_new_session=True)
        os.close(handle)
        made.append(process)
        about = {"command": ["train"], "started_at": time.time(), "pid": process.pid}
        (folder / "job.json").write_text(json.dumps(about), encoding="utf-8")
        return folder, process

    yield make
    for process in made:
        process.kill()
        process.wait()


def wait_until(true, seconds: float = 200.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def ended(lab, job_id: str):
    wait_until(lambda: not alive.is_alive(job(lab, job_id).folder))
    return job(lab, job_id)


@pytest.mark.slow
def test_a_job_works_in_a_process_of_its_own_and_says_when_it_is_done(demo):
    command = commands.explain_command(GradCamSettings("layer3"), limit=5)
    before = running_job(demo)
    started = start_job(demo, command)
    assert (before, started.state, started.command) == (None, "queued", command)
    assert os.getsid(started.pid) == started.pid != os.getsid(0)
    one = ended(demo, started.job_id)
    assert (one.state, one.sentence) == ("done", "")
    assert [(step.name, step.pieces) for step in one.finished] == [("explain photos", 5)]
    assert '{"explained": 5}' in read_log(one)
    photos = demo.computed_keys("heatmaps", ["photo_id"], settings="layer=layer3")
    assert len(photos) == 5


@pytest.mark.slow
def test_a_job_that_fails_says_the_sentence_of_its_command(lab):
    one = ended(lab, start_job(lab, commands.import_command(lab.folder / "nowhere")).job_id)
    assert one.state in ("failed", "lost")
    assert "nowhere" in read_log(one)
    one = ended(lab, start_job(lab, commands.import_command(lab.photo_root)).job_id)
    assert one.state == "failed"
    assert one.sentence.startswith("No photo was found in 'photos'")
    assert f"Error: {one.sentence}" in read_log(one)


@pytest.mark.slow
def test_a_cancelled_job_stops_by_itself_and_keeps_what_it_has(demo):
    started = start_job(demo, commands.explain_command(LONG))
    wait_until(lambda: job(demo, started.job_id).done >= 1)
    asked = cancel(demo, started.job_id)
    assert asked.cancel_asked
    one = ended(demo, started.job_id)
    assert one.state == "cancelled"
    assert "goes on from there" in one.sentence
    assert "Stopped; what is finished is kept" in read_log(one)
    assert "Traceback" not in read_log(one)
    kept = demo.computed_keys("heatmaps", ["photo_id"], settings=LONG.key)
    assert len(kept) >= one.done >= 1


@pytest.mark.slow
def test_a_killed_job_is_noticed_and_another_can_be_started(demo):
    started = start_job(demo, commands.explain_command(LONG))
    wait_until(lambda: job(demo, started.job_id).state == "running")
    os.killpg(started.pid, signal.SIGKILL)
    one = ended(demo, started.job_id)
    assert one.state == "lost"
    assert "ended without a word" in one.sentence
    assert ended(demo, start_job(demo, ("score",)).job_id).state == "done"


def test_a_process_that_is_gone_is_noticed_at_once(lab, living):
    folder, process = living()
    assert job(lab, folder.name).state == "queued"
    JobReport(folder)(Progress("train", 3, 10, 60.0))
    assert (running_job(lab).state, running_job(lab).done) == ("running", 3)
    process.kill()
    wait_until(lambda: not alive.is_alive(folder), 10)
    assert job(lab, folder.name).state == "lost"
    assert running_job(lab) is None


def test_a_second_job_is_refused_while_one_runs(lab, living):
    living()
    with pytest.raises(LabError, match="'train' is running in this lab: wait until"):
        start_job(lab, ("score",))
    assert len(jobs(lab)) == 1


def test_a_number_given_out_anew_is_not_taken_for_the_job(lab):
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        folder = folder_of(lab, pid=stranger.pid)
        assert job(lab, folder.name).state == "lost"
        assert cancel(lab, folder.name).state == "lost"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("deaf_to", ["INT", "INT TERM"])
def test_a_job_that_does_not_listen_is_made_to_stop(lab, living, deaf_to):
    folder, _ = living(("bash", "-c", STUBBORN.format(deaf_to)))
    wait_until((folder / "ready").exists, 10)
    cancel(lab, folder.name, patience=0.2)
    wait_until(lambda: not alive.is_alive(folder), 10)
    assert job(lab, folder.name).state == "cancelled"


def test_a_job_that_is_cancelled_twice_ends_at_once(lab, living):
    folder, _ = living(("bash", "-c", STUBBORN.format("INT TERM")))
    wait_until((folder / "ready").exists, 10)
    cancel(lab, folder.name, patience=60)
    assert job(lab, folder.name).running
    cancel(lab, folder.name, patience=60)
    wait_until(lambda: not alive.is_alive(folder), 10)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '"x"', '{"command": 3, "started_at": -1e10, "pid": true}', "\0\0"]
)
def test_a_broken_file_of_a_job_is_said_and_hinders_nothing(lab, content):
    folder = folder_of(lab)
    (folder / "job.json").write_text(content, encoding="utf-8")
    (one,) = jobs(lab)
    assert (one.state, one.command, one.pid) == ("lost", (), None)
    assert "damaged" in one.sentence
    assert cancel(lab, one.job_id).state == "lost"


@pytest.mark.parametrize("content", ["", "{", '{"outcome": "nonsense", "done": {}, "finished": 3}'])
def test_a_broken_progress_file_leaves_a_living_job_running(lab, living, content):
    folder, _ = living()
    (folder / "progress.json").write_text(content, encoding="utf-8")
    one = running_job(lab)
    assert one.job_id == folder.name
    assert (one.done, one.finished) == (0, ())


def test_a_job_that_cannot_be_reached_is_said(lab, living):
    folder, _ = living()
    (folder / "job.json").write_text("{", encoding="utf-8")
    with pytest.raises(LabError, match="cannot be reached"):
        cancel(lab, folder.name)


def test_only_the_newest_twenty_jobs_are_kept(lab, monkeypatch):
    old = [folder_of(lab, number) for number in range(25)]
    monkeypatch.setattr(
        starting, "_spawn", lambda *_: subprocess.Popen(["true"], start_new_session=True)
    )
    started = start_job(lab, ("score",))
    kept = [one.job_id for one in jobs(lab)]
    assert kept == [started.job_id, *(folder.name for folder in reversed(old[6:]))]
    assert sorted(path.name for path in (lab.folder / "jobs").iterdir()) == sorted(kept)


@pytest.mark.parametrize("command", [(), ("demo",), ("sh", "-c", "true"), ("train", "a\0b")])
def test_only_known_commands_can_be_jobs(lab, command):
    with pytest.raises(SettingsError, match="cannot be a job"):
        start_job(lab, command)


@pytest.mark.parametrize("name", ["", "..", "../../etc", "20261121-200000-00zz", "x" * 5000])
def test_a_job_that_is_not_there_is_one_sentence(lab, name):
    with pytest.raises(LabError, match="knows no job"):
        job(lab, name)


def test_the_progress_file_is_written_at_most_twice_a_second(lab, monkeypatch):
    folder, clock, written = folder_of(lab), [0.0], []
    monkeypatch.setattr(telling.time, "monotonic", lambda: clock[0])
    report = JobReport(folder)
    write = report._write
    monkeypatch.setattr(report, "_write", lambda: (written.append(clock[0]), write()))
    for done in range(1001):
        clock[0] = done * 0.01
        report(Progress("train", done, 1000, 1.0))
    assert 18 <= len(written) <= 21
    assert min(b - a for a, b in pairwise(written)) >= 0.5
    told = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    assert told["done"] >= 950


def test_a_report_keeps_finished_steps_remarks_and_the_end(lab, capsys):
    folder = folder_of(lab)
    report = JobReport(folder)
    report(Progress("import photos", 0, 2))
    report(Progress("import photos", 2, 2, 0.0))
    report(Progress("note", 1, 1, 0.0, "Too few photos."))
    report(Progress("train", 1, 4, 30.0))
    report.end("failed", "The disk is full.")
    one = job(lab, folder.name)
    assert (one.state, one.sentence, one.step) == ("failed", "The disk is full.", "train")
    assert [(step.name, step.pieces) for step in one.finished] == [("import photos", 2)]
    assert one.remarks == ("Too few photos.",)
    assert "Too few photos." in capsys.readouterr().err


def test_a_lost_interruption_comes_with_the_next_report(lab):
    report = JobReport(folder_of(lab))
    report(Progress("train", 1, 4))
    with pytest.raises(KeyboardInterrupt):
        report.stop(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        report(Progress("train", 2, 4))


def test_an_interruption_that_a_library_renames_still_stops_the_command(lab):
    report = JobReport(folder_of(lab))

    def work(report):
        try:
            report.stop()
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None

    with pytest.raises(KeyboardInterrupt):
        interruptible(work, report)


def test_time_left_runs_on_between_two_reports(lab, living):
    folder, _ = living()
    about = {"step": "train", "done": 1, "total": 9, "seconds_left": 60, "written_at": 0}
    for ago, low, high in ((20, 38, 40), (100, 0, 0)):
        text = json.dumps({**about, "written_at": time.time() - ago})
        (folder / "progress.json").write_text(text, encoding="utf-8")
        assert low <= job(lab, folder.name).seconds_left <= high


def test_a_job_of_several_stages_says_which_one_is_at_work(lab, living):
    folder, _ = living()
    report = within(("import", "train", "score"), "train", JobReport(folder))
    report(Progress("crop", 1, 4, 60.0))
    found = job(lab, folder.name)
    assert (found.stage, found.stages) == (2, ("import", "train", "score"))
    assert where_now(found).startswith("Step 2 of 3 · Crop: 1 of 4, about 60 s left in this step")
    assert where_now(replace(found, stage=0, stages=())).startswith("Crop: 1 of 4")


@pytest.mark.parametrize(
    ("stage", "stages"), [(9, ["a"]), (-1, ["a"]), ("x", ["a"]), (1, "train"), (1, [1, 2])]
)
def test_stages_that_make_no_sense_are_left_out(lab, stage, stages):
    folder = folder_of(lab)
    about = {"step": "train", "done": 1, "total": 9, "stage": stage, "stages": stages}
    (folder / "progress.json").write_text(json.dumps(about), encoding="utf-8")
    assert job(lab, folder.name).stage == 0


def test_every_stage_of_the_main_job_has_words(lab, tmp_path):
    assert set(STAGES) == set(_parts(lab, tmp_path, preset("laptop"), None, None))


def test_a_long_log_is_shown_from_its_end_without_control_signs(lab):
    folder = folder_of(lab)
    (folder / "log.txt").write_bytes(b"first\n" + b"\n" * 70_000 + b"\x1b[31mlast\xff\n")
    lines = read_log(job(lab, folder.name)).splitlines()
    assert lines == ["(the beginning is left out)", " [31mlast�"]


def test_a_job_of_an_unknown_moment_has_no_length(lab):
    assert job(lab, folder_of(lab, started_at="x").name).seconds is None
    one = job(lab, folder_of(lab, 2, started_at=0).name)
    assert one.started_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_commands_are_built_from_checked_choices(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert commands.run_command(tmp_path, "laptop", {"photo": "-x"}) == (
        "run", str(tmp_path), "--preset", "laptop", "--column", "photo=-x",
    )  # fmt: skip
    assert commands.import_command("--help") == ("import", str(tmp_path / "--help"))
    assert commands.train_command("paper", 4) == ("train", "--preset", "paper", "--folds", "4")
    assert commands.cluster_command() == ("cluster", "--clusters", "auto", "--maps", "both")
    assert commands.cluster_command(8, "top5", "gradcam", "paper", True, True) == (
        "cluster", "--clusters", "8", "--maps", "top5", "--method", "gradcam", "--sigma", "paper",
        "--align-mirrored", "--anew",
    )  # fmt: skip
    assert commands.explain_command(LONG)[3:7] == ("--patch", "32", "--stride", "16")
    for wrong in (
        lambda: commands.train_command("; rm -rf /"),
        lambda: commands.train_command("laptop", 0),
        lambda: commands.cluster_command(1),
        lambda: commands.cluster_command(30, "all"),
        lambda: commands.cluster_command(30, method="lime"),
        lambda: commands.cluster_command(30, sigma="--lab"),
        lambda: commands.explain_command(GradCamSettings(), limit=-5),
    ):
        with pytest.raises(SettingsError):
            wrong()


def test_a_lab_that_remembers_jobs_is_still_taken_for_a_lab(lab):
    folder_of(lab)
    (lab.folder / "lab.json").unlink()
    again = create_lab(lab.folder, name="again", photo_root=lab.folder)
    assert again.status()["photos"] == 0
    assert len(jobs(again)) == 1
