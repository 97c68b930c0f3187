# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An AWS account and a Clumio API in one process, whose forks each have a copy of them to spoil."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from moto import mock_aws
from moto.moto_api._internal import moto_api_backend

from chaos import clock
from sandbox.clumio_api import Api
from sandbox.clumio_settings import Settings
from sandbox.connections import Connection, Verification
from sandbox.dump import held
from sandbox.processes import http_json
from sandbox.repairs import patch_moto
from sandbox.server import running
from sandbox.verification import AwsVerifier

ACCOUNT = "123456789012"
REGION = "us-west-2"
CONNECTION = f"{ACCOUNT}_{REGION}"
API_TOKEN = "the-api-token-of-these-runs"
#: Clumio's makes a new one for each connection; here each is the same, so that states can be compared.
_TOKEN = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
#: More than any file needs; 10 are AWS's default.
_QUOTAS = {"AttachedPoliciesPerRoleQuota": 20}
#: Seconds, of a clock that nobody waits for.
_CONNECT_DELAY = 20.0
#: Members of a connection that count or tell the time.
_NOT_COMPARED = ("_etag", "created_timestamp")

#: What AWS and Clumio hold, by AWS's sections, Clumio's connections and versions that are not in force.
State = Mapping[str, Any]


class World:
    """The account and the API, both empty; one in a process.

    Clumio believes that the account is in order, since the account itself is compared; ``findings`` looks at it.

    Args:
        connect_delay: seconds from handing in ARNs to Clumio's first look.
    """

    def __init__(self, *, connect_delay: float = _CONNECT_DELAY) -> None:
        for name in [name for name in os.environ if name.startswith(("ANSIBLE_", "AWS_", "CLUMIO_"))]:
            del os.environ[name]
        mock_aws().start()
        os.environ |= {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_DEFAULT_REGION": REGION,
        }
        patch_moto(_QUOTAS)
        services = ("events", "iam", "kms", "sns", "ssm")
        # Most of the time of a trial goes into looking at what it has left.
        quick = Config(parameter_validation=False, signature_version=UNSIGNED)
        self._clients = {service: boto3.client(service, region_name=REGION, config=quick) for service in services}
        self._read: list[Connection] = []
        self._connect_delay = connect_delay
        self._api = self._new_api()

    def _new_api(self) -> Api:
        return Api(
            token=API_TOKEN,
            verify=self._believe,
            # How long trials take in real time must not matter.
            clock=clock.slept,
            new_token=lambda: _TOKEN,
            settings=Settings(connect_delay=self._connect_delay, ingest_delay=0, task_delay=0),
        )

    def empty(self) -> None:
        """Forget all that was made."""
        moto_api_backend.reset()
        self._read = []
        self._api = self._new_api()

    def client(self, service: str) -> Any:
        """A client that is nobody's run: what others do in the account."""
        return self._clients[service]

    def _believe(self, connection: Connection) -> Verification:
        self._read = [connection]
        return Verification()

    @contextmanager
    def clumio(self) -> Iterator[str]:
        """Serve the Clumio API; its base URL. A process must not fork meanwhile: a thread serves it."""
        with running(self._api.app()) as url:
            os.environ |= {"CLUMIO_API_BASE_URL": url, "CLUMIO_API_TOKEN": API_TOKEN}
            yield url

    def state(self, url: str) -> State:
        """All that can be told apart of AWS and Clumio.

        Args:
            url: of the Clumio API, which is served.
        """
        aws = held(self.client)
        shown = http_json("GET", f"{url}/_sandbox/connections")["connections"]
        connections = [{member: value for member, value in row.items() if member not in _NOT_COMPARED} for row in shown]
        return {**aws, "connections": connections, "versions": self._versions(aws)}

    def _versions(self, aws: Mapping[str, Any]) -> dict[str, Any]:
        """Documents that are not in force, which a later run may put in force again."""
        iam, ssm = self.client("iam"), self.client("ssm")
        policies = {
            f"{policy['Arn']} {version}": iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=version)[
                "PolicyVersion"
            ]["Document"]
            for policy in aws["policies"]
            for version in policy["VersionIds"]
            if version != policy["DefaultVersionId"]
        }
        documents = {
            document["Name"]: ssm.describe_document(Name=document["Name"])["Document"]["LatestVersion"]
            for document in aws["ssm_documents"]
        }
        return policies | documents

    def findings(self) -> tuple[str, ...]:
        """What Clumio misses in the account of the connection that was read last, if it looks itself."""
        return AwsVerifier(None)(self._read[-1]).findings if self._read else ("No connection was read.",)


def digest(state: State) -> str:
    """A short name of a state: the same for the same."""
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:16]
