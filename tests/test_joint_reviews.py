"""One decision about all photos of an encounter: all rows or none, and taken back as one."""

import pytest

from tests import lab_rows as row
from tests.test_decide import lab, picture  # noqa: F401
from whalecore.errors import LabError, PhotoError
from whalecore.lab.rows import arrow_rows
from whalecore.photos.decode import photo_id_of
from whalecore.types import Verdict
from whalecore.workflow.decide import Subject, decide_on_all

PHOTOS = ("q", "r", "s")


@pytest.fixture
def encounter(lab):  # noqa: F811
    lab.write("catalogue", [row.photo(name, encounter="day 1") for name in PHOTOS])
    return lab


def names(found, *photo_ids) -> list:
    return [found.photo(one)["individual"] for one in photo_ids or PHOTOS]


def test_one_decision_names_every_photo_with_a_row_of_its_own(encounter):
    seen = {"q": {"model_id": "m", "verdict": "check", "p_correct": 0.4}}
    made = encounter.decide_together(PHOTOS, "confirm", "a", "Anna", "tip", seen)
    assert [one.photo_id for one in made] == list(PHOTOS)
    assert len({one.review_id for one in made}) == 3
    assert len({one.together for one in made}) == 1
    assert made[0].together
    assert [(one.verdict, one.p_correct) for one in made] == [("check", 0.4), *[(None, None)] * 2]
    assert names(encounter) == ["a"] * 3
    assert {one["note"] for one in encounter.rows("reviews")} == {"tip"}


def test_a_new_individual_is_one_for_all_photos_and_stands_in_the_gallery(encounter):
    made = encounter.decide_together(PHOTOS, "new_individual", reviewer="Anna")
    assert {one.individual for one in made} == {"new_0001"}
    assert set(encounter.gallery("new_0001")["photo_id"]) == set(PHOTOS)
    assert encounter.next_free_name() == "new_0002"


def test_an_animal_that_is_new_on_one_photo_keeps_its_name_on_all(encounter):
    encounter.decide("r", "new_individual", reviewer="Ben")
    made = encounter.decide_together(PHOTOS, "new_individual", reviewer="Anna")
    assert {one.individual for one in made} == {"new_0001"}
    assert not encounter.standing("r").conflict


@pytest.mark.parametrize(
    ("photo_ids", "decision", "individual", "reviewer", "words"),
    [
        (("q", "nothing"), "confirm", "a", "Anna", "no photo 'nothing'"),
        (PHOTOS, "confirm", "nobody", "Anna", "knows no individual"),
        (PHOTOS, "perhaps", None, "Anna", "no decision 'perhaps'"),
        (PHOTOS, "retake", None, " ", "who decides"),
        (("q", "q"), "retake", None, "Anna", "different"),
        ((), "retake", None, "Anna", "not about 0"),
    ],
)
def test_what_is_refused_for_one_photo_is_kept_for_none(
    encounter, photo_ids, decision, individual, reviewer, words
):
    with pytest.raises(LabError, match=words):
        encounter.decide_together(photo_ids, decision, individual, reviewer)
    assert encounter.reviews().empty


def test_undo_takes_all_back_and_what_was_said_before_counts_again(encounter):
    encounter.decide("r", "retake", reviewer="Anna")
    made = encounter.decide_together(PHOTOS, "confirm", "a", "Anna")
    parts = encounter.decided_together(made[1])
    assert {one.review_id for one in parts} == {one.review_id for one in made}
    back = encounter.undo_together([one.review_id for one in parts], "Anna")
    assert {one.undoes for one in back} == {one.review_id for one in made}
    assert [encounter.standing(one).decision for one in PHOTOS] == [None, "retake", None]
    with pytest.raises(LabError, match="taken back"):
        encounter.undo_together([made[0].review_id], "Anna")


def test_undo_is_refused_as_a_whole_where_one_part_is_gone(encounter):
    made = encounter.decide_together(PHOTOS, "confirm", "a", "Anna")
    encounter.undo(made[0].review_id, "Anna")
    with pytest.raises(LabError, match="taken back"):
        encounter.undo_together([one.review_id for one in made], "Anna")
    assert names(encounter) == [None, "a", "a"]
    assert [one.photo_id for one in encounter.decided_together(made[1])] == ["r", "s"]


def test_the_same_said_twice_is_kept_once_and_one_photo_needs_no_mark(encounter):
    first = encounter.decide_together(PHOTOS, "confirm", "a", "Anna")
    assert encounter.decide_together(PHOTOS, "confirm", "a", "anna") == first
    (alone,) = encounter.decide_together(["p"], "retake", reviewer="Anna")
    assert alone.together is None
    assert encounter.decide_together(["p"], "retake", reviewer="Anna") == (alone,)
    assert len(encounter.rows("reviews")) == 4
    # Part of it said anew is another decision.
    again = encounter.decide_together(["q", "r"], "confirm", "a", "Anna")
    assert {one.together for one in again} != {first[0].together}


def test_two_people_who_differ_are_in_conflict_on_every_photo(encounter):
    encounter.decide_together(PHOTOS, "confirm", "a", "Anna")
    encounter.decide_together(PHOTOS, "retake", reviewer="Ben")
    assert all(encounter.standing(one).conflict for one in PHOTOS)


def test_uploads_of_one_encounter_are_kept_with_their_decision(encounter):
    data = [picture(1), picture(2)]
    subjects = [
        Subject(photo_id_of(one), f"{n}.png", Verdict("check", 0.3, 0.1, ()), "m", one)
        for n, one in enumerate(data)
    ]
    made = decide_on_all(encounter, [Subject("q"), *subjects], "new_individual", reviewer="Anna")
    assert [one.verdict for one in made] == [None, "check", "check"]
    found = set(encounter.gallery("new_0001")["photo_id"])
    assert found == {"q", *(one.photo_id for one in subjects)}


def test_an_upload_that_is_no_photo_leaves_nothing_of_the_others(encounter):
    good = picture(1)
    subjects = [Subject(photo_id_of(good), "1.png", upload=good), Subject("0" * 16, upload=b"no")]
    with pytest.raises(PhotoError):
        decide_on_all(encounter, subjects, "retake", reviewer="Anna")
    assert encounter.reviews().empty
    assert not encounter.rows("catalogue", photo_id=photo_id_of(good))


def test_decisions_of_older_versions_read_as_decisions_about_one_photo(encounter):
    said = {"review_id": "1", "photo_id": "q", "reviewer": "Anna", "decision": "confirm"}
    older = arrow_rows("reviews", [{**said, "individual": "a"}]).drop_columns(["together"])
    encounter._database.folders["reviews"].write(older)
    (kept,) = encounter.standing("q").decisions
    assert (kept.individual, kept.together) == ("a", None)
    assert encounter.decided_together(kept) == (kept,)


def test_what_stands_for_all_is_not_said_once_more_of_one(encounter):
    made = encounter.decide_together(PHOTOS, "confirm", "a", "Anna")
    again = encounter.decide_together(PHOTOS[1:2], "confirm", "a", "Anna")
    assert again == made[1:2]
    assert len(encounter.rows("reviews")) == 3


def test_photos_offered_as_undecided_are_refused_once_somebody_has_decided(encounter):
    encounter.decide("r", "retake", reviewer="Ben")
    with pytest.raises(LabError, match="decided on one of these photos meanwhile"):
        encounter.decide_together(PHOTOS, "confirm", "a", "Anna", undecided=True)
    assert len(encounter.rows("reviews")) == 1
    # The photo that is shown may have a decision: that one is seen.
    encounter.decide_together(("r", "q"), "confirm", "a", "Anna", undecided=True)
    assert len(encounter.rows("reviews")) == 3


def test_the_name_said_beforehand_is_the_name_that_is_recorded(encounter):
    assert encounter.new_name(PHOTOS) == "new_0001"
    encounter.decide("r", "new_individual", reviewer="Ben")
    assert encounter.new_name(("q",)) == "new_0002"
    assert encounter.new_name(PHOTOS) == "new_0001"
    made = encounter.decide_together(PHOTOS, "new_individual", reviewer="Anna")
    assert {one.individual for one in made} == {"new_0001"}


def test_photos_with_several_new_names_wait_for_somebody_to_say_which(encounter):
    encounter.decide("q", "new_individual", reviewer="Ben")
    encounter.decide("r", "new_individual", reviewer="Cleo")
    with pytest.raises(LabError, match="2 new names"):
        encounter.decide_together(PHOTOS, "new_individual", reviewer="Anna")
    assert len(encounter.rows("reviews")) == 2
    assert encounter.new_name(PHOTOS, "Cleo") == "new_0002"
