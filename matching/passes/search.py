"""The passes that search: the records that are still open are searched, by exact key and by all blocking rules."""

EXACT_KEY = "exact_key"
FUZZY = "fuzzy"
SEARCHES = {EXACT_KEY: False, FUZZY: True}
"""Pass → whether it searches widely (`matching.registry.Registry.blocks`)."""
