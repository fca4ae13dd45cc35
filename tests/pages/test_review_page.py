"""The page Review: filters in the address, one photo after another, decisions."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.parts.state import parse
from tests import lab_rows as row
from whalecore.lab import create_lab, open_lab

APP = Path(__file__).resolve().parents[2] / "app.py"
IDS = [f"{number:016x}" for number in range(5)]
VERDICTS = ("check", "reliable", "new_whale", "retake", None)
CHANCES = (0.5, 0.99, 0.2, 0.3, None)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Five scored photos; the last has no verdict and the surest a low score."""
    (tmp_path / "photos").mkdir()
    lab = create_lab(tmp_path / "lab", name="lab", photo_root=tmp_path / "photos")
    for place, photo_id in enumerate(IDS):
        pixels = np.full((20, 40, 3), 40 * place, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{photo_id}.jpg")
    lab.write("catalogue", [row.photo(one, "a" if one != IDS[4] else None) for one in IDS])
    lab.write("models", [row.model("m", individuals=["a", "*b*"])])
    lab.write(
        "scores",
        [
            row.score(one, rank, name, value)
            for one in IDS
            for rank, name, value in ((1, "a", 0.6), (2, "*b*", 0.3))
        ],
    )
    verdicts = [
        {
            "model_id": "m", "photo_id": one, "part": "test", "verdict": verdict, "score": 0.6,
            "p_correct": chance, "p_new_whale": 0.1, "correct": True, "known": True,
            "reason": "*because*",
        }
        for one, verdict, chance in zip(IDS, VERDICTS, CHANCES, strict=True) if verdict
    ]  # fmt: skip
    lab.write("verdicts", verdicts)
    return lab.folder


def opened(folder, **address: str) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=120)
    at.query_params["lab"] = str(folder)
    at.run()
    at.switch_page("pages/review.py")
    for name, value in address.items():
        at.query_params[name] = value
    return calm(at.run())


def calm(at: AppTest) -> AppTest:
    assert [problem.value for problem in at.exception] == []
    return at


def value_of(at: AppTest, name: str) -> str:
    value = at.query_params[name]
    return value[0] if isinstance(value, list) else value


def press(at: AppTest, words: str) -> AppTest:
    (button,) = [one for one in at.main.button if one.label.startswith(words)]
    return calm(button.click().run())


def shown(at: AppTest) -> str:
    kinds = (at.markdown, at.caption, at.info, at.success, at.warning, at.error)
    return " ".join(element.value for kind in kinds for element in kind)


def sign(at: AppTest, name: str = "Anna") -> AppTest:
    return calm(at.text_input(key="named_by").set_value(name).run())


def test_the_least_likely_is_first_and_reliable_photos_are_left_out(folder):
    at = opened(folder)
    assert value_of(at, "photo") == IDS[2]
    assert "Photo 1 of 4" in shown(at)
    assert r"\*because\*" in shown(at)
    order = [IDS[2]]
    for _ in range(3):
        press(at, "Next photo")
        order.append(value_of(at, "photo"))
    assert order == [IDS[2], IDS[3], IDS[0], IDS[4]]
    assert "has no verdict" in shown(at)
    press(at, "Photo before")
    assert value_of(at, "photo") == IDS[0]


def test_the_caption_marks_an_unstable_cluster(folder):
    lab = open_lab(folder)
    lab.write("clusterings", [row.clustering("c")])
    lab.write("assignments", [row.assignment(one, "a", 1) for one in IDS])
    facts = {"clustering_id": "c", "cluster": 1, "heatmaps": 5, "stability": 0.25}
    lab.write("clusters", [facts])
    (said,) = [one.value for one in opened(folder).caption if one.value.startswith("Cluster 1")]
    said = said.replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("Cluster 1 (unstable): mean score 0.60, first candidate right in ")
    assert said.endswith(", stability 25 %.")


def test_a_decision_is_kept_counts_at_once_and_is_taken_back(folder):
    at = sign(opened(folder))
    assert "0 of 4" in at.get("progress")[0].proto.text
    at.text_input(key=f"note_{IDS[2]}").set_value("left *tip*").run()
    press(at, "It is a")
    (made,) = open_lab(folder).reviews().to_dict("records")
    assert (made["decision"], made["individual"], made["reviewer"]) == ("confirm", "a", "Anna")
    assert (made["note"], made["verdict"], made["p_correct"]) == ("left *tip*", "new_whale", 0.2)
    assert "1 of 4" in at.get("progress")[0].proto.text
    assert "said Anna" in shown(at)
    assert "Not in the pile any more; 3 photos are left." in shown(at)
    press(at, "Undo my decision")
    assert open_lab(folder).standing(IDS[2]).decisions == ()
    assert "0 of 4" in at.get("progress")[0].proto.text


def test_next_after_a_decision_goes_on_from_where_the_photo_was(folder):
    at = sign(opened(folder))
    press(at, "Next photo")
    press(at, "Cannot be identified")
    assert value_of(at, "photo") == IDS[3]
    press(at, "Next photo")
    assert value_of(at, "photo") == IDS[0]
    assert at.text_input(key="named_by").value == "Anna"


def test_the_photo_that_was_just_decided_is_one_step_back(folder):
    at = sign(opened(folder))
    press(at, "Cannot be identified")
    press(at, "Next photo")
    press(at, "Photo before")
    assert value_of(at, "photo") == IDS[2]
    assert "Not in the pile any more; 3 photos are left." in shown(at)
    press(at, "Undo my decision")
    assert "Photo 1 of 4" in shown(at)


def test_another_pile_begins_with_its_first_photo(folder):
    at = opened(folder)
    press(at, "Next photo")
    calm(at.selectbox(key="review_verdict").set_value("reliable").run())
    assert value_of(at, "photo") == IDS[1]
    assert "Photo 1 of 1" in shown(at)


def test_a_pile_without_photos_says_what_to_do(folder):
    at = opened(folder, photo=IDS[2])
    calm(at.selectbox(key="review_decided").set_value("conflict").run())
    assert "No photo is left in this pile" in shown(at)


def test_a_copied_link_to_a_photo_outside_its_pile_shows_it_and_says_so(folder):
    at = opened(folder, photo=IDS[2], verdict="reliable")
    assert value_of(at, "photo") == IDS[2]
    assert "Not in this pile, which holds 1 photo." in shown(at)


def test_a_known_individual_is_meant_whatever_capitals_its_name_is_typed_in(folder):
    at = sign(opened(folder))
    calm(at.text_input(key=f"other_{IDS[2]}").set_value("A").run())
    button = at.button(key=f"decide_other_{IDS[2]}")
    assert button.label.startswith("It is a")
    calm(button.click().run())
    assert open_lab(folder).photo(IDS[2])["individual"] == "a"


def test_none_of_these_makes_a_new_individual_and_the_next_one_gets_the_next_name(folder):
    at = sign(opened(folder))
    press(at, r"None of these: new individual new\_0001")
    assert open_lab(folder).photo(IDS[2])["individual"] == "new_0001"
    press(at, "Next photo")
    press(at, r"None of these: new individual new\_0002")
    assert open_lab(folder).next_free_name() == "new_0003"


def test_another_candidate_is_chosen_and_confirmed_whatever_signs_its_name_has(folder):
    at = sign(opened(folder))
    press(at, r"\*b\*")
    assert value_of(at, "individual") == "*b*"
    press(at, r"It is \*b\*")
    assert open_lab(folder).photo(IDS[2])["individual"] == "*b*"


def test_an_individual_that_is_no_candidate_is_typed(folder):
    at = sign(opened(folder))
    field = f"other_{IDS[2]}"
    calm(at.text_input(key=field).set_value("Salt").run())
    press(at, "New individual Salt")
    press(at, "Next photo")
    calm(at.text_input(key=f"other_{IDS[3]}").set_value(" Salt ").run())
    press(at, "It is Salt")
    assert set(open_lab(folder).gallery("Salt")["photo_id"]) == {IDS[2], IDS[3]}


def test_a_key_that_meets_the_photo_before_while_the_page_turns_decides_nothing(folder):
    at = sign(opened(folder))
    (late,) = [one for one in at.main.button if one.label.startswith("It is a")]
    at.session_state["photo_to_decide_on"] = IDS[3]
    calm(late.click().run())
    assert [one.value for one in at.error if "just changing" in one.value]
    assert open_lab(folder).reviews().empty


def test_without_a_name_a_decision_is_refused_in_one_sentence(folder):
    at = press(opened(folder), "It is a")
    assert [one.value for one in at.error if "who decides" in one.value]
    press(at, "Undo my decision")
    assert [one.value for one in at.error if "no decision of yours" in one.value]
    assert open_lab(folder).reviews().empty


def test_two_reviewers_who_differ_are_both_shown(folder):
    lab = open_lab(folder)
    lab.decide(IDS[2], "confirm", "a", reviewer="Anna")
    lab.decide(IDS[2], "retake", reviewer="<b>Ben</b>")
    at = opened(folder, photo=IDS[2])
    (warning,) = [one.value for one in at.warning if "Reviewers differ" in one.value]
    assert "said Anna" in warning
    assert r"said \<b\>Ben\</b\>" in warning
    assert "1 in conflict" in at.get("progress")[0].proto.text


@pytest.mark.parametrize(
    ("address", "ids"),
    [
        ({"verdict": "check"}, [IDS[0]]),
        ({"verdict": "reliable"}, [IDS[1]]),
        ({"verdict": "none"}, [IDS[4]]),
        ({"verdict": "all", "decided": "decided"}, [IDS[1]]),
        ({"reviewer": "anna", "verdict": "all"}, [IDS[1]]),
    ],
)
def test_a_filter_in_the_address_makes_the_pile(folder, address, ids):
    open_lab(folder).decide(IDS[1], "confirm", "a", reviewer="Anna")
    if address["verdict"] == "reliable":
        address = {**address, "decided": "all"}
    at = opened(folder, **address)
    assert f"Photo 1 of {len(ids)}" in shown(at)
    assert value_of(at, "photo") == ids[0]
    for name, value in address.items():
        assert value_of(at, name) == value


def test_choosing_a_filter_changes_the_address_and_one_button_forgets_all(folder):
    at = opened(folder)
    at.selectbox(key="review_verdict").set_value("retake").run()
    assert value_of(at, "verdict") == "retake"
    calm(at.number_input(key="review_below").set_value(0.4).run())
    assert value_of(at, "below") == "0.4"
    assert "No photo is left in this pile" in shown(at) or "Not in the pile" in shown(at)
    (button,) = [one for one in at.sidebar.button if one.label == "Whole pile again"]
    calm(button.click().run())
    assert "verdict" not in at.query_params
    assert "below" not in at.query_params


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("verdict", "<b>", "only check, new_whale"),
        ("in_cluster", "-1", "whole number"),
        ("below", "1.5", "from 0 to 1"),
        ("below", "nan", "from 0 to 1"),
        ("below", "0.123", "two decimals"),
        ("since", "2019-02-30", "no such day"),
        ("until", "yesterday", "a day such as"),
        ("reviewer", "x" * 10_000, "printable text"),
        ("reviewer", "a\x00b", "printable text"),
        ("decided", "maybe", "only open"),
    ],
)
def test_a_value_in_the_address_that_makes_no_sense_is_named_and_not_taken(name, raw, words):
    view, (sentence,) = parse({name: raw})
    assert getattr(view, name) is None
    assert words in sentence


def test_a_photo_in_the_address_that_has_no_scores_is_said(folder):
    at = opened(folder, photo="f" * 16)
    assert "has no scores" in shown(at)
    assert value_of(at, "photo") == IDS[2]


def test_one_decision_for_all_open_photos_of_an_encounter_is_taken_back_as_one(folder):
    lab = open_lab(folder)
    lab.write("catalogue", [row.photo(one, "a", encounter="day 1") for one in IDS[:4]])
    lab.decide(IDS[1], "confirm", "a", reviewer="Ben")
    at = sign(opened(folder, photo=IDS[2]))
    (toggle,) = [one for one in at.toggle if one.label.startswith("For all")]
    assert toggle.label == "For all 3 undecided photos of this encounter"
    assert not toggle.value
    calm(toggle.set_value(True).run())
    said = shown(at).replace("\\", "")
    assert f"{IDS[2]}.jpg, {IDS[3]}.jpg, {IDS[0]}.jpg" in said
    press(at, r"None of these: new individual new\_0001 (all 3 photos)")
    found = open_lab(folder).rows("reviews", reviewer="Anna")
    assert {one["photo_id"] for one in found} == {IDS[0], IDS[2], IDS[3]}
    assert {one["individual"] for one in found} == {"new_0001"}
    assert {one["photo_id"]: one["verdict"] for one in found}[IDS[3]] == "retake"
    assert not [one for one in at.toggle if one.label.startswith("For all")]
    press(at, "Undo my decision on all 3 photos")
    assert not any(open_lab(folder).standing(one).decisions for one in (IDS[0], IDS[2], IDS[3]))
    assert open_lab(folder).standing(IDS[1]).individual == "a"


def test_a_decision_for_all_can_be_taken_back_for_the_photo_alone(folder):
    lab = open_lab(folder)
    lab.write("catalogue", [row.photo(one, "a", encounter="day 1") for one in IDS[:2]])
    lab.decide_together(IDS[:2], "confirm", "a", "Anna")
    at = sign(opened(folder, photo=IDS[0], decided="all", verdict="all"))
    press(at, "Undo it for this photo alone")
    lab = open_lab(folder)
    assert [bool(lab.standing(one).decisions) for one in IDS[:2]] == [False, True]
    press(at, "Undo my decision")
    assert [one.value for one in at.error if "no decision of yours" in one.value]


def test_a_photo_whose_file_is_gone_can_still_be_decided_on(folder):
    (folder.parent / "photos" / f"{IDS[2]}.jpg").unlink()
    at = sign(opened(folder))
    assert "file is not there any more" in shown(at)
    press(at, "Cannot be identified")
    assert open_lab(folder).standing(IDS[2]).decision == "retake"


def test_a_lab_without_scores_says_what_to_do(tmp_path):
    (tmp_path / "photos").mkdir()
    create_lab(tmp_path / "lab", name="empty", photo_root=tmp_path / "photos")
    assert "no scored photos yet" in shown(opened(tmp_path / "lab"))
