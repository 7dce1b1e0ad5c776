"""Linkage over HTTP through a registry that fails in every way: the same decisions, nothing done twice, at how many calls."""
