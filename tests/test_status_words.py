"""What is missing in a lab is said to a person, number by number."""

from whalecore.status_words import STEPS, missing_words, status_lines

NOTHING = dict.fromkeys(STEPS, 0)
FULL = {"photos": 2315, "scores": 2895, "reviews": 3, "missing": NOTHING}


def test_a_finished_lab_says_that_nothing_is_missing_and_calls_reviews_decisions():
    assert status_lines(FULL) == [
        "photos: 2,315", "scores: 2,895", "decisions: 3", "missing: nothing",
    ]  # fmt: skip


def test_each_kind_of_missing_work_names_the_command_that_does_it():
    missing = {**NOTHING, "heatmaps": 1234, "rules": 1}
    assert status_lines({**FULL, "missing": missing})[3:] == [
        "missing: 1,234 photos with scores but without heatmaps (explain)",
        "missing: no rules of the verdict for the newest model (calibrate)",
    ]


def test_one_photo_is_one_photo():
    missing = {**NOTHING, "scores": 1}
    assert missing_words({**FULL, "missing": missing}) == [("1 photo without scores", "score")]


def test_an_empty_lab_is_told_to_import_first():
    empty = {"photos": 0, "missing": {**NOTHING, "models": 0}}
    assert status_lines(empty)[-1].startswith("missing: photos; the command import")


def test_numbers_are_bold_on_a_page():
    missing = {**NOTHING, "scores": 2, "clusterings": 1}
    assert missing_words({**FULL, "missing": missing}, bold=True) == [
        ("**2** photos without scores", "score"),
        ("**No** clusters of the newest model's heatmaps", "cluster"),
    ]
