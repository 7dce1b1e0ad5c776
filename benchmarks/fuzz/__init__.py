"""Every reader fed with what nobody should write: no other errors than our own, no hang, no memory without end, no formula in what goes out."""
