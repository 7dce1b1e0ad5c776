"""Where the search runs: the search itself knows neither."""
