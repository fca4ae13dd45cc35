from whalecore.reliability.fusion import Fusion, fit_fusion, fused_scores  # noqa: F401
