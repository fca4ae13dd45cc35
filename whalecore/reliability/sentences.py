"""Sentences about pieces of evidence; the choice among them is made in `evidence_reasons`.

``value`` is the number that is shown, ``than`` what is usual of it.
"""

_LIKENESS = "a likeness of {value}, where 1 would be the same photo"
_PICTURES = "an agreement of {value}, where 1 would be the same picture"
_BALANCE = (
    "on a scale from -1 (everything speaks against the first candidate) to 1 (everything speaks "
    "for it) it reaches {value}"
)
_MARKS = (
    "{marks_back} of the first one's are found again here and {marks_back_second} of the second "
    "one's, a lead of {value}"
)
_CLUSTER = (
    "of the {heatmaps} photos with such a heatmap from which the rules were learned, "
    "{value} were identified rightly"
)

FOR = {
    "score": "The first candidate's score is {value}{than}.",
    "margin": "The first candidate's score is {value} that of the second{than}.",
    "entropy": "The scores are spread as if {value} candidates were equally likely, where 1 would "
    "be one alone{than}.",
    "nearest_distance": f"A photo of a known whale looks very much like this one: {_LIKENESS}"
    "{than}.",
    "nearest_agreement": "Of the known photos that look most like this one, {value} show the first "
    "candidate{than}.",
    "share_correct": f"Heatmaps like this one are more often right than others: {_CLUSTER}"
    "{than}{unstable}.",
    "compactness": "The heatmap points to few places: its strongest tenth holds {value} of what "
    "speaks for the first candidate{than}.",
    "inside_fluke": "What speaks for the first candidate lies on the fluke, not on the water: "
    "{value} of it{than}.",
    "balance": "The heatmap holds much that speaks for the first candidate: "
    + _BALANCE + "{than}.",
    "cam_agreement": f"A second kind of heatmap points to the same places: {_PICTURES}" "{than}.",
    "patch_agreement": "A heatmap made by covering larger squares points to the same places: "
    f"{_PICTURES}" "{than}.",
    "visible": "Much of the fluke is seen: {value} of a whole one{than}.",
    "encounter_support": "The other photos of the encounter support the first candidate: they give "
    "it a score of {value} on average{than}.",
    "back_lead": "Marks of the candidates' photos tell the first from the second: "
    + _MARKS + "{than}.",
}  # fmt: skip
"""Evidence that speaks for the first candidate."""

AGAINST = {
    "score": FOR["score"],
    "margin": FOR["margin"],
    "entropy": FOR["entropy"],
    "nearest_distance": "Even the known photo that is most similar differs from this one: "
    f"{_LIKENESS}" "{than}.",
    "nearest_agreement": FOR["nearest_agreement"],
    "share_correct": f"Heatmaps like this one are less often right than others: {_CLUSTER}"
    "{than}{unstable}.",
    "compactness": "The heatmap is spread over many places: its strongest tenth holds only {value} "
    "of what speaks for the first candidate{than}.",
    "inside_fluke": "Some of what speaks for the first candidate lies beside the fluke, on water "
    "or sky: only {value} lies on it{than}.",
    "balance": "More of the heatmap than with other photos speaks against the first candidate: "
    + _BALANCE + "{than}.",
    "cam_agreement": "A second kind of heatmap agrees less on the places than with other photos: "
    f"{_PICTURES}" "{than}.",
    "patch_agreement": "A heatmap made by covering larger squares agrees less on the places than "
    "with other photos: "
    f"{_PICTURES}" "{than}.",
    "visible": "A part of the fluke is not seen: {value} of a whole one is{than}.",
    "encounter_support": "The other photos of the encounter support the first candidate less "
    "than with other photos: they give it a score of {value} on average{than}.",
    "back_lead": "Marks of the candidates' photos tell the first from the second less clearly than "
    "with other photos: "
    + _MARKS + "{than}.",
}  # fmt: skip
"""The same where it speaks against the first candidate."""

NEW = {
    "score": "No known individual fits well: the highest score is {value}{than}.",
    "nearest_distance": AGAINST["nearest_distance"],
    "log_margin": "No known individual stands out: the first candidate's score is {value} that of "
    "the second{than}.",
}
"""Evidence that speaks for an animal which is not known yet."""

ALONE = {
    1: "The first candidate's score is {score:.3f}, and no single piece of evidence stands out for "
    "it.",
    -1: "The first candidate's score is {score:.3f}, and no single piece of evidence speaks "
    "clearly against it.",
}
