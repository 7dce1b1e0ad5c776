"""Open records as they are laid out: whom the family is shown of, what differs, and that no whole number is in it."""

import json

from benchmarks.review_page.open_world import open_records


def test_layout_of_open_records():
    _, cases = open_records(30)
    contents = {case.record_id: json.loads(case.content) for case in cases}
    assert [case.place for case in cases] == sorted(case.place for case in cases)
    assert not [case for case in cases if any(seen.personal_id in case.content for seen in case.entries)]
    with_family = {record for record, content in contents.items() if content["family"]}
    assert with_family == {f"38{at:08d}" for at in range(0, 30, 3)}, (
        "shown where parents were compared, else not"
    )
    relations = {one["relation"] for record in with_family for one in contents[record]["family"]}
    assert relations == {"mother", "sibling"}
    swapped = contents["3800000001"]["candidates"][0]
    assert [kind for kind, _ in swapped["date_marks"]] == ["swapped", "same"]
    assert contents["3800000004"]["candidates"][0]["levels"]["gender"] == "different"
