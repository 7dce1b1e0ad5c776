"""The other party: a mock population registry with its own rules, and the synthetic people in it. Imports nothing of ours."""
