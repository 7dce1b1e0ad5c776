"""The OpenAPI document holds: whatever schemathesis makes of it, the service answers as it says.

Few examples a route, so that it stays short; the seed is hypothesis' own, so each run tries others.
"""

import shutil
import uuid

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from mock_population_api.app import create_app
from mock_population_api.search import warm_up


@pytest.fixture(scope="module")
def signed_in(built_store, hand_made, tmp_path_factory):
    """Address and headers of a running service."""
    folder = shutil.copytree(built_store, tmp_path_factory.mktemp("contract") / "store")
    with hand_made.open_client(folder, hand_made.watch()) as inside:
        hand_made.sign_in(inside)
        warm_up(inside.app.state.service.store)
        token = inside.headers["Authorization"]
        with hand_made.listening(create_app(inside.app.state.service)) as address:
            yield address, {"Authorization": token, **hand_made.stated()}


APART = ("GET /v1/faults", "PUT /v1/faults", "POST /oauth/token", "POST /v1/jobs")
"""Faults would strike the other tests; what the tool can not write, forms and streams, is tried elsewhere."""


def operations():
    """Every other operation of the document."""
    document = schemathesis.openapi.from_dict(create_app(None).openapi())
    every = [found.ok() for found in document.get_all_operations()]
    return {one.label: one for one in every if one.label not in APART}


OPERATIONS = operations()


# the service is a thread of this process: what it draws from `random` is not of the strategies
@pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)
# not by the tool's own decorator: its plug-in does not know this pytest
@pytest.mark.parametrize("label", OPERATIONS)
def test_the_service_answers_as_its_document_says(label, signed_in):
    address, headers = signed_in

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[label].as_strategy())
    def answers(case):
        # a schema can't say that refs differ, that a day exists or that a cursor was given out before
        stated = headers | {"X-Request-ID": str(uuid.uuid4())}
        case.call_and_validate(address, headers=stated, excluded_checks=[positive_data_acceptance])

    answers()
