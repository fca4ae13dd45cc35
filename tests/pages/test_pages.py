"""Each page on a small lab that the workflow computed, and on hardly any lab at all."""

import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.parts.growing import ENGINES
from whalecore.lab.lab import create_lab, open_lab
from whalecore.plain_words import percent
from whalecore.types import OcclusionSettings
from whalecore.workflow.explain import explain_growing

APP = Path(__file__).resolve().parents[2] / "app.py"
PAGES = ("identify", "heatmaps", "clusters", "review", "reliability", "lab")


def opened(page: str, folder, **address: str) -> AppTest:
    """The dashboard at an address, after it was drawn."""
    at = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in {"lab": str(folder), **address}.items():
        at.query_params[name] = value
    if page != "identify":
        at.run()
        at.switch_page(f"pages/{page}.py")
    return at.run()


def shown(at: AppTest) -> str:
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, at.info, at.success)
    return " ".join(element.value for kind in kinds for element in kind)


def value_of(at: AppTest, name: str) -> str:
    """A query parameter; after a callback it comes as a list."""
    value = at.query_params[name]
    return value[0] if isinstance(value, list) else value


def assert_calm(at: AppTest) -> None:
    assert [problem.value for problem in at.exception] == []
    assert [problem.value for problem in at.error] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_drawn_without_a_problem_and_says_that_these_are_drawings(page, tiny_lab_folder):
    at = opened(page, tiny_lab_folder)
    assert_calm(at)
    assert at.title[0].value.lower() == page
    assert "drawings" in shown(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_an_empty_lab_says_what_to_do(page, tmp_path):
    (tmp_path / "photos").mkdir()
    create_lab(tmp_path / "lab", name="empty", photo_root=tmp_path / "photos")
    at = opened(page, tmp_path / "lab")
    assert_calm(at)
    words = {
        "identify": "no model yet",
        "heatmaps": "no photos yet",
        "clusters": "no clusters of heatmaps yet",
        "review": "no scored photos yet",
        "reliability": "not been judged yet",
        "lab": "no photos yet",
    }
    assert words[page] in shown(at)
    if page != "lab":
        assert "The page *Lab* starts" in shown(at)
        assert "python -m whalecore import PHOTOS" in shown(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_folder_that_is_no_lab_is_one_sentence(page, tmp_path):
    at = opened(page, tmp_path)
    assert not at.exception
    (error,) = at.error
    assert "holds no lab" in error.value


def test_a_damaged_lab_is_one_sentence(tmp_path):
    (tmp_path / "lab.json").write_text("{not json", encoding="utf-8")
    at = opened("lab", tmp_path)
    assert not at.exception
    assert at.error
    assert all("Traceback" not in error.value for error in at.error)


@pytest.mark.slow
def test_an_address_opens_the_same_photo_candidate_and_layer(tiny_lab_folder):
    lab = open_lab(tiny_lab_folder)
    photo_id = sorted(lab.computed_keys("heatmaps", ["photo_id"]))[-1][0]
    options = lab.heatmap_options(photo_id)
    third = options[options["rank"] == 3].iloc[0]["individual"]
    at = opened("heatmaps", tiny_lab_folder, photo=photo_id, individual=third, layer="layer4")
    assert_calm(at)
    assert at.selectbox(key="heatmaps_photo").value == photo_id
    assert at.radio(key="heatmaps_individual").value == third
    assert value_of(at, "photo") == photo_id
    assert value_of(at, "individual") == third


@pytest.mark.slow
def test_choosing_another_photo_changes_the_address_and_starts_at_its_first_candidate(
    tiny_lab_folder,
):
    lab = open_lab(tiny_lab_folder)
    photo_id, other = sorted(key[0] for key in lab.computed_keys("heatmaps", ["photo_id"]))[:2]
    last = lab.scores(photo_id=photo_id).iloc[-1]["individual"]
    at = opened("heatmaps", tiny_lab_folder, photo=photo_id, individual=last)
    assert at.radio(key="heatmaps_individual").value == last
    at.selectbox(key="heatmaps_photo").set_value(other).run()
    assert_calm(at)
    assert value_of(at, "photo") == other
    first = lab.scores(photo_id=other).iloc[0]["individual"]
    assert value_of(at, "individual") == first


@pytest.mark.slow
def test_hostile_values_in_the_address_leave_every_page_calm(tiny_lab_folder):
    hostile = {"photo": "<script>", "patch": "97.5", "stride": "-1", "cluster": "9" * 40}
    hostile |= {"layer": "layer9", "method": "rm -rf", "individual": "\x07", "clustering": "a\nb"}
    for page in PAGES:
        assert_calm(opened(page, tiny_lab_folder, **hostile))


@pytest.mark.slow
def test_unknown_photo_and_individual_in_the_address_show_others(tiny_lab_folder):
    # The page is opened first: the front page would take the photo as its own.
    at = opened("heatmaps", tiny_lab_folder)
    at.query_params["photo"], at.query_params["individual"] = "f" * 16, "nobody"
    at.run()
    assert_calm(at)
    assert any("does not hold" in warning.value for warning in at.warning)
    assert value_of(at, "photo") != "f" * 16


@pytest.mark.slow
def test_without_a_photo_in_the_address_heatmaps_begin_with_one_that_was_surely_right(
    tiny_lab_folder,
):
    lab = open_lab(tiny_lab_folder)
    at = opened("heatmaps", tiny_lab_folder)
    assert_calm(at)
    first = lab.scores().query("rank == 1").set_index("photo_id")
    right = first["is_reference"].astype(bool)
    right &= first.index.isin([key[0] for key in lab.scored_heatmaps(["photo_id"])])
    assert value_of(at, "photo") == first["score"][right].idxmax()
    assert value_of(at, "individual") == lab.photo(value_of(at, "photo"))["individual"]


@pytest.mark.parametrize("page", ["identify", "review", "clusters"])
def test_what_is_wrong_with_a_link_is_said_once_and_below_the_title(page, tmp_path):
    (tmp_path / "photos").mkdir()
    create_lab(tmp_path / "lab", name="empty", photo_root=tmp_path / "photos")
    at = opened(page, tmp_path / "lab")
    at.query_params["tab"] = "Nope"
    assert_calm(at.run())
    kinds = [element.type for element in at.main if element.type in ("title", "warning")]
    assert kinds[:2] == ["title", "warning"]
    assert "The address asks for tab 'Nope'" in at.warning[0].value
    assert not [one for one in at.run().warning if "address" in one.value]


@pytest.mark.slow
def test_a_missing_heatmap_is_computed_on_request(tiny_lab):
    at = opened("heatmaps", tiny_lab.folder, layer="layer2")
    assert_calm(at)
    at.button(key="compute_layer=layer2").click().run()
    assert_calm(at)
    photo_id = value_of(at, "photo")
    computed = tiny_lab.heatmap_options(photo_id)
    assert (computed["settings"] == "layer=layer2").sum() == 5
    assert "compute_layer=layer2" not in {button.key for button in at.button}


FINE = OcclusionSettings(patch=4, stride=2)
FINE_ADDRESS = {"patch": "4", "stride": "2"}
PLACES = 16 * 32


def grown(at):
    """The page looks again, as in a browser, until the map is finished."""
    until = time.monotonic() + 60
    while any(b.key == f"stop_{FINE.key}" for b in at.button) and time.monotonic() < until:
        at.run()
        assert_calm(at)


@pytest.mark.slow
def test_an_occlusion_map_is_computed_on_request(tiny_lab):
    at = opened("heatmaps", tiny_lab.folder, **FINE_ADDRESS)
    assert_calm(at)
    assert "not computed yet" in shown(at)
    at.button(key=f"compute_{FINE.key}").click().run()
    assert_calm(at)
    grown(at)
    rows = tiny_lab.rows("heatmaps", settings=FINE.key)
    assert {row["photo_id"] for row in rows} == {value_of(at, "photo")}
    assert len(rows) == 5
    assert f"All {PLACES:,} places computed" in shown(at)
    assert ENGINES[rows[0]["engine"]] in shown(at)
    assert f"compute_{FINE.key}" not in {button.key for button in at.button}


@pytest.mark.slow
def test_a_stopped_map_is_shown_with_what_is_computed_and_continued(tiny_lab):
    at = opened("heatmaps", tiny_lab.folder, **FINE_ADDRESS)
    growing = explain_growing(tiny_lab, value_of(at, "photo"), FINE)
    known = int(next(growing).computed.sum())
    growing.close()
    at.run()
    assert_calm(at)
    words = f"Coarse: {known:,} of {PLACES:,} places computed, the rest interpolated."
    assert words in shown(at)
    assert "not computed yet" not in shown(at)
    (button,) = [one for one in at.button if one.key == f"compute_{FINE.key}"]
    assert button.label == "Continue"
    button.click().run()
    assert_calm(at)
    grown(at)
    assert len(tiny_lab.rows("heatmaps", settings=FINE.key)) == 5
    assert words not in shown(at)


@pytest.mark.slow
def test_a_fast_map_says_how_exact_it_is_and_the_exact_one_can_be_chosen(tiny_lab):
    usual = OcclusionSettings(16, 8)
    fast = OcclusionSettings(16, 8, accuracy=0.99)
    rows = tiny_lab.rows("heatmaps", settings=usual.key)
    about = {"settings": fast.key, "engine": "exact", "computed": 12}
    about |= {"correlation": 0.987, "deviation": 0.0123}
    tiny_lab.write("heatmaps", [{**row, **about} for row in rows])
    at = opened("heatmaps", tiny_lab.folder, speed="fast", patch="16", stride="8")
    assert_calm(at)
    assert "r = 0.987 and differ by at most 0.012 in score" in shown(at)
    assert "12 of 32 places computed, the rest estimated" in shown(at)
    at.radio(key="heatmaps_speed").set_value("exact").run()
    assert_calm(at)
    assert value_of(at, "speed") == "exact"
    assert "r = 0.987" not in shown(at)


@pytest.mark.slow
def test_a_cluster_of_the_address_is_shown_with_its_numbers(tiny_lab_folder):
    lab = open_lab(tiny_lab_folder)
    clustering_id = lab.newest_clustering(ranks="top5")
    row = lab.cluster_correctness(clustering_id).iloc[-1]
    at = opened("clusters", tiny_lab_folder, cluster=str(row["cluster"]))
    assert_calm(at)
    figures = {metric.label: metric.value for metric in at.metric}
    assert figures["Heatmaps"] == str(row["heatmaps"])
    known = percent(row["identified_correct"]) if row["identified"] else "not known"
    assert figures["First candidate right"] == known
    assert figures["Mean score"] == f"{row['mean_score']:.2f}"


@pytest.mark.slow
def test_the_filter_leaves_only_clusters_of_a_low_mean_score(tiny_lab_folder):
    at = opened("clusters", tiny_lab_folder)
    at.slider(key="clusters_scores").set_value((0, 0)).run()
    assert_calm(at)
    assert "No cluster lies in both ranges" in shown(at)
    assert value_of(at, "scores") == "0-0"


@pytest.mark.slow
def test_the_lab_page_counts_what_the_lab_holds(tiny_lab_folder):
    at = opened("lab", tiny_lab_folder)
    status = open_lab(tiny_lab_folder).status()
    figures = {metric.label: metric.value for metric in at.metric}
    for name in ("photos", "individuals", "scores", "heatmaps"):
        assert figures[name.capitalize()] == f"{status[name]:,}"


def jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


BLACK = np.zeros((40, 80, 3), np.uint8)


@pytest.mark.slow
def test_an_uploaded_photo_gets_five_candidates_and_a_verdict(tiny_lab):
    data = tiny_lab.photo_path(tiny_lab.scores()["photo_id"].iloc[0]).read_bytes()
    at = opened("identify", tiny_lab.folder)
    at.file_uploader[0].upload("IMG_1.jpg", data, "image/jpeg").run()
    assert_calm(at)
    keys = [button.key for button in at.button if str(button.key).startswith("candidate_")]
    assert keys == [f"candidate_{rank}" for rank in range(1, 6)]
    verdicts = "Reliable|Check by hand|Probably a new whale|Take another photo"
    boxes = [box.value for kind in (at.success, at.warning, at.info, at.error) for box in kind]
    assert any(re.match(rf"\*\*({verdicts})\.\*\*", text) for text in boxes)
    said = [text.value for text in at.markdown]
    assert any(re.search("hold the right answer for 90.% of photos", text) for text in said)
    named = {text.split("  \n")[0] for text in said}
    assert {"Score of the first candidate", "Sharpness"} <= named, named


@pytest.mark.slow
def test_an_answer_that_rests_on_the_tips_shows_whom_to_compare(tiny_lab, monkeypatch):
    monkeypatch.setattr("whalecore.lab.assess.ON_TIPS", 0.0)
    monkeypatch.setattr("pages.parts.evidence.ON_TIPS", 0.0)
    photo_id = tiny_lab.scores()["photo_id"].iloc[0]
    data = tiny_lab.photo_path(photo_id).read_bytes()
    at = opened("identify", tiny_lab.folder)
    at.file_uploader[0].upload("IMG_1.jpg", data, "image/jpeg").run()
    assert_calm(at)
    assert any("whose tips look alike" in text.value for text in at.markdown)
    assert any("similarity" in text.value for text in at.caption)


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", [b"this is text", b"", jpeg(np.zeros((40, 80, 3), np.uint8))[:200]]
)
def test_an_upload_that_is_no_photo_is_one_sentence(data, tiny_lab_folder):
    at = opened("identify", tiny_lab_folder)
    at.file_uploader[0].upload("IMG_1.jpg", data, "image/jpeg").run()
    assert not at.exception
    (error,) = at.error
    assert "IMG" in error.value
    assert "problem" not in error.value


@pytest.mark.slow
def test_a_crop_corrected_on_the_page_is_remembered(tiny_lab):
    photo = tiny_lab.photos().iloc[0]
    at = opened("identify", tiny_lab.folder)
    data = tiny_lab.photo_path(photo["photo_id"]).read_bytes()
    at.file_uploader[0].upload("IMG_1.jpg", data, "image/jpeg").run()
    across = next(one for one in at.slider if one.key.startswith("across_"))
    across.set_value((10, 100)).run()
    next(one for one in at.button if one.label == "Use this crop").click().run()
    assert_calm(at)
    crop = tiny_lab.crop(photo["photo_id"])
    assert crop.source == "corrected"
    assert (crop.box.x0, crop.box.x1) == (10, 100)
