"""How fast the mock registry answers, as a process of its own over HTTP."""
