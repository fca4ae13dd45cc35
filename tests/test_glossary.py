"""The glossary: one plain sentence a term."""

import re

import pytest

from whalecore.errors import SettingsError
from whalecore.glossary import TERMS, explain

NEEDED = [
    "fluke",
    "individual",
    "encounter",
    "score",
    "logit",
    "top 5",
    "occlusion sensitivity map",
    "OSM",
    "Grad-CAM",
    "heatmap",
    "cluster",
    "eigengap",
    "cluster correctness",
    "mean score",
    "standard deviation",
    "held out",
    "gallery",
    "patch",
    "stride",
    "layer",
    "temperature",
    "verdict",
    "reliable",
    "check",
    "new whale",
    "retake",
    "quality",
    "margin",
    "membership",
    "sigma",
    "crop",
    "demo lab",
    "lab",
    "model",
    "rank",
    "exact",
    "fast",
    "engine",
    "coarse",
    "stability",
    "unstable",
    "unlike any cluster",
    "purity",
    "fluke part",
    "exact or scale",
]


@pytest.mark.parametrize("term", NEEDED)
def test_the_words_of_the_dashboard_are_explained(term):
    assert len(explain(term)) > 20


@pytest.mark.parametrize("term", TERMS)
def test_an_explanation_is_one_sentence(term):
    sentence = TERMS[term]
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert not re.search(r"[.!?]\s", sentence)


@pytest.mark.parametrize("term", TERMS)
def test_an_explanation_needs_no_dictionary_of_machine_learning(term):
    jargon = r"softmax|tensor|gradient|Laplacian|logits|embedding|epoch|batch|convolution|WebP|SQL"
    assert not re.search(jargon, TERMS[term])


@pytest.mark.parametrize("term", TERMS)
def test_terms_are_lower_case_so_that_they_are_found(term):
    assert term == term.lower().strip()


def test_case_and_spaces_do_not_matter():
    assert explain("  Cluster   Correctness ") == TERMS["cluster correctness"]


def test_an_unknown_term_names_the_nearest_one():
    with pytest.raises(SettingsError, match="did you mean 'stride'"):
        explain("stryde")
