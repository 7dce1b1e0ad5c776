"""What a long stage says of itself."""

from pipelines.headway import Headway
from pipelines.texts import texts


def test_rate_and_time_left():
    now = 0.0
    headway, text = Headway(lambda: now), texts("en")
    assert headway.of(0, 10_000, text) == "0 / 10,000"
    now = 60.0
    assert headway.of(3_000, 10_000, text) == "3,000 / 10,000, 50 a second, 2.3 min left"
    assert headway.of(10_000, 10_000, text) == "10,000 / 10,000"


def test_what_takes_seconds_each_has_no_rate():
    now = 0.0
    headway, text = Headway(lambda: now), texts("en")
    headway.of(0, 72, text)
    now = 90.0
    assert headway.of(2, 72, text) == "2 / 72, 52.5 min left"


def test_another_count_begins_anew():
    now = 0.0
    headway, text = Headway(lambda: now), texts("vi")
    headway.of(500, 1_000, text)
    now = 10.0
    assert headway.of(10, 1_000, text) == "10 / 1.000"
