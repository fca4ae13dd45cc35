"""What a verdict was made from: the cluster of the heatmap, and every piece of evidence."""

from __future__ import annotations

from whalecore.cluster_words import label_of, names_of, stability_words
from whalecore.glossary import explain
from whalecore.lab.assess import Assessment
from whalecore.lab.lab import Lab
from whalecore.reliability.evidence_reasons import FEW
from whalecore.types import ClusterEvidence
from whalecore.verdict_words import counted_words, evidence_rows, fine_percent
from whalecore.workflow.report.html import Html, element, section, table
from whalecore.workflow.usual import usual_evidence


def cluster_section(lab: Lab, cluster: ClusterEvidence | None) -> Html:
    """The cluster of the first candidate's heatmap, and how often such heatmaps were right."""
    title = "Cluster of the heatmap"
    if cluster is None:
        return section(title, element("p", "The lab has no clusters yet."))
    clustering = lab.usual_clustering()
    name = names_of(lab.cluster_names(clustering)).get(cluster.id)
    called = label_of(cluster.id, name, cluster.stability)
    if cluster.unlike:
        return section(
            title,
            element("p", explain("unlike any cluster"), class_="warning"),
            element("p", f"The nearest cluster is {called}."),
        )
    # A share of no photos would be that of all clusters.
    right = (
        f"{fine_percent(cluster.share_correct)} ({fine_percent(cluster.share_correct_low)} to "
        f"{fine_percent(cluster.share_correct_high)} with 95 % confidence)"
        if cluster.heatmaps
        else "not known"
    )
    rows = [
        ["Cluster", called],
        ["First candidates that were right in it", right],
        ["Heatmaps this rests on", cluster.heatmaps],
        ["Mean score", f"{cluster.mean_score:.2f}"],
        ["Similar heatmaps that lie in it", fine_percent(cluster.membership)],
    ]
    warned = "warning" if cluster.heatmaps < FEW else "soft"
    return section(
        title,
        element("p", explain("cluster correctness"), class_="soft"),
        table(["What", "value"], rows),
        element("p", counted_words(cluster.heatmaps), class_=warned),
        element("p", stability_words(cluster.stability)) if cluster.stability is not None else None,
    )


def evidence_section(lab: Lab, assessed: Assessment) -> Html:
    """Every piece of evidence with what is usual in the lab and what it means."""
    usual = usual_evidence(lab, assessed.prediction.model_id)
    rows = [
        [row.name, row.value, row.usual, element("span", explain(row.term), class_="soft")]
        for row in evidence_rows(assessed.evidence, assessed.quality, usual)
    ]
    head = ["What", "value", "usual in this lab", "what it means"]
    note = (
        "Usual: the middle half of the lab's scored photos; in a reason, the value in the middle "
        "of the photos from which the rules were learned."
    )
    return section("Evidence", table(head, rows, numbers=len(head), note=note, kind="evidence"))
