"""What a comparison is given to show, and which heatmap belongs to which photo."""

import re
from types import SimpleNamespace

import pandas as pd
import pytest

from pages.parts.compare import HERE, TERMS, Side, _address, _sent
from pages.parts.sides import MapKind, own_heatmap


@pytest.mark.parametrize(
    ("start", "kind"), [(b"\x89PNG..", "png"), (b"\xff\xd8..", "jpeg"), (b"RIFF..", "webp")]
)
def test_a_picture_is_sent_whole_under_its_own_kind(start, kind):
    assert _address(start).startswith(f"data:image/{kind};base64,")
    assert _address(None) is None


def test_a_side_without_words_for_the_picture_takes_its_title():
    sent = _sent(Side("w_1", b"RIFF", lines=("IMG_1.jpg",), note="No heatmap."))
    assert (sent["alt"], sent["lines"]) == ("w_1", ["IMG_1.jpg", "No heatmap."])


def test_names_of_files_are_never_taken_for_a_page():
    script = (HERE / "compare.js").read_text(encoding="utf-8")
    assert "textContent" in script
    assert not [word for word in ("innerHTML", "insertAdjacentHTML", "http") if word in script]


def lab_with(options: list[tuple[str, str, str, str]], gone: tuple[str, ...] = ()):
    """A lab whose photo has heatmaps: (model, individual, method, settings)."""
    columns = ["model_id", "individual", "method", "settings"]
    return SimpleNamespace(
        heatmap_options=lambda photo_id: pd.DataFrame(options, columns=columns),
        heatmap=lambda model, photo, who, method, settings: (
            None if settings in gone else (model, who, settings)
        ),
    )


KIND = MapKind("new", "patch=16")


def test_the_heatmap_of_the_same_individual_settings_and_model_is_preferred():
    lab = lab_with(
        [
            ("new", "b", "osm", "patch=16"),
            ("old", "a", "osm", "patch=5"),
            ("old", "a", "osm", "patch=16"),
            ("new", "a", "osm", "patch=16"),
            ("new", "a", "gradcam", "layer=layer4"),
        ]
    )
    assert own_heatmap(lab, "photo", "a", KIND) == ("new", "a", "patch=16")


def test_another_heatmap_of_the_individual_is_better_than_none():
    lab = lab_with([("old", "a", "osm", "patch=16"), ("old", "a", "osm", "patch=5")], ("patch=16",))
    assert own_heatmap(lab, "photo", "a", KIND) == ("old", "a", "patch=5")


def test_a_heatmap_of_a_longer_list_is_of_the_same_model():
    lab = lab_with([("old", "a", "osm", "patch=16"), ("new.1234", "a", "osm", "patch=16")])
    assert own_heatmap(lab, "photo", "a", KIND) == ("new.1234", "a", "patch=16")
    one = SimpleNamespace(model_id="new.1234", settings="patch=16")
    assert KIND.fits(one)
    assert not KIND.fits(SimpleNamespace(model_id="old", settings="patch=16"))
    assert not KIND.fits(SimpleNamespace(model_id="new", settings="patch=5"))


def test_every_control_says_what_it_does_where_the_pointer_rests_on_it():
    page = (HERE / "compare.html").read_text(encoding="utf-8")
    assert re.findall(r'data-term="(\w+)"', page) == list(TERMS)
    assert all(words.endswith(".") for words in TERMS.values())
    bare = re.findall(r"<(?:button|label)(?![^>]*(?:title|data-term)=)[^>]*>", page)
    assert bare == []


def test_a_heatmap_for_somebody_else_is_not_shown():
    lab = lab_with([("new", "b", "osm", "patch=16")])
    assert own_heatmap(lab, "photo", "a", KIND) is None
