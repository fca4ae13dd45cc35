"""The command `export`: whole tables, and pictures."""

import json

import pandas as pd
from click.testing import CliRunner

from whalecore.cli import main


def give(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_exported_tables_hold_all_rows_and_no_formulas(tiny_lab, tmp_path):
    tiny_lab.write(
        "reviews",
        [{"review_id": "r1", "photo_id": "0" * 16, "decision": "check", "note": "=HYPERLINK(1)"}],
    )
    answer = give("export", "--lab", tiny_lab.folder, "--to", tmp_path / "out", "--json")
    assert answer.exit_code == 0, answer.stderr
    scores = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert len(scores) == tiny_lab.status()["scores"]
    assert pd.read_csv(tmp_path / "out" / "reviews.csv")["note"].tolist() == ["'=HYPERLINK(1)"]
    answer = give("export", "scores", "--lab", tiny_lab.folder, "--to", tmp_path, "--format",
                  "parquet")  # fmt: skip
    assert answer.exit_code == 0
    assert len(pd.read_parquet(tmp_path / "scores.parquet")) == len(scores)


def test_heatmaps_are_exported_as_pictures(tiny_lab, tmp_path):
    answer = give("export", "--lab", tiny_lab.folder, "--to", tmp_path, "--format", "png", "--json")
    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["written"] == len(list(tmp_path.glob("*.png"))) > 0
