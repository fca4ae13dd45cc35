"""The pile of photos to look at: worst first, by verdict, cluster, day, reviewer and decision."""

from datetime import date, datetime

import pandas as pd
import pytest

from tests import lab_rows as row
from whalecore.lab import create_lab
from whalecore.lab.queue import Chosen

VERDICTS = {"p": ("check", 0.5), "q": ("retake", 0.1), "r": ("reliable", 0.99), "s": (None, None)}
CLUSTERS = {"p": 1, "q": 2, "r": 1, "s": 2}
SCORES = {"p": 0.8, "q": 0.2, "r": 0.9, "s": 0.3}


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "photos").mkdir()
    made = create_lab(tmp_path / "lab", name="lab", photo_root=tmp_path / "photos")
    days = {"p": datetime(2019, 1, 1, 23), "q": datetime(2020, 1, 1), "r": None, "s": None}
    photos = [row.photo(name, "a", taken_at=day) for name, day in days.items()]
    made.write("catalogue", [*photos, row.photo("without scores", "a")])
    made.write("models", [row.model("m")])
    made.write("scores", [row.score(name, 1, "a", value) for name, value in SCORES.items()])
    made.write("scores", [row.score(name, 2, "b", 0.01) for name in SCORES])
    made.write("clusterings", [row.clustering("c")])
    made.write("assignments", [row.assignment(name, "a", n) for name, n in CLUSTERS.items()])
    made.write("assignments", [row.assignment(name, "b", 2) for name in SCORES])
    verdicts = [
        {"model_id": "m", "clustering_id": "c", "photo_id": name, "part": "test", "score": 0.5,
         "verdict": verdict, "p_correct": chance, "correct": True, "known": True}
        for name, (verdict, chance) in VERDICTS.items() if verdict
    ]  # fmt: skip
    made.write("verdicts", verdicts)
    return made


def ids(lab, **chosen) -> str:
    return "".join(lab.review_queue(Chosen(**chosen)).photos["photo_id"])


def test_the_pile_holds_scored_photos_the_least_likely_right_first(lab):
    pile = lab.review_pile().set_index("photo_id")
    # Without a verdict, the score says how likely.
    assert list(pile.index) == ["q", "s", "p", "r"]
    assert pile.loc["q", ["candidate", "score", "verdict", "cluster"]].tolist() == [
        "a", 0.2, "retake", 2,
    ]  # fmt: skip
    # Cluster 2 holds q and s for a, and all four for b.
    assert pile.loc["q", "cluster_score"] == pytest.approx((0.2 + 0.3 + 4 * 0.01) / 6)
    assert pile.loc["p", "cluster_score"] == pytest.approx(0.85)
    assert pile["cluster_stability"].isna().all()


def test_the_pile_says_how_stable_the_cluster_of_each_photo_is(lab):
    before = lab.pile_state()
    lab.write("clusters", [cluster("c", 2, 0.4), cluster("other", 1, 0.1)])
    assert lab.pile_state() != before
    pile = lab.review_pile().set_index("photo_id")
    assert pile.loc["q", "cluster_stability"] == pytest.approx(0.4)
    assert pd.isna(pile.loc["p", "cluster_stability"])


def cluster(clustering_id, number, stability):
    return {
        "clustering_id": clustering_id, "cluster": number, "heatmaps": 2, "stability": stability,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, "qsp"),
        ({"verdict": "all"}, "qspr"),
        ({"verdict": "check"}, "p"),
        ({"verdict": "none"}, "s"),
        ({"cluster": 2}, "qs"),
        ({"cluster": 9}, ""),
        ({"below": 0.5}, "qs"),
        ({"below": 0.05}, ""),
        ({"since": date(2019, 1, 2)}, "q"),
        ({"until": date(2019, 1, 1)}, "p"),
        ({"since": date(2019, 1, 1), "until": date(2020, 1, 1)}, "qp"),
        ({"verdict": "all", "cluster": 1, "below": 0.9}, "pr"),
    ],
)
def test_a_pile_is_made_by_verdict_cluster_mean_score_and_day(lab, chosen, expected):
    assert ids(lab, **chosen) == expected


def test_what_is_decided_leaves_the_pile_and_what_is_in_conflict_stays(lab):
    lab.decide("q", "confirm", "a", reviewer="Anna")
    lab.decide("s", "confirm", "a", reviewer="Anna")
    lab.decide("s", "retake", reviewer="Ben")
    queue = lab.review_queue()
    assert "".join(queue.photos["photo_id"]) == "sp"
    assert (queue.decided, queue.total, queue.conflicts) == (1, 3, 1)
    assert ids(lab, state="decided") == "q"
    assert ids(lab, state="conflict") == "s"
    assert ids(lab, state="all") == "qsp"
    assert ids(lab, reviewer=" anna") == "qs"
    assert ids(lab, reviewer="Ben", state="decided") == ""
    assert ids(lab, reviewer="Ann") == ""
    assert lab.reviewers() == ["Anna", "Ben"]


def test_a_decision_that_is_taken_back_puts_the_photo_into_the_pile_again(lab):
    made = lab.decide("q", "confirm", "a", reviewer="Anna")
    lab.undo(made.review_id, "Anna")
    assert ids(lab) == "qsp"
    assert lab.reviewers() == []


def test_decisions_do_not_change_the_pile_itself_but_its_queue(lab):
    before, pile = lab.pile_state(), lab.review_pile()
    lab.decide("q", "confirm", "b", reviewer="Anna")
    assert lab.pile_state() == before
    assert lab.review_pile().equals(pile)
    lab.write("verdicts", [{"model_id": "m", "photo_id": "s", "part": "test", "verdict": "check",
                            "correct": True, "known": True}])  # fmt: skip
    assert lab.pile_state() != before


def test_the_newest_model_s_scores_and_verdicts_count(lab):
    lab.write("models", [row.model("n", trained_at=datetime(2099, 1, 1))])
    lab.write("scores", [row.score("r", 1, "b", 0.05, model_id="n")])
    found = lab.review_pile().set_index("photo_id").loc["r"]
    assert (found["model_id"], found["candidate"]) == ("n", "b")
    assert found["verdict"] is None or found["verdict"] != found["verdict"]


def test_a_lab_without_anything_has_an_empty_pile(tmp_path):
    (tmp_path / "photos").mkdir()
    lab = create_lab(tmp_path / "lab", name="lab", photo_root=tmp_path / "photos")
    queue = lab.review_queue()
    assert (len(queue.photos), queue.decided, queue.total) == (0, 0, 0)


def test_the_open_photos_of_an_encounter_are_the_scored_ones_that_nobody_decided_on(lab):
    lab.write("catalogue", [row.photo(name, "a", encounter="day") for name in ("p", "q", "r")])
    lab.write("catalogue", [row.photo("without scores", "a", encounter="day")])
    assert lab.open_with("p")["photo_id"].tolist() == ["q", "r"]
    lab.decide("q", "confirm", "a", reviewer="Anna")
    assert lab.open_with("p")["photo_id"].tolist() == ["r"]
    # Without an encounter in the catalogue a photo is alone.
    assert lab.open_with("s").empty
