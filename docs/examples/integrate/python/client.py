"""A service of your own that looks after one customer's provisioning, with nothing of Autoprov but its proto files:
pip install -r requirements.txt, stubs as buf.gen.yaml says, on PYTHONPATH; Python 3.10. See docs/integrate.md.

  python client.py CUSTOMER PERSON [ETAG]

Shows what fails and the credential of the customer's first app, and excludes PERSON from it. ETAG is that of the setup as
it was when somebody began to edit it; it may be old by now. CONFIG_ADDRESS, TOKEN_BROKER_ADDRESS,
FAILURE_REPORTER_ADDRESS, TLS_CA_FILE, TLS_CERT_FILE and TLS_KEY_FILE say where, and as whom.
"""

import json
import os
import sys
import time
import uuid
from dataclasses import dataclass, field

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from autoprov.config.v1 import config_service_pb2 as config_pb2
from autoprov.config.v1 import config_service_pb2_grpc as config_grpc
from autoprov.failure.v1 import failure_service_pb2 as failure_pb2
from autoprov.failure.v1 import failure_service_pb2_grpc as failure_grpc
from autoprov.token.v1 import token_broker_service_pb2 as token_pb2
from autoprov.token.v1 import token_broker_service_pb2_grpc as token_grpc

DEADLINE_S = 10  # a call without a deadline is refused
TRY_FOR_S = 60


@dataclass
class Details:
    """What an error says beside its status: a reason to switch on, fields at fault, how long to wait."""

    reason: str = ""
    retry_after_s: float | None = None
    violations: list[str] = field(default_factory=list)


def details_of(error: grpc.RpcError) -> Details:
    found = Details()
    answer = rpc_status.from_call(error)
    for detail in answer.details if answer else []:  # none: no service answered
        info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            found.reason = info.reason
        elif detail.Unpack(bad):
            found.violations = [f"{each.field} {each.description}" for each in bad.field_violations]
        elif detail.Unpack(retry):
            found.retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
    return found


def call(method, request):
    """Makes a call; while the service, or one behind it, is unavailable, makes it again: after the time that the answer
    names, else after a growing one. A write must carry a request_id: it may have been done although no answer came."""
    give_up = time.monotonic() + TRY_FOR_S
    backoff_s = 0.2
    while True:
        try:
            return method(request, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > give_up:
                raise
            details = details_of(error)
            wait_s = backoff_s if details.retry_after_s is None else details.retry_after_s
            print(f"unavailable ({details.reason or 'no answer'}): again in {wait_s * 1000:.0f} ms", file=sys.stderr)
            time.sleep(wait_s)
            backoff_s = min(backoff_s * 2, 5)


def list_apps(config, parent):
    page_token = ""
    while True:
        page = call(config.ListApps, config_pb2.ListAppsRequest(parent=parent, page_size=100, page_token=page_token))
        yield from page.apps
        page_token = page.next_page_token
        if not page_token:
            return


def exclude_person(config, name, person, etag):
    """Reads, changes and writes; when somebody else has written in between, does it again on what they wrote."""
    for _ in range(5):
        setup = call(config.GetSetup, config_pb2.GetSetupRequest(name=name)).setup
        if person in setup.scope.excluded_persons:
            return setup
        setup.scope.excluded_persons.append(person)
        setup.etag = etag or setup.etag
        etag = ""
        request = config_pb2.UpdateSetupRequest(setup=setup, request_id=str(uuid.uuid4()))
        request.update_mask.paths.append("scope.excluded_persons")
        try:
            return call(config.UpdateSetup, request).setup
        except grpc.RpcError as error:
            if details_of(error).reason != "STALE_SETUP_CHANGED":
                raise
            print("stale (STALE_SETUP_CHANGED): read again", file=sys.stderr)
    sys.exit("the setup changes faster than it can be edited: try again later")


def main(customer_id, person, etag=""):
    def read(name):
        with open(os.environ[name], "rb") as file:
            return file.read()

    tls = grpc.ssl_channel_credentials(read("TLS_CA_FILE"), read("TLS_KEY_FILE"), read("TLS_CERT_FILE"))

    def connect(variable):
        return grpc.secure_channel(os.environ[variable], tls)

    with (
        connect("CONFIG_ADDRESS") as at_config,
        connect("TOKEN_BROKER_ADDRESS") as at_tokens,
        connect("FAILURE_REPORTER_ADDRESS") as at_failures,
    ):
        config = config_grpc.ConfigServiceStub(at_config)
        tokens = token_grpc.TokenBrokerServiceStub(at_tokens)
        failures = failure_grpc.FailureServiceStub(at_failures)
        parent = f"customers/{customer_id}"
        page = call(failures.ListFailures, failure_pb2.ListFailuresRequest(parent=parent, page_size=100))
        app = next(list_apps(config, parent), None)
        if app is None:
            sys.exit(f"{parent} has no app")
        credential = call(tokens.GetCredential, token_pb2.GetCredentialRequest(name=f"{app.name}/credential")).credential
        setup = exclude_person(config, f"{app.name}/setup", person, etag)
        print(
            json.dumps(
                {
                    "failures": [f"{failure.code} {failure.reason}" for failure in page.failures],
                    "app": app.name,
                    "credentialVersion": credential.version,
                    "etag": setup.etag,
                    "excludedPersons": list(setup.scope.excluded_persons),
                }
            )
        )


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit("say which customer, and whom to exclude")
    try:
        main(*sys.argv[1:])
    except grpc.RpcError as error:
        details = details_of(error)
        print(f"{error.code().name} {details.reason} {error.details()}", *details.violations, sep="\n", file=sys.stderr)
        sys.exit(1)
