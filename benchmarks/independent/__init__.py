"""Worlds by another hand: people, schools and slips made without the mock's generator, so that tuning to it would show.

Everything here is synthetic; every rate is an assumption and stands in `assumptions`.
"""
