"""Decisions: kept for good, taken back, in conflict, and never the truth that is judged by."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import lab_rows as row
from whalecore.errors import LabError
from whalecore.lab import create_lab, open_lab
from whalecore.lab.reviews import LONGEST_NOTE

ANNA, BEN = "Anna", "Ben"


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "photos").mkdir()
    made = create_lab(tmp_path / "lab", name="lab", photo_root=tmp_path / "photos")
    made.write("catalogue", [row.photo("p", "a"), row.photo("q"), row.photo("r", "b")])
    return made


def shown(lab, photo_id: str) -> tuple:
    found = lab.photo(photo_id)
    return found["individual"], found["named_by"], found["catalogue_individual"]


def test_without_a_decision_a_photo_has_the_name_of_the_catalogue(lab):
    assert shown(lab, "p") == ("a", "catalogue", "a")
    assert shown(lab, "q") == (None, None, None)
    assert lab.standing("q").decisions == ()
    assert lab.reviews().empty


def test_a_confirmed_individual_is_shown_and_enters_its_gallery_at_once(lab):
    made = lab.decide("q", "confirm", "a", reviewer=ANNA, note="left tip")
    assert (made.decision, made.individual, made.reviewer) == ("confirm", "a", ANNA)
    assert shown(lab, "q") == ("a", "review", None)
    assert set(lab.gallery("a")["photo_id"]) == {"p", "q"}
    assert lab.standing("q").individual == "a"


def test_what_the_reviewer_saw_is_kept_with_the_decision(lab):
    lab.decide("q", "confirm", "a", reviewer=ANNA, model_id="m", verdict="check", p_correct=0.25)
    (kept,) = lab.rows("reviews")
    assert (kept["model_id"], kept["verdict"], kept["p_correct"]) == ("m", "check", 0.25)
    assert kept["decided_at"] is not None


def test_a_new_individual_gets_a_name_that_nobody_ever_had_and_can_be_confirmed_at_once(lab):
    lab.write("catalogue", [row.photo("s", "new_0007")])
    assert lab.next_free_name() == "new_0008"
    made = lab.decide("q", "new_individual", reviewer=ANNA)
    assert made.individual == "new_0008"
    assert lab.gallery("new_0008")["photo_id"].tolist() == ["q"]
    assert lab.decide("r", "confirm", "new_0008", reviewer=ANNA).individual == "new_0008"
    lab.undo(made.review_id, ANNA)
    assert lab.next_free_name() == "new_0009"


def test_a_new_individual_may_get_a_name_of_ones_own_that_is_not_in_use(lab):
    assert lab.decide("q", "new_individual", "Salt", reviewer=ANNA).individual == "Salt"
    for taken in ("a", "A", "salt", "new_whale"):
        with pytest.raises(LabError, match=r"is or was in use.*new_0001"):
            lab.decide("r", "new_individual", taken, reviewer=ANNA)


def test_an_individual_that_nobody_knows_cannot_be_confirmed_and_the_nearest_is_named(lab):
    lab.write("catalogue", [row.photo("s", "demo_044")])
    with pytest.raises(LabError, match="did you mean 'demo_044'"):
        lab.decide("q", "confirm", "demo_04", reviewer=ANNA)
    with pytest.raises(LabError, match="Say which individual"):
        lab.decide("q", "confirm", reviewer=ANNA)
    assert lab.reviews().empty


def test_individuals_of_a_model_can_be_confirmed(lab):
    lab.write("models", [row.model("m", individuals=["x"])])
    assert lab.decide("q", "confirm", "x", reviewer=ANNA).individual == "x"


def test_a_photo_that_cannot_be_identified_keeps_the_name_of_the_catalogue(lab):
    lab.decide("p", "retake", reviewer=ANNA)
    assert shown(lab, "p") == ("a", "catalogue", "a")
    assert lab.standing("p").decision == "retake"
    with pytest.raises(LabError, match="has no individual"):
        lab.decide("p", "retake", "a", reviewer=ANNA)


def test_undo_brings_back_what_the_reviewer_said_before(lab):
    first = lab.decide("q", "confirm", "a", reviewer=ANNA)
    second = lab.decide("q", "confirm", "b", reviewer=ANNA)
    assert shown(lab, "q")[0] == "b"
    lab.undo(second.review_id, ANNA)
    assert shown(lab, "q")[0] == "a"
    lab.undo(first.review_id, ANNA)
    assert shown(lab, "q") == (None, None, None)
    found = lab.reviews("q").set_index("review_id")
    assert len(found) == 4
    assert found["undone"].sum() == 2
    assert found.loc[first.review_id, "undone"]
    assert not found["stands"].any()


def test_a_decision_is_taken_back_once(lab):
    made = lab.decide("q", "confirm", "a", reviewer=ANNA)
    back = lab.undo(made.review_id, BEN)
    assert (back.undoes, back.reviewer) == (made.review_id, BEN)
    for wrong in (made.review_id, back.review_id, "nothing", "'; DROP TABLE reviews; --"):
        with pytest.raises(LabError, match="taken back"):
            lab.undo(wrong, ANNA)


def test_two_reviewers_who_differ_are_both_kept_and_the_catalogue_is_shown(lab):
    lab.decide("p", "confirm", "b", reviewer=ANNA)
    lab.decide("p", "new_individual", reviewer=BEN)
    standing = lab.standing("p")
    assert standing.conflict
    assert [(one.reviewer, one.individual) for one in standing.decisions] == [
        (BEN, "new_0001"),
        (ANNA, "b"),
    ]
    assert (standing.decision, standing.individual) == (None, None)
    assert shown(lab, "p") == ("a", "catalogue", "a")
    assert lab.photo("p")["reviewers"] is None
    lab.decide("p", "confirm", "b", reviewer=BEN)
    assert not lab.standing("p").conflict
    assert shown(lab, "p") == ("b", "review", "a")
    assert lab.photo("p")["reviewers"] == f"{ANNA}, {BEN}"


def test_naming_an_individual_and_not_being_able_to_say_is_a_conflict_and_two_who_cannot_is_not(
    lab,
):
    lab.decide("p", "retake", reviewer=ANNA)
    lab.decide("p", "retake", reviewer=BEN)
    assert not lab.standing("p").conflict
    lab.decide("p", "confirm", "b", reviewer=BEN)
    assert lab.standing("p").conflict
    assert shown(lab, "p")[1] == "catalogue"


def test_confirming_what_another_made_new_is_agreement(lab):
    lab.decide("q", "new_individual", "Salt", reviewer=ANNA)
    lab.decide("q", "confirm", "Salt", reviewer=BEN)
    assert not lab.standing("q").conflict
    assert shown(lab, "q")[0] == "Salt"


def test_a_reviewer_is_the_same_person_however_the_name_is_typed(lab):
    lab.decide("q", "confirm", "a", reviewer=ANNA)
    lab.decide("q", "confirm", "b", reviewer="  anna ")
    assert [one.individual for one in lab.standing("q").decisions] == ["b"]
    assert lab.standing("q").of(" ANNA").individual == "b"


def test_saying_the_same_twice_is_one_decision_and_no_second_new_individual(lab):
    first = lab.decide("q", "new_individual", reviewer=ANNA)
    assert lab.decide("q", "new_individual", reviewer=ANNA) == first
    assert len(lab.reviews()) == 1
    assert lab.decide("q", "new_individual", reviewer=ANNA, note="sure").note == "sure"
    assert lab.photo("q")["individual"] == first.individual


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reviewer": ""}, "name of who decides"),
        ({"reviewer": " \t"}, "name of who decides"),
        ({"reviewer": "x" * 81}, "81 letters and at most 80"),
        ({"reviewer": "An\x00na"}, "signs that cannot be seen"),
        ({"reviewer": "An\u202ena"}, "signs that cannot be seen"),
        ({"decision": "perhaps"}, "no decision 'perhaps'"),
        ({"individual": "x" * 10_000}, "10,000 letters"),
        ({"individual": "a\x1bb"}, "signs that cannot be seen"),
        ({"individual": "  "}, "knows no individual"),
        ({"note": "x" * (LONGEST_NOTE + 1)}, "4,001 letters"),
        ({"note": "a\x00"}, "signs that cannot be seen"),
        ({"verdict": "<b>"}, "no verdict"),
        ({"photo_id": "z" * 10_000}, "has no photo"),
        ({"photo_id": "' OR 1=1 --"}, "has no photo"),
    ],
)
def test_what_is_not_allowed_is_one_sentence_and_nothing_is_written(lab, wrong, words):
    usual = {"photo_id": "q", "decision": "confirm", "individual": "a", "reviewer": ANNA}
    with pytest.raises(LabError, match=words):
        lab.decide(**{**usual, **wrong})
    assert lab.reviews().empty


def test_names_with_markup_and_quotes_are_kept_as_they_are(lab):
    name = "<script>alert('x')</script> **\"; DROP TABLE reviews; --"
    lab.decide("q", "new_individual", name, reviewer="O'Hara *")
    assert lab.photo("q")["individual"] == name
    assert lab.gallery(name)["photo_id"].tolist() == ["q"]
    assert lab.standing("q").of("o'hara *").individual == name


def test_decisions_of_an_unknown_kind_count_nothing(lab):
    lab.write("reviews", [{"review_id": "1", "photo_id": "p", "decision": "yes"}])
    assert shown(lab, "p") == ("a", "catalogue", "a")
    assert lab.standing("p").decisions == ()


def test_threads_that_decide_at_once_lose_nothing_and_share_no_new_name(lab):
    photos = [f"{number:03d}" for number in range(12)]
    lab.write("catalogue", [row.photo(name) for name in photos])
    with ThreadPoolExecutor(4) as pool:
        made = list(
            pool.map(lambda name: lab.decide(name, "new_individual", reviewer=ANNA), photos)
        )
    assert sorted(one.individual for one in made) == [f"new_{n:04d}" for n in range(1, 13)]


DECIDER = """
import sys
from whalecore.lab import open_lab

lab, who = open_lab(sys.argv[1]), sys.argv[2]
for number in range(8):
    lab.decide(f"{who}{number}", "new_individual", reviewer=who)
    lab.decide("p", "confirm", "b" if number % 2 else "a", reviewer=who)
"""


@pytest.mark.slow
def test_two_processes_that_decide_at_once_lose_nothing_and_share_no_new_name(lab):
    lab.write("catalogue", [row.photo(f"{who}{n}") for who in "xy" for n in range(8)])
    command = [sys.executable, "-c", DECIDER, str(lab.folder)]
    running = [subprocess.Popen([*command, who]) for who in "xy"]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    again = open_lab(lab.folder)
    found = again.reviews()
    assert len(found) == 32
    new = found[found["decision"] == "new_individual"]
    assert sorted(new["individual"]) == [f"new_{n:04d}" for n in range(1, 17)]
    assert {one.individual for one in again.standing("p").decisions} == {"b"}


def test_scores_keep_to_the_catalogue_whatever_is_decided(lab):
    lab.write("scores", [row.score("p", 1, "b"), row.score("p", 2, "a"), row.score("q", 1, "a")])
    lab.decide("p", "confirm", "b", reviewer=ANNA)
    lab.decide("q", "confirm", "a", reviewer=ANNA)
    truth = {
        (one["photo_id"], one["individual"]): one["is_reference"] for one in lab.rows("scores")
    }
    assert truth == {("p", "b"): False, ("p", "a"): True, ("q", "a"): False}
    names = lab.photos(reviewed=False).set_index("photo_id")["individual"]
    assert (names["p"], names["r"]) == ("a", "b")
    assert names.isna().tolist() == [False, True, False]


@pytest.mark.slow
def test_a_decision_changes_neither_what_a_model_learns_nor_what_judges_it(tiny_lab):
    from whalecore.workflow.judged import judged_photos
    from whalecore.workflow.score import _plan
    from whalecore.workflow.splits import plan_splits

    clustering, model = tiny_lab.newest_clustering(ranks="top5"), tiny_lab.rows("models")[0]
    photos = tiny_lab.photos()
    first = tiny_lab.scores().drop_duplicates("photo_id").set_index("photo_id")["individual"]
    before = judged_photos(tiny_lab, clustering), _plan(tiny_lab, model)
    correctness = tiny_lab.cluster_correctness(clustering)
    learned = tiny_lab.learned(model["model_id"])
    for photo_id, individual in first.items():
        tiny_lab.decide(photo_id, "confirm", individual, reviewer=ANNA)
    other = photos[photos["individual"].isna() & ~photos["photo_id"].isin(first.index)].iloc[0]
    tiny_lab.decide(other["photo_id"], "confirm", first.iloc[0], reviewer=ANNA)
    assert (tiny_lab.photos()["named_by"] == "review").sum() == len(first) + 1
    assert judged_photos(tiny_lab, clustering) == before[0]
    assert vars(_plan(tiny_lab, model)) == vars(before[1])
    assert plan_splits(tiny_lab) == 0
    assert tiny_lab.cluster_correctness(clustering).equals(correctness)
    assert tiny_lab.learned(model["model_id"]) == learned


def test_two_people_who_find_the_same_new_animal_give_it_one_name(lab):
    first = lab.decide("p", "new_individual", reviewer="Ada")
    second = lab.decide("p", "new_individual", reviewer="Bo")
    assert first.individual == second.individual == "new_0001"
    assert not lab.standing("p").conflict


def test_a_name_of_ones_own_can_be_said_again_with_a_note(lab):
    first = lab.decide("p", "new_individual", "Fred", reviewer="Ada")
    assert lab.decide("p", "new_individual", "Fred", reviewer="Ada") == first
    noted = lab.decide("p", "new_individual", "Fred", reviewer="Ada", note="left tip")
    assert (noted.individual, noted.note) == ("Fred", "left tip")
    with pytest.raises(LabError, match="in use"):
        lab.decide("q", "new_individual", "Fred", reviewer="Ada")
