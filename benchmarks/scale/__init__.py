"""The linkage on a cluster: a cluster on this machine, and what it takes."""
