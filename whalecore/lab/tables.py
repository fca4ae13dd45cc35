"""The tables of a lab: every column with its type, unit and meaning.

``data/README.md`` says the same in the same words; a test compares them.
"""

from __future__ import annotations

import pyarrow as pa

from whalecore.lab.columns import (
    BYTES,
    HALVES,
    MOMENT,
    REAL,
    TEXT,
    YES_NO,
    Column,
    Table,
    box_columns,
    json_column,
    real_column,
    stamp_column,
    text_column,
    whole_column,
)

PHOTO_ID = text_column("photo_id", "first 16 hexadecimal digits of the SHA-256 of the photo file")
MODEL_ID = text_column("model_id", "the model")
METHOD = text_column("method", "how the heatmap is made: `osm` (occlusion) or `gradcam`")
SETTINGS = text_column("settings", "the method's settings, for example `layer=layer4`")
CROP = text_column("crop", "the box that was cut out: left, upper, right, lower edge", "pixels")
EXPLAINED = text_column("individual", "the individual that is explained")
RANK = whole_column("rank", "the individual's rank among the candidates, 1 to 5")
SCORE = real_column("score", "the individual's score for the whole photo", "0 to 1", required=True)
RANK_EXPLAINED = whole_column(
    "rank",
    "the individual's rank among the candidates; beyond 5 only where it was asked for by name",
)
GRID = (
    whole_column("rows", "rows of the grid", "grid points"),
    whole_column("cols", "columns of the grid", "grid points"),
)
ENGINE = "what computed an occlusion map: `exact` or `reference`, and a precision below `float32`"
DEVIATION = (
    "largest difference of estimated values, or of those of lower precision, from exact ones, "
    "on a sample"
)
HEATMAP_KEY = ("model_id", "photo_id", "individual", "method", "settings")

CATALOGUE = Table(
    "catalogue",
    "The photos of the collection, one row each.",
    ("photo_id",),
    (
        PHOTO_ID,
        text_column("path", "where the file lies: within the photo folder, or in full"),
        text_column("name", "file name, for people"),
        text_column("individual", "the known animal; empty when not yet known", required=False),
        text_column("encounter", "the sighting the photo belongs to", required=False),
        Column("taken_at", MOMENT, "when the photo was taken", "camera time"),
        real_column("latitude", "where it was taken, north positive", "degrees"),
        real_column("longitude", "where it was taken, east positive", "degrees"),
        whole_column("width", "width of the upright photo", "pixels"),
        whole_column("height", "height of the upright photo", "pixels"),
        text_column("perceptual_hash", "short code that similar pictures share", required=False),
        *box_columns("given", "the fluke's box that came with the collection", False),
        stamp_column("imported_at", "when the row was imported"),
    ),
)

PROBLEMS = Table(
    "problems",
    "What could not be imported, or deserves a look.",
    ("source", "name", "kind", "reason"),
    (
        text_column("source", "the collection that was imported"),
        text_column("name", "the photo or row in question"),
        text_column(
            "kind",
            "`refused`, `unreadable`, `missing`, `exact duplicate`, `near duplicate`, "
            "`conflict` or `note`",
        ),
        text_column("reason", "one sentence: what was found and what to do"),
        stamp_column("seen_at", "when it was seen"),
    ),
)

CROPS = Table(
    "crops",
    "Where the fluke is on each photo, and how good the photo is there.",
    ("photo_id",),
    (
        PHOTO_ID,
        *box_columns("crop", "the fluke's box", True),
        CROP,
        text_column(
            "crop_source",
            "`corrected` (by hand), `given` (with the collection), `detector` or `whole` "
            "(no box was found)",
        ),
        real_column("crop_confidence", "how sure the detector is of the box", "0 to 1"),
        text_column("detector", "which detector found the box", required=False),
        real_column("sharpness", "fine detail in the crop, higher is better", "0 to 1"),
        real_column("exposure", "share of pixels neither black nor burnt out", "0 to 1"),
        real_column("contrast", "spread of brightness, higher is better", "0 to 1"),
        real_column("fluke_share", "share of the photo that the box covers", "0 to 1"),
        real_column("resolution", "pixels of the crop against pixels of the model", "0 to 1"),
        stamp_column("made_at", "when the box was found or drawn"),
    ),
)

KEYPOINTS = Table(
    "keypoints",
    "Marks of each fluke that can be found again on other photos of the animal.",
    ("photo_id", "settings"),
    (
        PHOTO_ID,
        CROP,
        text_column("settings", "how they were looked for, for example `sift,count=400,...`"),
        whole_column("marks", "how many were found", "marks"),
        Column(
            "frames",
            BYTES,
            "x, y and size of each in pixels of the crop, in half precision, mark by mark",
            required=True,
        ),
        Column(
            "descriptors", BYTES, "what each looks like, 128 bytes a mark (RootSIFT)", required=True
        ),
        Column(
            "words",
            BYTES,
            "the same in words by which photos with such marks are found: a vocabulary's first 8 "
            "bytes, then 18 bytes a mark; empty before they were looked for by marks",
        ),
        stamp_column("made_at", "when they were found"),
    ),
    row_group=256,
)

SPLITS = Table(
    "splits",
    "Which photos judge which model: a model never judges photos it was trained on.",
    ("photo_id",),
    (
        PHOTO_ID,
        whole_column("fold", "number of the model that never sees this photo in training"),
        text_column(
            "part", "`validation` (settings are chosen on it) or `test` (results are reported)"
        ),
        Column("known", YES_NO, "whether that model knows the individual", required=True),
        text_column("unit", "photos that are never divided: one encounter, or near duplicates"),
        stamp_column("planned_at", "when the photo was assigned"),
    ),
)

MODELS = Table(
    "models",
    "The identifiers trained in this lab.",
    ("model_id",),
    (
        MODEL_ID,
        text_column("architecture", "the network, for example `resnet18`"),
        whole_column("input_height", "height of the crop the network looks at", "pixels"),
        whole_column("input_width", "width of the crop the network looks at", "pixels"),
        Column("individuals", pa.list_(TEXT), "the individuals it can name", required=True),
        text_column("fingerprint", "SHA-256 over everything that scores depend on"),
        real_column("temperature", "divides the raw scores so that scores can be trusted"),
        real_column(
            "mark_weight",
            "what the strength of matching marks is multiplied by before it is added to the "
            "logarithm of a score; 0 where they proved worthless, empty where it was not measured",
        ),
        whole_column("fold", "photos of this fold were kept out of training", required=False),
        whole_column("folds", "number of folds the photos were divided into", required=False),
        stamp_column("trained_at", "when training ended"),
        Column(
            "photos_read_at",
            MOMENT,
            "when it was settled which photos it learns from; empty for models of older versions",
            "UTC",
        ),
        whole_column("photos_trained", "photos it was trained on", "photos", required=False),
        json_column("settings", "training settings"),
        json_column("metrics", "how well it did"),
        json_column(
            "curves",
            "what each epoch came to: loss, learning rate, seconds, photos per second, and how "
            "often photos of `validation` were right; empty for models of older versions",
        ),
    ),
)

SCORES = Table(
    "scores",
    "The five most likely individuals of each photo.",
    ("model_id", "photo_id", "rank"),
    (
        MODEL_ID,
        PHOTO_ID,
        CROP,
        whole_column("rank", "1 for the most likely individual, up to 5"),
        text_column("individual", "the candidate"),
        real_column("score", "calibrated probability of the candidate", "0 to 1", required=True),
        real_column(
            "logit", "raw score before calibration, matching marks included", required=True
        ),
        whole_column(
            "marks",
            "matching marks with the photo of the candidate that matches best; empty where none "
            "were looked for",
            "marks",
            required=False,
        ),
        text_column("matched_photo", "that photo; empty where nothing matches", required=False),
        Column("is_reference", YES_NO, "whether the candidate is the true one", required=True),
        text_column("origin", "how the photo relates to the model: `held out` from its training"),
    ),
)

SHARED_MARKS = Table(
    "shared_marks",
    "Marks that each scored photo shares with the individuals that the network found most likely.",
    ("model_id", "photo_id"),
    (
        MODEL_ID,
        PHOTO_ID,
        CROP,
        Column("individuals", pa.list_(TEXT), "those with at least one", required=True),
        Column("strengths", pa.list_(REAL), "how clear they are, all together", required=True),
        stamp_column("made_at", "when they were counted"),
    ),
)

EMBEDDINGS = Table(
    "embeddings",
    "What the model makes of each photo: similar photos have similar numbers.",
    ("model_id", "photo_id"),
    (
        MODEL_ID,
        PHOTO_ID,
        CROP,
        text_column(
            "role",
            "`gallery` (the model was trained on it: new photos are compared with it), `held out` "
            "(the model never saw it) or `named later` (neither; its individual is known by such "
            "photos alone)",
        ),
        Column("values", HALVES, "the embedding, of length 1", required=True),
        Column(
            "tips",
            HALVES,
            "the same of the photo with all but the tips of the fluke covered; only of the newest "
            "two photos of each individual of the gallery",
        ),
        stamp_column("made_at", "when it was computed"),
    ),
)

EVIDENCE = Table(
    "evidence",
    "What speaks for and against the first candidate of each scored photo, beside its score.",
    ("model_id", "photo_id"),
    (
        MODEL_ID,
        PHOTO_ID,
        CROP,
        real_column(
            "nearest_distance", "cosine distance to the most similar photo of the gallery", "0 to 2"
        ),
        real_column(
            "nearest_agreement",
            "share of the five most similar photos of the gallery that show the first candidate",
            "0 to 1",
        ),
        text_column(
            "settings",
            "settings of the occlusion map that the next columns describe, that of the first "
            "candidate; empty without one",
            required=False,
        ),
        real_column(
            "compactness",
            "share of its positive values in the tenth of the grid that holds most",
            "0 to 1",
        ),
        real_column("inside_fluke", "share of its positive values on the fluke", "0 to 1"),
        real_column(
            "balance",
            "its positive minus its negative values, as a share of both",
            "-1 to 1",
        ),
        real_column("cam_agreement", "its correlation with Grad-CAM of `layer4`", "-1 to 1"),
        real_column(
            "patch_agreement",
            "its correlation with the map of twice the patch and stride",
            "-1 to 1",
        ),
        real_column(
            "changing_share",
            "share of its positive values on the tips, which change over the years",
            "0 to 1",
        ),
        real_column(
            "left_tip",
            "its share on the left tip alone; empty, as the next five, in rows of earlier versions",
            "0 to 1",
        ),
        real_column("right_tip", "on the right tip", "0 to 1"),
        real_column("trailing_edge", "on the trailing edge", "0 to 1"),
        real_column("notch", "on the notch", "0 to 1"),
        real_column("leading_edge", "on the leading edge", "0 to 1"),
        real_column(
            "inner_surface",
            "on the inner surface, whose pigmentation changes in young animals",
            "0 to 1",
        ),
        real_column(
            "visible",
            "share of a fluke's usual place where one is seen; empty where no box was found",
            "0 to 1",
        ),
        real_column(
            "cut_off",
            "share of the box's outline on the photo's edge; empty where no box was found",
            "0 to 1",
        ),
        whole_column(
            "marks_back",
            "marks of the first candidate's `matched_photo` that are found on this photo; empty, "
            "as the next two, where marks do not count",
            "marks",
            required=False,
        ),
        whole_column(
            "marks_back_second", "the same of the second candidate", "marks", required=False
        ),
        whole_column(
            "network_rank",
            "rank that the first candidate would have by the network alone",
            required=False,
        ),
        stamp_column("made_at", "when it was gathered"),
    ),
)

HEATMAPS = Table(
    "heatmaps",
    "Which places of a photo speak for an individual; one grid of values each.",
    HEATMAP_KEY,
    (
        MODEL_ID,
        PHOTO_ID,
        CROP,
        EXPLAINED,
        METHOD,
        SETTINGS,
        RANK_EXPLAINED,
        SCORE,
        *GRID,
        Column(
            "values",
            HALVES,
            "the grid, row by row; positive supports the individual",
            "change of score",
            required=True,
        ),
        text_column("engine", ENGINE, required=False),
        whole_column(
            "computed",
            "positions that were computed; the others are estimated",
            "grid points",
            required=False,
        ),
        real_column(
            "correlation", "of estimated with computed values on a random sample", "-1 to 1"
        ),
        real_column("deviation", DEVIATION, "change of score"),
        stamp_column("made_at", "when it was computed"),
    ),
    row_group=1024,
)

UNFINISHED_HEATMAPS = Table(
    "unfinished_heatmaps",
    "Occlusion maps that were stopped, so that they can be continued.",
    HEATMAP_KEY,
    (
        MODEL_ID,
        PHOTO_ID,
        CROP,
        EXPLAINED,
        METHOD,
        SETTINGS,
        RANK_EXPLAINED,
        SCORE,
        *GRID,
        Column(
            "values",
            HALVES,
            "the grid, row by row; not a number (NaN) where a position is not computed yet",
            "change of score",
            required=True,
        ),
        whole_column("computed", "positions that are computed", "grid points"),
        text_column("engine", ENGINE),
        stamp_column("made_at", "when it was stopped, or had come so far"),
    ),
    row_group=1024,
    forgets=True,
)

SAMPLES = Table(
    "samples",
    "How photos were drawn at random for heatmaps; the heatmaps tell how far it came.",
    ("model_id", "method", "settings", "drawn_at"),
    (
        MODEL_ID,
        METHOD,
        SETTINGS,
        whole_column("population", "photos with scores, from which the sample was drawn", "photos"),
        whole_column("photo_limit", "photos wanted; empty for all", "photos", required=False),
        real_column("minutes", "time allowed; empty for as long as it takes", "minutes"),
        whole_column("seed", "number the random order depends on"),
        stamp_column("drawn_at", "when the sample was drawn"),
    ),
)

CLUSTERING_ID = text_column("clustering_id", "the clustering")
CLUSTER = whole_column("cluster", "number of the cluster, 1 for the most often correct")

CLUSTERINGS = Table(
    "clusterings",
    "Groupings of similar heatmaps; a grouping counts from the moment its row is here.",
    ("clustering_id",),
    (
        CLUSTERING_ID,
        MODEL_ID,
        METHOD,
        text_column("heatmap_settings", "settings of the heatmaps that were grouped"),
        text_column("ranks", "`correct` (correct assignments only) or `top5` (all five maps)"),
        json_column("settings", "settings of the clustering"),
        whole_column("clusters", "number of clusters", "clusters"),
        real_column("sigma", "width of the similarity between heatmaps"),
        json_column("sigma_sweep", "widths that were tried, and how they did"),
        Column("eigenvalues", pa.list_(REAL), "smallest eigenvalues, ascending", required=True),
        whole_column("heatmaps", "number of heatmaps that were grouped", "heatmaps"),
        real_column("stability", "how stable the clusters are on average", "0 to 1"),
        real_column(
            "noise_stability",
            "the same of as many clusters of noise; empty where it was not measured",
            "0 to 1",
        ),
        text_column(
            "mode",
            "`exact` (all heatmaps compared with all) or `scale` (for many heatmaps)",
            required=False,
        ),
        real_column(
            "usual_distance",
            "a new heatmap that is farther than this from the grouped ones is unlike any cluster; "
            "infinite where all are of one photo",
        ),
        json_column(
            "representation",
            "`parts` (method and settings of the maps that describe a heatmap together), "
            "`signed` (support and evidence against kept apart) and `aligned` (mirrored flukes "
            "turned)",
        ),
        json_column(
            "neighbouring",
            "per neighbouring number of clusters: how many heatmaps each pair of clusters shares, "
            "as lists of cluster, other cluster, heatmaps",
        ),
        text_column(
            "matched_to", "the clustering before, whose names were taken over", required=False
        ),
        text_column("arrays_sha256", "SHA-256 of the file that holds the arrays", required=False),
        stamp_column("made_at", "when it was made"),
        Column(
            "asked_at",
            MOMENT,
            "when it was last asked for again; empty where it was not. The one that was made, or "
            "asked for, last is in use",
            "UTC",
        ),
    ),
)

ASSIGNMENTS = Table(
    "assignments",
    "The cluster each heatmap falls into.",
    ("clustering_id", *HEATMAP_KEY),
    (
        CLUSTERING_ID,
        MODEL_ID,
        PHOTO_ID,
        EXPLAINED,
        METHOD,
        SETTINGS,
        CLUSTER,
        real_column("membership", "share of similar heatmaps in the same cluster", "0 to 1"),
        Column(
            "unlike",
            YES_NO,
            "whether the heatmaps of other photos are farther than usual, so that its cluster says "
            "nothing about it",
        ),
    ),
)

CLUSTERS = Table(
    "clusters",
    "What is known of each cluster beside its correctness.",
    ("clustering_id", "cluster"),
    (
        CLUSTERING_ID,
        CLUSTER,
        real_column(
            "stability",
            "share of its pairs that stay together when a part of the photos is clustered anew",
            "0 to 1",
        ),
        whole_column("heatmaps", "heatmaps in the cluster", "heatmaps"),
        whole_column("individuals", "individuals they explain", "individuals", required=False),
        real_column("purity", "share of the most frequent of these", "0 to 1"),
        text_column("individual", "that individual", required=False),
        whole_column(
            "photo_individuals",
            "individuals on their photos, as the catalogue names them; empty, as the next two, in "
            "clusterings of older versions",
            "individuals",
            required=False,
        ),
        real_column(
            "photo_purity",
            "share of the heatmaps whose photos show the most frequent of these",
            "0 to 1",
        ),
        text_column("photo_individual", "that individual", required=False),
        Column(
            "one_whale",
            YES_NO,
            "whether the photos are mostly of one animal, so that the cluster is no kind of place",
        ),
        json_column("part_shares", "share of the evidence per part of the fluke"),
        real_column("border_share", "share of the evidence at the picture's border", "0 to 1"),
        real_column("background_share", "share of the evidence beside the fluke", "0 to 1"),
        real_column("printed_share", "share of the evidence on printed strips", "0 to 1"),
        real_column("mirrored_share", "share of heatmaps that lie more on the right", "0 to 1"),
        real_column("blurred_share", "share of heatmaps of blurred photos", "0 to 1"),
        real_column(
            "new_share",
            "share of heatmaps whose animal the catalogue does not name, or the model did not "
            "learn",
            "0 to 1",
        ),
        json_column("warnings", "what to beware of, a sentence each"),
    ),
)

CLUSTER_NAMES = Table(
    "cluster_names",
    "Names and notes that people gave to clusters; never changed, only added to.",
    ("clustering_id", "cluster"),
    (
        CLUSTERING_ID,
        CLUSTER,
        text_column("name", "the name; an empty text where it was taken away"),
        text_column("note", "anything worth remembering", required=False),
        text_column("named_by", "who named it", required=False),
        stamp_column("named_at", "when"),
    ),
)

FAMILY_NAMES = Table(
    "family_names",
    "Names that people gave to families of clusters; never changed, only added to.",
    ("clustering_id", "clusters"),
    (
        CLUSTERING_ID,
        text_column("clusters", "numbers of its clusters in order, such as `1 4 7`"),
        text_column("name", "the name; an empty text where it was taken away"),
        text_column("named_by", "who named it", required=False),
        stamp_column("named_at", "when"),
    ),
)

CLUSTER_MATCHES = Table(
    "cluster_matches",
    "Which cluster of the clustering before each cluster continues.",
    ("clustering_id", "cluster"),
    (
        CLUSTERING_ID,
        CLUSTER,
        text_column("earlier_id", "the clustering before"),
        whole_column("earlier_cluster", "its cluster; empty where none fits", "", required=False),
        whole_column("shared", "heatmaps that both clusters hold", "heatmaps"),
        real_column("overlap", "these, of all heatmaps of either cluster", "0 to 1"),
    ),
)

EVALUATIONS = Table(
    "evaluations",
    "How good a model is, measured on photos it never saw.",
    ("model_id", "clustering_id", "metric", "part"),
    (
        MODEL_ID,
        text_column(
            "clustering_id", "the clustering, where the figure depends on one", required=False
        ),
        text_column("metric", "what was measured"),
        real_column("value", "the result"),
        real_column("low", "lower end of the 95 % interval"),
        real_column("high", "upper end of the 95 % interval"),
        whole_column("photos", "photos it was measured on", "photos", required=False),
        text_column("part", "`validation`, `test` or `validation and test`"),
        stamp_column("made_at", "when it was measured"),
    ),
)

HEATMAP_CURVES = Table(
    "heatmap_curves",
    "The first candidate's mean score while photos are covered, or uncovered, in a map's order.",
    ("model_id", "map", "curve", "share"),
    (
        MODEL_ID,
        text_column(
            "map",
            "`osm`, `gradcam`, or one that knows nothing of the network: `centre`, `random`, "
            "`edges`",
        ),
        text_column("curve", "`deletion` (covered) or `insertion` (uncovered)"),
        real_column("share", "share of the pixels that are covered, or uncovered", "0 to 1"),
        real_column("value", "mean score of the first candidate", "0 to 1"),
        real_column("low", "lower end of the 95 % interval"),
        real_column("high", "upper end of the 95 % interval"),
        whole_column("photos", "photos it was measured on", "photos"),
        stamp_column("made_at", "when it was measured"),
    ),
)

VERDICTS = Table(
    "verdicts",
    "The verdict on each scored photo, and the truth where the catalogue names somebody.",
    ("model_id", "clustering_id", "photo_id"),
    (
        MODEL_ID,
        text_column("clustering_id", "the clustering; empty without clusters", required=False),
        PHOTO_ID,
        text_column(
            "part",
            "`validation` (probabilities from rules fitted on other photos; thresholds chosen on "
            "these) or `test` (judged by the lab's rules); photos without a name are judged by the "
            "lab's rules in either part",
        ),
        text_column("verdict", "`reliable`, `check`, `new_whale` or `retake`"),
        real_column("p_correct", "probability that the first candidate is right", "0 to 1"),
        real_column("p_new_whale", "probability that the animal is new", "0 to 1"),
        Column("correct", YES_NO, "whether the first candidate is right; empty without a name"),
        Column("known", YES_NO, "whether the model knows the animal; empty without a name"),
        real_column("score", "score of the first candidate", "0 to 1"),
        whole_column("cluster", "cluster of its heatmap; empty without", required=False),
        whole_column(
            "set_size",
            "members of the set that holds the answer with the lab's confidence",
            "individuals",
            required=False,
        ),
        Column("set_holds", YES_NO, "whether the true answer is in that set"),
        text_column("reason", "the first reason of the verdict", required=False),
        stamp_column("made_at", "when it was given"),
    ),
)

REVIEWS = Table(
    "reviews",
    "What people decided about photos; never changed, only added to.",
    ("review_id",),
    (
        text_column("review_id", "the decision"),
        PHOTO_ID,
        text_column("reviewer", "who decided", required=False),
        text_column(
            "decision",
            "`confirm` (an individual that is known), `new_individual`, `retake` (cannot be "
            "identified) or `undo`",
        ),
        text_column("individual", "the individual; empty for `retake` and `undo`", required=False),
        text_column("undoes", "for `undo`: the decision that is taken back", required=False),
        text_column("note", "anything worth remembering", required=False),
        text_column("model_id", "the model whose candidates were seen", required=False),
        text_column("verdict", "the verdict that was seen", required=False),
        real_column("p_correct", "the probability that was seen with it", "0 to 1"),
        stamp_column("decided_at", "when"),
        text_column(
            "together",
            "shared by the rows of one decision about several photos; empty for one photo",
            required=False,
        ),
    ),
)

TABLES = {
    table.name: table
    for table in (
        CATALOGUE,
        PROBLEMS,
        CROPS,
        KEYPOINTS,
        SPLITS,
        MODELS,
        SCORES,
        SHARED_MARKS,
        EMBEDDINGS,
        EVIDENCE,
        HEATMAPS,
        UNFINISHED_HEATMAPS,
        SAMPLES,
        CLUSTERINGS,
        ASSIGNMENTS,
        CLUSTERS,
        CLUSTER_NAMES,
        FAMILY_NAMES,
        CLUSTER_MATCHES,
        EVALUATIONS,
        HEATMAP_CURVES,
        VERDICTS,
        REVIEWS,
    )
}
"""All physical tables by name."""

VIEW_KEYS = {"photos": ("photo_id",), "cluster_correctness": ("clustering_id", "cluster")}
"""Views that are no tables, with the columns that tell their rows apart."""
