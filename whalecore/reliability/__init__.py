"""How far a score can be trusted: calibration, measures and verdicts; arrays in, arrays out."""
