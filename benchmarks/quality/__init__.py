"""How right linkage is, on generated worlds whose truth is known, with a peer beside. Synthetic data only; never part of the test run."""
