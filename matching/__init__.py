"""Record linkage: plain functions from tables to tables; no network, no orchestration, no clock."""
