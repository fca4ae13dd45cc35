"""Reports: right numbers, escaped texts, and nothing from outside the page."""

from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

from tests import lab_rows
from tests.assessed import assessment
from whalecore.cli import main
from whalecore.errors import LabError, PhotoError, SettingsError
from whalecore.lab import create_lab, open_lab
from whalecore.workflow.report import assessment_page, report_page, write_report
from whalecore.workflow.report.charts import reliability_chart
from whalecore.workflow.report.html import element, picture, strong, table

HOSTILE = '<script src="https://example.org/x.js">alert(1)</script><img src=x onerror=y>&"\''


class Reader(HTMLParser):
    """Collects elements, addresses and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.addresses, self.texts, self.handlers = [], [], [], []
        self.rows, self.policies, self.in_cell = [], [], False
        self.pictured = []
        self.feed(page)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True
        if tag == "img":
            self.pictured.append(dict(attributes).get("alt"))
        for name, value in attributes:
            if name in ("src", "srcset", "href", "data", "action", "poster"):
                self.addresses.append(value)
            if name == "content" and value.startswith("default-src"):
                self.policies.append(value)
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.texts.append(data)
        if self.in_cell:
            self.rows[-1][-1] += data.strip().replace("\N{NO-BREAK SPACE}", " ")


def assert_self_contained(page: str) -> Reader:
    read = Reader(page)
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & set(read.tags)
    assert not read.handlers
    assert all(address.startswith("data:image/webp;base64,") for address in read.addresses)
    style = page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert read.policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    return read


def verdict(photo_id: str, verdict: str, truth: str, **other) -> dict:
    row = {
        "model_id": "m",
        "clustering_id": None,
        "photo_id": photo_id,
        "part": "test",
        "verdict": verdict,
        "p_correct": 0.9 if verdict == "reliable" else 0.3,
        "p_new_whale": 0.1,
        "correct": truth == "right",
        "known": truth != "new",
        "score": 0.8 if truth == "right" else 0.4,
        "cluster": 2,
        "set_size": 1 if verdict == "reliable" else 3,
        "set_holds": truth == "right",
        "reason": HOSTILE,
    }
    return {**row, **other}


KINDS = [
    *[("reliable", "right")] * 19,
    ("reliable", "wrong"),
    *[("check", "right")] * 4,
    *[("check", "wrong")] * 6,
    *[("new_whale", "new")] * 7,
    ("new_whale", "right"),
    *[("retake", "wrong")] * 2,
]


@pytest.fixture
def lab(tmp_path):
    lab = create_lab(tmp_path / "lab", HOSTILE, tmp_path)
    ids = [f"p{number:02}" for number in range(len(KINDS))]
    lab.write("catalogue", [lab_rows.photo(one) for one in ids])
    sharp = np.linspace(0.1, 0.9, len(ids))
    lab.write(
        "crops",
        [
            lab_rows.crop(one, sharpness=value, fluke_share=0.5)
            for one, value in zip(ids, sharp, strict=True)
        ],
    )
    lab.write("models", [lab_rows.model("m", fold=0)])
    judged = [verdict(one, *kind) for one, kind in zip(ids, KINDS, strict=True)]
    # Photos of validation judge nothing here.
    lab.write("verdicts", [*judged, verdict("v1", "reliable", "wrong", part="validation")])
    return lab


def figure(metric: str, value: float, low: float, high: float, photos: int = 40) -> dict:
    return {"model_id": "m", "metric": metric, "value": value, "low": low, "high": high,
            "photos": photos, "part": "test"}  # fmt: skip


def test_a_text_is_escaped_and_html_is_not_escaped_twice():
    inner = element("b", HOSTILE)
    assert "<script" not in inner
    assert element("p", inner, 1 < 2, None, [3, "&"]) == f"<p>{inner}True3&amp;</p>"
    assert element("p", title='"><b>') == '<p title="&quot;&gt;&lt;b&gt;"></p>'
    assert Reader(table([HOSTILE], [[HOSTILE]], note=HOSTILE)).text.count(HOSTILE) == 3


def test_a_picture_lies_within_the_page():
    pixels = np.zeros((4, 6, 3), np.uint8)
    (address,) = Reader(picture(pixels, HOSTILE)).addresses
    assert address.startswith("data:image/webp;base64,")


def test_an_empty_lab_says_what_to_do(tmp_path):
    page = report_page(create_lab(tmp_path / "lab", HOSTILE, tmp_path))
    assert "run the command calibrate" in assert_self_contained(page).text


def test_hostile_texts_stay_texts_and_nothing_is_asked_of_other_places(lab):
    lab.write("evaluations", [figure(HOSTILE, 1, 0, 2)])
    read = assert_self_contained(report_page(lab))
    assert HOSTILE in " ".join(read.texts)


def test_the_confusion_of_verdicts_and_truth_is_counted(lab):
    rows = assert_self_contained(report_page(lab)).rows
    assert ["Reliable", "19 (95 %)", "1 (5 %)", "0 (0 %)", "20"] in rows
    assert ["Check by hand", "4 (40 %)", "6 (60 %)", "0 (0 %)", "10"] in rows
    assert ["Probably a new whale", "1 (12 %)", "0 (0 %)", "7 (88 %)", "8"] in rows
    assert ["Take another photo", "0 (0 %)", "2 (100 %)", "0 (0 %)", "2"] in rows
    assert ["all", "24", "9", "7", "40"] in rows


def test_the_summary_names_errors_among_the_reliable_with_their_interval(lab):
    text = assert_self_contained(report_page(lab)).text.replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "Of 40 test photos, 20 would be called reliable (50 %), and 1 of these were wrong" in text
    )
    # Wilson's interval for 1 of 20.
    assert "That is 5 %; with 95 % confidence between 0.9 % and 24 %." in text
    assert "Left to people: 10 to be checked by hand" in text


def test_sets_are_counted_by_size_and_by_what_they_hold(lab):
    text = assert_self_contained(report_page(lab)).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "held the right answer for 24 of 40 photos (60 %" in text


def test_groups_of_few_photos_show_no_shares(lab):
    rows = assert_self_contained(report_page(lab)).rows
    few = [row for row in rows if row[0].startswith("Sharpness")]
    assert [row[1] for row in few] == ["14", "13", "13"]
    assert all(row[2:] == ["too few"] * 3 for row in few)
    # With the photo of validation, which judges nothing above.
    (cluster,) = [row for row in rows if row[0] == "Cluster 2"]
    assert cluster[1] == "41"
    assert cluster[2].startswith("59 % (")
    assert cluster[3].startswith("51 % (")


def test_verdicts_of_other_clusterings_do_not_count(lab):
    lab.write("verdicts", [verdict("p00", "retake", "wrong", clustering_id="other")])
    rows = assert_self_contained(report_page(lab)).rows
    assert ["all", "24", "9", "7", "40"] in rows


def test_whether_the_heatmaps_add_anything_is_said_plainly(lab):
    gains = [
        figure("heatmap_gain_auroc", 0.05, 0.01, 0.09),
        figure("heatmap_gain_risk_coverage", -0.05, -0.09, -0.01),
    ]
    lab.write("evaluations", [{**one, "part": "validation and test"} for one in gains])
    text = assert_self_contained(report_page(lab)).text
    assert "help in one way and harm in another: right told from wrong, but not fewer" in text


def test_stars_make_words_strong():
    assert element("p", strong("a **b** <")) == "<p>a <strong>b</strong> &lt;</p>"


def test_warnings_of_heatmaps_stand_in_the_summary(lab):
    lab.write("evaluations", [figure("faithful_osm_over_centre", 0.0, -0.1, 0.1)])
    read = assert_self_contained(report_page(lab))
    assert read.text.count("Occlusion maps are not shown to be better than a spot") == 2


def test_the_reliability_diagram_draws_a_dot_for_each_filled_range():
    chances = np.repeat([0.15, 0.55, 0.95], [8, 4, 6])
    page = reliability_chart(chances, np.ones(18, bool))
    assert page.count("<circle") == 2
    assert "4 photos lie in ranges of fewer than 5" in page


def test_the_file_is_there_whole_and_replaces_an_older_one(lab, tmp_path):
    path = tmp_path / "new folder" / "report.html"
    write_report(lab, path)
    first = path.read_text(encoding="utf-8")
    assert write_report(lab, path) == path
    assert first.startswith("<!doctype html>")
    assert first.rstrip().endswith("</html>")
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]


def test_a_report_that_cannot_be_written_says_so(lab, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("x")
    with pytest.raises(LabError, match="cannot be written"):
        write_report(lab, blocker / "report.html")
    with pytest.raises(SettingsError, match=r"\.html"):
        write_report(lab, tmp_path / "report.pdf")


def test_photos_and_clusters_that_are_not_there_are_named(lab):
    with pytest.raises(LabError, match="no photo 'nowhere'"):
        report_page(lab, photo="nowhere")
    with pytest.raises(LabError, match="no clusters yet"):
        report_page(lab, cluster=3)
    with pytest.raises(SettingsError, match="only one"):
        report_page(lab, photo="p00", cluster=1)


def test_the_page_of_a_photo_holds_all_that_speaks_for_its_answer(lab):
    names = ("a", "b", HOSTILE, "d", "e")
    read = assert_self_contained(assessment_page(lab, assessment("p00", names, HOSTILE)))
    for part in ("Verdict", "Decision", "The photo", "Candidates", "Cluster of the heatmap",
                 "Evidence", "Reliable", "97 %", "1. a · score 0.800", f"3. {HOSTILE} · score",
                 "squares of 16 pixels", "90 % (80 % to 95 % with 95 % confidence)"):  # fmt: skip
        assert part in read.text.replace("\N{NO-BREAK SPACE}", " "), part
    # Photo, crop, scale (light and dark) and a heatmap for each of the five.
    assert read.tags.count("img") == 2 + 1 + 5
    assert len(read.pictured) == read.tags.count("img")
    assert all(read.pictured)
    assert ["Sharpness", "0.50"] in [row[:2] for row in read.rows]


def test_the_page_of_a_photo_says_what_people_decided(lab):
    def text() -> str:
        return assert_self_contained(assessment_page(lab, assessment("p00", ("a", "b")))).text

    assert "Nobody has decided about this photo yet." in text()
    assert "The catalogue names nobody." in text()
    first = lab.decide("p00", "confirm", "b", "Anna", note=HOSTILE)
    assert "It is b. Decided by Anna." in text()
    assert HOSTILE in text()
    lab.decide("p00", "retake", reviewer="Ben")
    assert "The reviewers differ" in text()
    lab.undo(first.review_id, "Anna")
    assert "It cannot be identified: take another photo. Decided by Ben." in text()
    assert "no, taken back" in text()


def test_a_photo_that_is_not_in_the_lab_has_a_page_too(lab):
    read = assert_self_contained(assessment_page(lab, assessment("f" * 16, ("a", "b"))))
    assert "The photo is not in the lab's catalogue." in read.text


def test_the_page_leans_on_no_cluster_where_the_heatmap_is_unlike_any(lab):
    read = assert_self_contained(assessment_page(lab, assessment("p00", ("a", "b"), unlike=True)))
    assert "The nearest cluster is 3." in read.text
    assert "with 95 % confidence" not in read.text.replace("\N{NO-BREAK SPACE}", " ")


def test_dark_colours_are_for_screens_alone(lab):
    page = assessment_page(lab, assessment("p00", ("a", "b")))
    assert page.count("prefers-color-scheme: dark") == 2
    assert page.count("screen and (prefers-color-scheme: dark)") == 2


def test_the_command_writes_the_page_and_says_where(lab, tmp_path):
    target = tmp_path / "report.html"
    arguments = ["report", "--lab", str(lab.folder), "--to", str(target)]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert str(target) in outcome.output
    assert_self_contained(target.read_text(encoding="utf-8"))
    outcome = CliRunner().invoke(main, [*arguments, "--photo", "nowhere"])
    assert outcome.exit_code == 1
    assert "no photo 'nowhere'" in outcome.stderr


@pytest.mark.slow
def test_a_photo_of_a_lab_is_shown_with_candidates_heatmaps_and_evidence(demo_copy):
    lab = open_lab(demo_copy)
    photo_id = lab.rows("scores", rank=1)[0]["photo_id"]
    read = assert_self_contained(report_page(lab, photo=photo_id))
    prediction = lab.scores(photo_id=photo_id)
    for individual in prediction["individual"]:
        assert individual in read.text
    assert read.tags.count("img") >= 1 + 1 + 5
    assert "Score of the first candidate" in read.text


@pytest.mark.slow
def test_a_cluster_of_a_lab_is_shown_with_its_figures_and_heatmaps(demo_copy):
    lab = open_lab(demo_copy)
    clustering = lab.usual_clustering()
    lab.name_cluster(clustering, 3, HOSTILE[:70], HOSTILE)
    read = assert_self_contained(report_page(lab, cluster=3))
    row = lab.cluster_correctness(clustering).query("cluster == 3").iloc[0]
    assert ["Heatmaps", str(row["heatmaps"])] in read.rows
    assert read.tags.count("img") == 1 + min(24, row["heatmaps"])
    with pytest.raises(LabError, match="no cluster 99"):
        report_page(lab, cluster=99)


def test_a_photo_without_a_file_is_refused_in_a_sentence(lab):
    with pytest.raises(PhotoError, match=r"p01\.jpg"):
        report_page(lab, photo="p01.jpg")
