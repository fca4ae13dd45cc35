"""The page Lab: its jobs in every state, what starts them, and new labs."""

import json
import time
from datetime import datetime

import pytest

from pages.parts import job_start, new_lab
from tests import lab_rows as row
from tests.pages.test_pages import assert_calm, opened, shown, value_of
from whalecore.identifiers.history import Epoch, as_text
from whalecore.lab.lab import create_lab, open_lab
from whalecore.workflow.jobs import alive, job

NAME = "20261121-200000-00aa"


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "photos").mkdir()
    return create_lab(tmp_path / "lab", name="empty", photo_root=tmp_path / "photos")


def write_job(lab, name: str = NAME, **told):
    """A job of which only the files are there."""
    folder = lab.folder / "jobs" / name
    folder.mkdir(parents=True)
    about = {"command": ["train", "--folds", "1"], "started_at": time.time() - 100, "pid": 99}
    (folder / "job.json").write_text(json.dumps(about), encoding="utf-8")
    (folder / "log.txt").write_text("20:00:00 train, 9 to do\n", encoding="utf-8")
    if told:
        told = {"written_at": time.time(), **told}
        (folder / "progress.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


@pytest.fixture
def living_job(lab):
    """A job that seems to run: this process holds its lock."""
    folder = write_job(lab, step="train", done=3, total=9, seconds_left=120)
    with open(alive.hold(folder), "rb"):
        yield folder


@pytest.fixture
def commands(monkeypatch):
    """Collects the commands that would be started, and pretends that they were."""
    given = []

    def start(lab, command):
        given.append((lab.folder, command))
        return job(lab, write_job(lab, outcome="done").name)

    for module in (job_start, new_lab):
        monkeypatch.setattr(module, "start_job", start)
    return given


def button(at, label: str):
    (found,) = [one for one in at.button if one.label == label]
    return found


def test_a_running_job_shows_its_step_and_the_time_left_and_holds_others_back(lab, living_job):
    at = opened("lab", lab.folder)
    assert_calm(at)
    assert "**Train the identifier**: running" in shown(at)
    bar = at.get("progress")[0].proto
    assert bar.value == 33
    assert bar.text.replace("\\", "").startswith("Train: 3 of 9, about 2 min left")
    at.selectbox(key="job_step").set_value("score").run()
    assert button(at, "Start").disabled
    assert at.code[0].value == "20:00:00 train, 9 to do"


def test_another_page_says_that_a_job_runs(lab, living_job):
    at = opened("identify", lab.folder)
    assert_calm(at)
    assert any("Train the identifier: running" in one.value for one in at.sidebar.markdown)


def test_cancel_asks_the_job_of_the_page(lab, living_job, monkeypatch):
    asked = []
    monkeypatch.setattr("pages.parts.jobs.cancel", lambda lab, name: asked.append(name))
    at = opened("lab", lab.folder)
    button(at, "Cancel").click().run()
    assert asked == [NAME]


def test_a_job_that_is_stopping_says_so_and_can_be_ended_at_once(lab, living_job):
    (living_job / "cancel").touch()
    at = opened("lab", lab.folder)
    assert "**Train the identifier**: stopping" in shown(at)
    assert button(at, "End it at once")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"outcome": "done"}, "Finished."),
        ({"outcome": "stopped"}, "It was cancelled."),
        ({"outcome": "failed", "sentence": "Too few *photos*."}, r"Too few \*photos\*."),
        ({"step": "train", "done": 3, "total": 9}, "ended without a word"),
    ],
)
def test_the_job_of_the_address_says_how_it_ended(lab, told, words):
    write_job(lab, **told)
    at = opened("lab", lab.folder, job=NAME)
    assert not at.exception
    said = [one.value for kind in (at.success, at.info, at.error) for one in kind]
    assert any(words in sentence for sentence in said)
    assert at.code[0].value == "20:00:00 train, 9 to do"
    button(at, "Close").click().run()
    assert "job" not in at.query_params


def test_an_unknown_job_in_the_address_is_one_sentence(lab):
    at = opened("lab", lab.folder, job="20261121-200000-ffff")
    assert not at.exception
    assert "knows no job" in at.error[0].value
    assert_calm(opened("lab", lab.folder, job="../../etc"))


def test_an_earlier_job_is_chosen_from_the_list(lab):
    write_job(lab, outcome="done")
    at = opened("lab", lab.folder)
    assert_calm(at)
    at.selectbox(key="lab_earlier_job").set_value(NAME).run()
    assert value_of(at, "job") == NAME
    assert "**Train the identifier**: done" in shown(at)


@pytest.mark.parametrize(
    ("step", "choices", "command"),
    [
        ("score", {}, ("score",)),
        ("calibrate", {}, ("calibrate",)),
        ("train", {"job_folds": 2}, ("train", "--preset", "laptop", "--folds", "2")),
        ("cluster", {"job_clusters": 1}, ("cluster", "--clusters", "auto", "--maps", "both")),
        (
            "explain",
            {"job_patch": 8, "job_stride": 4, "job_limit": 50},
            ("explain", "--method", "osm", "--patch", "8", "--stride", "4",
             "--target", "probability", "--limit", "50"),
        ),
    ],
)  # fmt: skip
def test_a_step_is_started_with_its_choices(lab, commands, step, choices, command):
    at = opened("lab", lab.folder)
    at.selectbox(key="job_step").set_value(step).run()
    for key, value in choices.items():
        at.number_input(key=key).set_value(value)
    button(at.run(), "Start").click().run()
    assert_calm(at)
    assert commands == [(lab.folder, command)]
    assert value_of(at, "job") == NAME


def test_clusters_are_asked_for_with_what_a_lab_member_may_choose(lab, commands):
    at = opened("lab", lab.folder)
    at.selectbox(key="job_step").set_value("cluster").run()
    at.radio(key="job_cluster_method").set_value("gradcam")
    at.radio(key="job_sigma").set_value("paper")
    at.checkbox(key="job_aligned").check()
    at.checkbox(key="job_anew").check()
    button(at.run(), "Start").click().run()
    assert_calm(at)
    asked = ("cluster", "--clusters", "30", "--maps", "both", "--method", "gradcam")
    assert commands == [(lab.folder, (*asked, "--sigma", "paper", "--align-mirrored", "--anew"))]


def test_choices_that_do_not_fit_are_a_sentence_and_start_nothing(lab, commands):
    at = opened("lab", lab.folder)
    at.selectbox(key="job_step").set_value("explain").run()
    at.number_input(key="job_stride").set_value(99).run()
    assert "larger than patch" in at.warning[0].value
    assert "Start" not in {one.label for one in at.button}


def test_all_that_is_missing_is_one_button(demo_copy, forget, commands):
    lab = forget(open_lab(demo_copy), "scores")
    at = opened("lab", demo_copy)
    assert_calm(at)
    assert "photos without scores: *Score the photos*" in shown(at)
    button(at, "Compute all of it").click().run()
    assert_calm(at)
    assert commands == [(lab.folder, ("run", lab.info.source, "--preset", "demo"))]


def test_the_lab_that_came_with_the_program_is_copied_not_changed(lab, commands, monkeypatch):
    monkeypatch.setattr(new_lab, "SHIPPED", lab.folder.parent)
    monkeypatch.setattr(new_lab, "PLACE", lab.folder.parent / "labs")
    at = opened("lab", lab.folder)
    assert_calm(at)
    assert not {"Start", "Compute all of it"} & {one.label for one in at.button}
    button(at, "Make a copy").click().run()
    assert_calm(at)
    copied = lab.folder.parent / "labs" / "demo-copy"
    assert open_lab(copied).name == "demo copy"
    assert value_of(at, "lab") == str(copied)


def test_a_new_lab_is_made_from_a_folder_that_was_typed(lab, commands, monkeypatch, tmp_path):
    monkeypatch.setattr(new_lab, "PLACE", tmp_path / "labs")
    for name in ("Salt/1.jpg", "Pepper/1.jpg", "new_whale/2.jpg"):
        path = tmp_path / "flukes" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    at = opened("lab", lab.folder)
    at.text_input(key="new_lab_source").set_value(str(tmp_path / "flukes")).run()
    assert_calm(at)
    assert "Photos: 3. Named individuals: 2. Photos of no named individual: 1." in shown(at)
    at.text_input(key="new_lab_name").set_value("Tonga 2026").run()
    button(at, "Make the lab").click().run()
    assert_calm(at)
    folder = tmp_path / "labs" / "tonga-2026"
    assert commands == [(folder, ("run", str(tmp_path / "flukes"), "--preset", "laptop"))]
    assert (value_of(at, "lab"), value_of(at, "job")) == (str(folder), NAME)


def test_the_columns_of_a_csv_file_are_chosen_and_given_to_the_command(
    lab, commands, monkeypatch, tmp_path
):
    monkeypatch.setattr(new_lab, "PLACE", tmp_path / "labs")
    table = tmp_path / "flukes" / "list.csv"
    table.parent.mkdir()
    (table.parent / "1.jpg").write_bytes(b"x")
    table.write_text("Photo,WhaleID,Sex,Day\n1.jpg,Salt,f,2019-07-31\n", encoding="utf-8")
    at = opened("lab", lab.folder)
    at.text_input(key="new_lab_source").set_value(str(table)).run()
    assert_calm(at)
    columns = {one.label: one for one in at.selectbox if str(one.key).startswith("new_lab_column_")}
    assert {name: one.value for name, one in columns.items()} == {
        "File of the photo": "Photo", "Individual": None, "Encounter": None, "Date": None,
        "Latitude": None, "Longitude": None,
    }  # fmt: skip
    assert columns["Date"].options == ["Photo", "WhaleID", "Sex", "Day"]
    assert "Make the lab" not in {one.label for one in at.button}
    columns["Individual"].set_value("WhaleID")
    columns["Date"].set_value("Day").run()
    assert_calm(at)
    assert "Photos: 1. Named individuals: 1." in shown(at)
    button(at, "Make the lab").click().run()
    ((_, command),) = commands
    assert command == (
        "run", str(table), "--preset", "laptop", "--column", "individual=WhaleID",
        "--column", "date=Day",
    )  # fmt: skip


@pytest.mark.parametrize("typed", ["flukes", "/nowhere", "/", "<script>", "/etc/passwd"])
def test_a_folder_that_is_no_collection_is_a_sentence_and_makes_nothing(
    lab, monkeypatch, tmp_path, typed
):
    monkeypatch.setattr(new_lab, "PLACE", tmp_path / "labs")
    at = opened("lab", lab.folder)
    at.text_input(key="new_lab_source").set_value(typed).run()
    assert_calm(at)
    assert len(at.warning) == 1
    assert "Make the lab" not in {one.label for one in at.button}
    assert not (tmp_path / "labs").exists()


def with_two_trainings(lab):
    """Two models with curves and one of an older version."""

    def epochs(gain):
        return [
            Epoch(number, number == 1, 9.0 / number, 1e-3, 60.0, 50.0, *right)
            for number, right in enumerate([(None, None), (gain, gain + 0.1)], start=1)
        ]

    about = {"first": ("resnet18", 0.5), "second": ("resnet34", 0.75)}
    lab.write(
        "models",
        [
            row.model(
                name,
                fold=0,
                trained_at=datetime(2026, 1, day),
                photos_trained=20,
                settings={"architecture": network, "epochs": 2},
                curves=as_text(epochs(gain)),
            )
            for day, (name, (network, gain)) in enumerate(about.items(), start=1)
        ]
        + [row.model("old", fold=0, trained_at=datetime(2025, 1, 1), settings={"epochs": 2})],
    )


def frames(at):
    return [frame.value for frame in at.dataframe]


def test_the_newest_training_is_shown_and_another_one_beside_it_on_wish(lab):
    with_two_trainings(lab)
    at = opened("lab", lab.folder)
    assert_calm(at)
    chosen = at.selectbox(key="lab_model")
    assert (chosen.value, len(chosen.options)) == ("second", 2)
    (results,) = [frame for frame in frames(at) if "measure" in frame]
    assert results.columns.tolist() == ["measure", "second"]
    assert "75%" in results["second"].tolist()
    assert "What they differ in" not in shown(at)
    at.selectbox(key="lab_beside").set_value("first").run()
    assert_calm(at)
    assert value_of(at, "beside") == "first"
    (differing,) = [frame for frame in frames(at) if "setting" in frame and len(frame) == 1]
    assert differing.iloc[0][["setting", "second", "first"]].tolist() == [
        "network",
        "resnet34",
        "resnet18",
    ]


def test_an_address_names_both_trainings_and_an_unknown_one_is_passed_over(lab):
    with_two_trainings(lab)
    at = opened("lab", lab.folder, model="first", beside="second")
    assert_calm(at)
    assert at.selectbox(key="lab_model").value == "first"
    assert at.selectbox(key="lab_beside").value == "second"
    at = opened("lab", lab.folder, model="old", beside="<script>")
    assert_calm(at)
    assert at.selectbox(key="lab_model").value == "second"
    assert at.selectbox(key="lab_beside").value is None


def test_models_from_before_there_were_curves_say_so(lab):
    lab.write("models", [row.model("old")])
    at = opened("lab", lab.folder)
    assert_calm(at)
    assert "trained before curves were kept" in shown(at)


def test_measures_stand_together_with_the_newest_model_first_and_unknown_ends_stay_empty(lab):
    for name, day, weight in (("first", 1, None), ("second", 2, 3.5)):
        trained = {"trained_at": datetime(2026, 1, day), "mark_weight": weight}
        lab.write("models", [row.model(name, fold=0, photos_trained=1508, **trained)])
        figures = [("top_5", 0.9, 0.8), ("map_at_5", 0.7, None), ("top_1", 0.6, 0.5)]
        lab.write(
            "evaluations",
            [
                {"model_id": name, "metric": metric, "value": value, "low": low, "part": "test"}
                for metric, value, low in figures
            ],
        )
    at = opened("lab", lab.folder)
    assert_calm(at)
    (models,) = [one for one in at.dataframe if "marks" in one.value]
    assert dict(zip(models.value["model"], models.value["marks"], strict=True)) == {
        "second": "count",
        "first": "do not count",
    }
    (good,) = [one for one in at.dataframe if "95 % from" in one.value]
    assert good.value["model"].tolist() == ["second", "first"] * 3
    assert good.value["value"].tolist() == [0.6, 0.6, 0.9, 0.9, 0.7, 0.7]
    assert good.value["95 % from"].isna().tolist() == [False] * 4 + [True] * 2
    assert good.proto.placeholder == ""


def test_a_lab_whose_newest_model_has_no_clusters_says_so_without_counting_labs(lab):
    lab.write("catalogue", [row.photo("a" * 16, "a")])
    lab.write("models", [row.model("m", fold=0, trained_at=datetime(2026, 1, 1))])
    lab.write("models", [row.model("n", fold=0, trained_at=datetime(2026, 1, 2))])
    usual = "patch=16,stride=8,fill=0,target=probability"
    lab.write("clusterings", [row.clustering("c", heatmap_settings=usual)])
    at = opened("lab", lab.folder)
    assert_calm(at)
    assert "- **No** clusters of the newest model's heatmaps: *Group heatmaps" in shown(at)


def test_a_run_says_how_long_the_steps_to_come_took_before(lab):
    write_job(lab, "20260101-000000-abcd", outcome="done", stage_seconds={"score": 720.0})
    told = {"step": "train", "done": 3, "total": 9, "stage": 1, "stages": ["train", "score"]}
    folder = write_job(lab, **told)
    with open(alive.hold(folder), "rb"):
        at = opened("lab", lab.folder)
    assert_calm(at)
    words = "Still to come\\: score the photos. Together that took about 12 min"
    assert words in shown(at)


def test_the_reason_of_a_problem_is_shown_on_two_lines(lab):
    reason = "These pictures look alike but stand under different individuals. " * 2
    about = {"source": "photos", "kind": "conflict", "name": "a.jpg"}
    lab.write("problems", [{**about, "reason": reason}])
    (problems,) = opened("lab", lab.folder).dataframe
    assert problems.value["reason"].tolist() == [reason]
    assert problems.proto.row_height >= 70
    widths = json.loads(problems.proto.columns)
    assert sum(widths[name]["width"] for name in ("kind", "name", "reason")) <= 830
