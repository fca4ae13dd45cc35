"""What the pages share: address, guard, labs, uploads."""

import logging
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import labs
from pages.parts.guard import plain
from pages.parts.state import NAMES, View, parameters_of, parse

FULL = View(
    lab="data/demo",
    photo="0123456789abcdef",
    individual="w_1287fbc",
    method="osm",
    patch=16,
    stride=8,
    speed="fast",
    layer="layer3",
    clustering="top5-k30-abc",
    cluster=28,
    tab="Comparison",
    other="top5-k29-abc",
    second=3,
    scores="0-60",
    rights="25-100",
    order="far",
    families=5,
    colour="score",
    outline="0.0.999.0.500.999",
    look="compare",
    left="layer=layer4",
    right="patch=16,stride=8,fill=0,target=probability",
    rival="w_1287fbd",
    topic="Kinds of photos",
)
TEXTS = {
    "lab", "individual", "clustering", "other", "rival", "reviewer", "model", "beside"
}  # fmt: skip
"""What may be any text, because only what the lab holds is looked up with it."""

HOSTILE = [
    "",
    " ",
    "-1",
    "0",
    "1e9",
    "9999999999999",
    "٣",
    "nan",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\x00",
    "a\nb",
    "x" * 5000,
    "'; DROP TABLE photos; --",
    "//server/share",
    "\\\\server\\share",
    "file:///etc/passwd",
]


def test_an_address_opens_the_view_it_was_made_from():
    assert parse(parameters_of(FULL)) == (FULL, ())


def test_what_was_not_chosen_is_not_in_the_address():
    assert parameters_of(View(photo="0123456789abcdef")) == {"photo": "0123456789abcdef"}


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_address_becomes_defaults_and_sentences(value):
    view, sentences = parse(dict.fromkeys(NAMES, value))
    assert view.photo is None
    assert view.method is None
    assert view.layer is None
    assert view.tab is None
    assert view.patch is view.stride is view.cluster is None
    taken = [name for name in NAMES if getattr(view, name) is not None]
    # A share may be 0.
    assert set(taken) <= TEXTS | ({"below"} if value == "0" else set())
    assert len(sentences) == len(NAMES) - len(taken)
    assert all(len(sentence) < 200 and sentence.isprintable() for sentence in sentences)


@pytest.mark.parametrize("value", ["//server/share", "\\\\server\\share", "http://host/x", "\x00"])
def test_a_lab_on_another_computer_is_not_opened_from_an_address(value):
    view, (sentence,) = parse({"lab": value})
    assert view.lab is None
    assert "lab" in sentence


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("scores", "60-0", "a range in percent such as 0-60"),
        ("rights", "0-101", "a range in percent such as 0-60"),
        ("outline", "1.2.3.4", "3 to 60 corners"),
        ("outline", "1.2.3.4.5.6.7", "3 to 60 corners"),
        ("outline", "1.2.3.4.5.1000", "3 to 60 corners"),
        ("outline", ".".join(["1"] * 122), "3 to 60 corners"),
        ("left", "patch=4,stride=8,fill=0,target=probability", "heatmap settings such as"),
        ("right", "layer=layer9", "heatmap settings such as"),
        ("order", "random", "only typical, far are known"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_what_can(name, value, sentence):
    view, (said,) = parse({name: value})
    assert getattr(view, name) is None
    assert sentence in said


def test_a_stride_beyond_the_patch_falls_back():
    view, (sentence,) = parse({"patch": "8", "stride": "16"})
    assert (view.patch, view.stride) == (8, None)
    assert "at most the patch" in sentence


def test_parameters_of_others_are_left_alone():
    assert parse({"embed": "true", "page": "7"}) == (View(), ())


def test_names_are_shown_as_they_are():
    assert plain("w_1 [x](http://a) **b**") == "w\\_1 \\[x\\]\\(http\\://a\\) \\*\\*b\\*\\*"


def lab_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "lab.json").write_text("{}", encoding="utf-8")
    return folder


def test_labs_are_found_in_data_in_labs_and_where_the_variable_points(tmp_path):
    root, other = tmp_path / "program", tmp_path / "other"
    lab_in(root / "data" / "demo")
    lab_in(root / "labs" / "mine")
    (root / "labs" / "no_lab").mkdir()
    lab_in(other / "a")
    single = lab_in(tmp_path / "single")
    found = labs.found_labs(root, f"{other}:{single}:{tmp_path / 'missing'}")
    assert found == ["data/demo", "labs/mine", str(other / "a"), str(single)]


def test_an_address_of_a_lab_leads_back_to_its_folder(tmp_path):
    folder = lab_in(tmp_path / "program" / "labs" / "mine")
    root = tmp_path / "program"
    assert labs.folder_of(labs.address_of(folder, root), root) == folder


def guarded_page(kind: str) -> None:
    import streamlit as st

    from pages.parts.guard import guarded
    from whalecore.errors import LabError

    with guarded("show the *flukes*"):
        if kind == "ours":
            raise LabError("The lab is away: choose another one.")
        if kind == "stop":
            st.write("before")
            st.stop()
        raise ZeroDivisionError("secret detail")
    st.write("after")


def test_an_error_of_ours_is_shown_as_its_sentence():
    at = AppTest.from_function(guarded_page, kwargs={"kind": "ours"}).run()
    assert [error.value for error in at.error] == ["The lab is away\\: choose another one."]
    assert at.markdown[0].value == "after"


def test_any_other_error_is_one_sentence_on_the_page_and_a_trace_in_the_log(caplog):
    with caplog.at_level(logging.ERROR, logger="whalecore.pages"):
        at = AppTest.from_function(guarded_page, kwargs={"kind": "other"}).run()
    (error,) = at.error
    assert "secret" not in error.value
    assert not at.exception
    number = error.value.split("problem ")[1].rstrip(".")
    assert number in caplog.text
    assert "secret detail" in caplog.text
    assert at.markdown[0].value == "after"


def test_a_page_that_stops_itself_is_not_an_error():
    at = AppTest.from_function(guarded_page, kwargs={"kind": "stop"}).run()
    assert not at.error
    assert [text.value for text in at.markdown] == ["before"]


def gallery_page(count: int) -> None:
    import streamlit as st

    from pages.parts.gallery import Thumbnail, gallery

    made = []

    def pictures(names) -> dict[str, Thumbnail]:
        made.extend(names)
        return {name: Thumbnail(b"webp", name, name) for name in names}

    gallery([f"p{place}" for place in range(count)], pictures, "sheet", "Photos")
    st.write(f"made {len(made)}, first {made[0]}")


def test_a_gallery_makes_only_the_thumbnails_of_the_page_that_is_shown():
    at = AppTest.from_function(gallery_page, kwargs={"count": 130}).run()
    assert not at.exception
    assert at.markdown[-1].value == "made 60, first p0"
    at.number_input[0].set_value(3).run()
    assert at.markdown[-1].value == "made 10, first p120"


def test_a_short_gallery_has_no_page_number():
    at = AppTest.from_function(gallery_page, kwargs={"count": 60}).run()
    assert not at.number_input
    assert at.markdown[-1].value == "made 60, first p0"


def test_a_number_of_the_address_is_written_as_it_is_read_again():
    written = parameters_of(View(below=0.1 + 0.05))
    assert written == {"below": "0.15"}
    assert parse(written) == (View(below=0.15), ())
