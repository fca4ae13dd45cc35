"""The layers of the package import downward only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = (
    ("errors", "types", "files", "memory", "terminal"),
    ("photos",),
    ("identifiers",),
    ("explain",),
    ("clusters",),
    ("reliability",),
    ("lab",),
    (
        "chart_style",
        "chart_spec",
        "overlays",
        "glossary",
        "heatmap_words",
        "column_words",
        "cluster_charts",
        "correctness_charts",
        "clustering_charts",
        "cluster_tables",
        "cluster_words",
        "cluster_change_words",
        "clustering_words",
        "plain_words",
        "status_words",
        "verdict_words",
        "reliability_charts",
        "faithful_chart",
        "training_charts",
        "training_tables",
        "photo_words",
        "transparent",
        "mark_layer",
    ),
    ("workflow",),
    (
        "cli_command",
        "cli_computing",
        "cli_options",
        "cli_training",
        "cli_bench",
        "cli_cluster",
        "cli_explain",
        "cli_export",
        "cli_identify",
        "cli",
    ),
    ("__main__",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
SOURCES = sorted((ROOT / "whalecore").rglob("*.py"))
PAGES = sorted([ROOT / "app.py", *(ROOT / "pages").rglob("*.py")])


def imported_modules(source: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def layer_of(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "whalecore" and len(parts) > 1 else None


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_its_own_layer_or_a_lower_one(source):
    own = source.relative_to(ROOT / "whalecore").parts[0].removesuffix(".py")
    if own == "__init__":
        pytest.skip("the package's front door names every layer, and imports them when asked")
    for name in imported_modules(source):
        layer = layer_of(name)
        if layer in RANK:
            assert RANK[layer] <= RANK[own], f"{source.name} imports {name} from a layer above it"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_package_never_imports_streamlit(source):
    assert not [name for name in imported_modules(source) if name.split(".")[0] == "streamlit"]


@pytest.mark.parametrize("layer", ["clusters", "reliability", "lab"])
def test_array_layers_load_without_torch(layer):
    code = f"import sys, whalecore.{layer}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_neither_computes_nor_speaks_sql(page):
    forbidden = {"torch", "torchvision", "duckdb", "sklearn", "scipy", "pyarrow"}
    assert not forbidden & {name.split(".")[0] for name in imported_modules(page)}
    assert "SELECT " not in page.read_text(encoding="utf-8")
