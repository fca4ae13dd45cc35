"""Commands that are shown can be typed as they are."""

import re
import shlex
from pathlib import Path

import pytest

from whalecore.errors import LabError
from whalecore.lab import create_lab, open_lab
from whalecore.terminal import lab_option

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("folder", ["/labs/mine", "/my labs/it's", "/a;b$(c)", "-x", Path("/a b")])
def test_the_shell_reads_the_folder_as_one_word(folder):
    assert shlex.split(lab_option(folder)) == ["--lab", str(folder)]


def test_a_plain_folder_is_not_quoted():
    assert lab_option("/labs/mine") == "--lab /labs/mine"


def test_no_command_that_is_shown_names_a_lab_in_any_other_way():
    sources = [*(ROOT / "whalecore").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    found = [path.name for path in sources if "--lab {" in path.read_text(encoding="utf-8")]
    assert found == ["terminal.py"]


def test_no_command_that_is_shown_lacks_the_lab_it_needs():
    """A line that names a command goes on with --lab, or the page says which lab is meant."""
    sources = [*(ROOT / "whalecore").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    command = r"whalecore (cluster|explain|calibrate|train|score|import|run)[^'`]*['`]"
    lines = [line for path in sources for line in path.read_text(encoding="utf-8").splitlines()]
    shown = [line for line in lines if re.search(command, line) and "python -m" in line]
    assert len(shown) >= 5
    assert [line for line in shown if "lab" not in re.search(command, line)[0].lower()] == []


def test_a_message_about_a_folder_with_blanks_holds_the_command(tmp_path):
    folder = tmp_path / "my lab"
    with pytest.raises(LabError) as missing:
        open_lab(folder)
    assert f"run PHOTOS --lab '{folder}'" in str(missing.value)
    (tmp_path / "photos").mkdir()
    lab = create_lab(folder, name="mine", photo_root=tmp_path / "photos")
    with pytest.raises(LabError) as without_model:
        lab.identifier()
    assert f"train --lab '{folder}'" in str(without_model.value)
