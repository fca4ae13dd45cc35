"""The page Identify: addresses, candidates, photos to leaf through, decisions, encounters."""

import json

import pytest

from tests.pages.test_pages import assert_calm, opened, shown, value_of
from whalecore.lab.lab import open_lab
from whalecore.photos.decode import photo_id_of

pytestmark = pytest.mark.slow


def scored_photo(lab) -> str:
    """A photo of an individual of which the lab has more photos."""
    scores = lab.scores()
    for row in scores[scores["rank"] == 1].itertuples():
        others = lab.gallery(row.individual)
        if len(others[others["photo_id"] != row.photo_id]) > 1:
            return row.photo_id
    raise LookupError("the small lab has no such photo")


def candidates_of(at) -> list[str]:
    found = [one for one in at.button if str(one.key).startswith("candidate_")]
    return [button.label.replace("\\", "") for button in found]


def compared(at) -> dict:
    """What the comparison was given to show."""
    (one,) = [
        part for part in at.get("bidi_component") if "sides" in (part.proto.json or part.proto.data)
    ]
    return json.loads(one.proto.json)


def test_a_photo_of_the_lab_is_opened_by_its_address(tiny_lab_folder):
    photo_id = scored_photo(open_lab(tiny_lab_folder))
    at = opened("identify", tiny_lab_folder, photo=photo_id)
    assert_calm(at)
    assert len(candidates_of(at)) == 5
    assert value_of(at, "photo") == photo_id
    first = compared(at)
    assert first["sides"][0]["title"] == "Your photo"
    assert first["sides"][1]["title"] == f"1. {candidates_of(at)[0]}"


def test_the_photos_of_the_candidate_come_newest_first_and_the_address_names_the_one_shown(
    tiny_lab_folder,
):
    lab = open_lab(tiny_lab_folder)
    photo_id = scored_photo(lab)
    at = opened("identify", tiny_lab_folder, photo=photo_id)
    first = candidates_of(at)[0]
    names = [
        row["name"] for row in lab.gallery(first).to_dict("records") if row["photo_id"] != photo_id
    ]
    assert compared(at)["sides"][1]["lines"][0] == names[0]
    assert compared(at)["place"] == f"photo 1 of {len(names)}, newest first"
    rows = lab.gallery(first)
    second = rows[rows["name"] == names[1]]["photo_id"].iloc[0]
    at = opened("identify", tiny_lab_folder, photo=photo_id, individual=first, against=second)
    assert compared(at)["sides"][1]["lines"][0] == names[1]


def test_choosing_a_candidate_compares_with_it_and_the_address_says_so(tiny_lab_folder):
    at = opened("identify", tiny_lab_folder, photo=scored_photo(open_lab(tiny_lab_folder)))
    third = candidates_of(at)[2]
    at.button(key="candidate_3").click().run()
    assert_calm(at)
    assert value_of(at, "individual") == third
    assert compared(at)["sides"][1]["title"] == f"3. {third}"
    (confirm,) = [one for one in at.button if str(one.key).startswith("decide_chosen_")]
    assert third in confirm.label.replace("\\", "")


def test_a_photo_that_the_lab_does_not_hold_is_asked_for(tiny_lab_folder):
    at = opened("identify", tiny_lab_folder, photo="f" * 16)
    assert_calm(at)
    assert any("not in this lab" in warning.value for warning in at.warning)
    assert "Drop a photo" in shown(at)


def test_two_photos_of_one_animal_get_a_joint_answer_and_one_each(tiny_lab):
    at = opened("identify", tiny_lab.folder)
    ids = list(tiny_lab.scores()["photo_id"].unique()[:2])
    files = [tiny_lab.photo_path(photo_id).read_bytes() for photo_id in ids]
    upload(at, files)
    (together,) = [one for one in at.toggle if one.label == "These photos show one animal"]
    together.set_value(True).run()
    assert_calm(at)
    joint = tiny_lab.assess_together([tiny_lab.read_photo(one) for one in ids])
    first = joint.candidates[0]
    assert f"joint score **{first.score:.3f}**" in shown(at)
    table = at.dataframe[0].value
    assert list(table["Photo"]) == ["IMG_0.jpg", "IMG_1.jpg"]
    alone = [one.prediction.individuals[0] for one in joint.assessments]
    assert list(table["First candidate"]) == alone
    assert candidates_of(at) == [one.individual for one in joint.candidates[:5]]


def test_a_decision_on_an_upload_is_kept_with_the_photo(tiny_lab):
    data = tiny_lab.photo_path(tiny_lab.scores()["photo_id"].iloc[0]).read_bytes() + b"\0"
    at = opened("identify", tiny_lab.folder)
    at.file_uploader[0].upload("IMG_1.jpg", data, "image/jpeg").run()
    at.button(key="candidate_2").click().run()
    second = candidates_of(at)[1]
    at.text_input(key="named_by").set_value("Ada").run()
    next(b for b in at.button if str(b.key).startswith("decide_chosen_")).click().run()
    assert_calm(at)
    (review,) = tiny_lab.rows("reviews")
    assert (review["decision"], review["individual"], review["reviewer"]) == (
        "confirm",
        second,
        "Ada",
    )
    assert tiny_lab.photo(review["photo_id"])["individual"] == second


def upload(at, files):
    """Put files into the upload field, in place of those that are in it."""
    named = [(f"IMG_{place}.jpg", data, "image/jpeg") for place, data in enumerate(files)]
    at.file_uploader[0].set_value(named).run()


def test_a_photo_that_is_taken_out_of_the_uploads_is_put_away(tiny_lab):
    at, (first, second) = with_two_photos(tiny_lab)
    assert list(at.session_state["photos_in_hand"]) == [first, second]
    own = tiny_lab.photo_path(tiny_lab.scores()["photo_id"].unique()[0]).read_bytes() + bytes(1)
    upload(at, [own])
    assert_calm(at)
    assert list(at.session_state["photos_in_hand"]) == [first]
    upload(at, [])
    assert_calm(at)
    assert not at.session_state["photos_in_hand"]
    assert "Drop a photo of a fluke above" in shown(at)


def with_two_photos(lab, together: bool = False):
    """The page with two photos of the lab as uploads, the second shown; their ids."""
    at = opened("identify", lab.folder)
    ids, files = [], []
    for place, photo_id in enumerate(lab.scores()["photo_id"].unique()[:2]):
        data = lab.photo_path(photo_id).read_bytes() + bytes(place + 1)
        ids.append(photo_id_of(data))
        files.append(data)
    upload(at, files)
    if together:
        at.toggle(key="photos_show_one_animal").set_value(True).run()
    assert_calm(at)
    return at, ids


def press(at, label: str):
    next(b for b in at.button if b.label.replace("\\", "").startswith(label)).click().run()
    assert_calm(at)
    return at


def test_another_photo_is_compared_with_its_own_candidates_and_heatmaps(tiny_lab):
    at, (first, second) = with_two_photos(tiny_lab)
    at.button(key="candidate_3").click().run()
    before, third = compared(at)["sides"], candidates_of(at)[2]
    assert value_of(at, "individual") == third
    at.text_input(key=f"note_{second}").set_value("half a note").run()
    at.selectbox(key="photo_picked").set_value(first).run()
    assert_calm(at)
    after = compared(at)["sides"]
    assert at.session_state["photo_to_decide_on"] == first
    assert "individual" not in at.query_params
    assert after[1]["title"] == f"1. {candidates_of(at)[0]}"
    for kind in ("picture", "heatmap"):
        assert after[0][kind] != before[0][kind]
    assert at.text_input(key=f"note_{first}").value == ""
    at.selectbox(key="photo_picked").set_value(second).run()
    again = compared(at)["sides"][0]
    assert again["picture"] == before[0]["picture"]
    assert f"Heatmap for {candidates_of(at)[0]}" in again["heatmapAlt"]
    assert at.text_input(key=f"note_{second}").value == "half a note"


def test_within_an_encounter_the_candidate_stays_and_the_heatmap_is_the_photo_s_own(tiny_lab):
    at, (first, _) = with_two_photos(tiny_lab, together=True)
    at.button(key="candidate_2").click().run()
    chosen, before = candidates_of(at)[1], compared(at)["sides"]
    at.selectbox(key="photo_picked").set_value(first).run()
    assert_calm(at)
    after = compared(at)["sides"]
    assert value_of(at, "individual") == chosen
    assert after[1]["title"] == before[1]["title"] == f"2. {chosen}"
    assert after[0]["picture"] != before[0]["picture"]
    assert at.session_state["photo_to_decide_on"] == first


def test_one_decision_is_kept_for_every_photo_of_an_encounter_and_taken_back_as_one(tiny_lab):
    at, ids = with_two_photos(tiny_lab, together=True)
    at.text_input(key="named_by").set_value("Ada").run()
    # Alone the two photos name different animals: nobody decides on both unasked.
    assert "1 of 2 photos would say so alone" in shown(at)
    assert at.toggle(key="decide_on_all_photos").value is False
    at.toggle(key="decide_on_all_photos").set_value(True).run()
    assert "about these 2 photos: IMG" in shown(at).replace("\\", "")
    press(at, "None of these: new individual new_0001 (both photos)")
    rows = tiny_lab.rows("reviews")
    assert {one["photo_id"] for one in rows} == set(ids)
    assert len({one["together"] for one in rows}) == 1
    assert set(tiny_lab.gallery("new_0001")["photo_id"]) == set(ids)
    press(at, "Undo my decision on both photos")
    assert tiny_lab.gallery("new_0001").empty


def test_a_decision_in_an_encounter_can_be_about_the_photo_alone(tiny_lab):
    at, (_, second) = with_two_photos(tiny_lab, together=True)
    at.text_input(key="named_by").set_value("Ada").run()
    at.toggle(key="decide_on_all_photos").set_value(False).run()
    press(at, "Cannot be identified")
    (row,) = tiny_lab.rows("reviews")
    assert (row["photo_id"], row["together"]) == (second, None)


def test_buttons_of_a_photo_decide_no_more_once_another_one_is_in_hand(tiny_lab):
    at, _ = with_two_photos(tiny_lab)
    damaged = b"\xff\xd8 no photo"
    at.file_uploader[0].upload("bad.jpg", damaged, "image/jpeg").run()
    # The page stops at the damaged photo, before it draws buttons for it.
    assert at.error
    assert at.session_state["photo_to_decide_on"] == photo_id_of(damaged)


def test_a_new_individual_is_a_candidate_for_the_next_photo_at_once(tiny_lab):
    at, (first, second) = with_two_photos(tiny_lab)
    # The same picture twice: nobody is more like the second photo than the first one's animal.
    data = tiny_lab.photo_path(tiny_lab.scores()["photo_id"].unique()[1]).read_bytes()
    at.text_input(key="named_by").set_value("Ada").run()
    press(at, "None of these: new individual new_0001")
    assert tiny_lab.gallery("new_0001")["photo_id"].tolist() == [second]
    assert first != second
    at.file_uploader[0].upload("again.jpg", data + bytes(9), "image/jpeg").run()
    assert_calm(at)
    assert "new_0001" in candidates_of(at)
