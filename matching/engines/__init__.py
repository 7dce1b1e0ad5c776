"""Where the linkage runs: in this process, or on a cluster. The linkage itself knows neither, and ends the same."""
