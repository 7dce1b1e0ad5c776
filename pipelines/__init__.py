"""Orchestration: the run, its stages, schedules and commands; the only place that knows Prefect."""
