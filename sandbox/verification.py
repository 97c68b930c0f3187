# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clumio's look at a connected account: does what was handed in exist, and is it as it must be?

The handed-in role is assumed with the external id, and everything else is read with the credentials that gives. That
the role cannot be assumed without the external id, nor with another one, is tried as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.connections import CLUMIO_ACCOUNT, DATA_PLANE_ACCOUNT, Connection, Verification, asset_words
from sandbox.keys import CLUMIO_KEY, PROTECT_PRINCIPAL
from sandbox.permissions import build
from sandbox.policies import NotEvaluatedError, Request, evaluate

_PROTECT_ROLE = "ClumioIAMRole"
_CONFIG = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=30)


class AwsVerifier:
    """Verifies connections at one AWS endpoint. May be called from several threads at once.

    Args:
        endpoint: base URL of AWS; None for that of the process, where moto is in it.
    """

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint
        self._session = boto3.Session(aws_access_key_id=CLUMIO_KEY, aws_secret_access_key="clumio")
        # Making a client is not thread-safe in botocore, using one is.
        self._lock = Lock()

    def __call__(self, connection: Connection) -> Verification:
        """Look at the account of a connection whose ARNs were handed in."""
        return _Look(connection, self._client).result()

    def _client(self, service: str, region: str, credentials: dict[str, str]) -> Any:
        with self._lock:
            return self._session.client(
                service, region_name=region, endpoint_url=self._endpoint, config=_CONFIG, **credentials
            )


class _RefusedError(Exception):
    """AWS refused a call, or the account does not have what was handed in; the text is the finding."""


class _Look:
    """One look at one account. Each check returns its findings, or raises ``_RefusedError`` with the only one."""

    def __init__(self, connection: Connection, new_client: Callable[[str, str, dict[str, str]], Any]) -> None:
        self._connection = connection
        self._new_client = new_client
        self._credentials: dict[str, str] = {}
        self._clients: dict[str, Any] = {}
        self._arns: dict[str, Any] = connection.resources or {}
        self._words = asset_words(connection.asset_types)
        self._permission_set = "all"
        self._expected = self._file("all")

    def _file(self, permission_set: str) -> dict[str, Any]:
        return build(
            self._words,
            self._connection.account_native_id,
            self._connection.aws_region,
            clumio_account=CLUMIO_ACCOUNT,
            data_plane_account=DATA_PLANE_ACCOUNT,
            permission_set=permission_set,
        )

    def result(self) -> Verification:
        try:
            self._assume_role()
        except _RefusedError as refused:
            # Without the role Clumio sees nothing else of the account.
            return Verification((str(refused),))
        findings = list(self._missing())
        for check in self._checks():
            try:
                findings.extend(check())
            except _RefusedError as refused:
                findings.append(str(refused))
        alias = self._call("iam", "list_account_aliases")["AccountAliases"][:1]
        return Verification(tuple(findings), alias[0] if alias else "", self._permission_set)

    def _call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call to AWS.

        Raises:
            _RefusedError: AWS said no, or the arguments cannot be sent.
        """
        if service not in self._clients:
            self._clients[service] = self._new_client(service, self._connection.aws_region, self._credentials)
        try:
            answer: dict[str, Any] = getattr(self._clients[service], operation)(**arguments)
        except (ClientError, BotoCoreError) as error:
            raise _RefusedError(f"{service} {operation} {next(iter(arguments.values()), '')}: {error}") from error
        return answer

    def _assume_role(self) -> None:
        arn = self._arns["clumio_iam_role_arn"]
        if not arn:
            raise _RefusedError("clumio_iam_role_arn is empty.")
        given = self._assumed(arn, ExternalId=self._connection.external_id)
        self._credentials = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        self._role(arn)

    def _assumed(self, arn: str, **external_id: str) -> dict[str, Any]:
        """The credentials of a role, for Clumio's own."""
        given: dict[str, Any] = self._call("sts", "assume_role", RoleArn=arn, RoleSessionName="clumio", **external_id)
        return dict(given["Credentials"])

    def _trust(self, arn: str) -> Iterable[str]:
        """The external id keeps Clumio from being used by one of its customers to get at another's account.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        """
        external_id = self._connection.external_id
        if self._assumable(arn):
            yield f"{arn} can be assumed without the external id."
        elif self._assumable(arn, ExternalId=f"{external_id}x"):
            yield f"{arn} can be assumed with another external id."
        # Nobody else of Clumio's is there who could try.
        anybody = _clumio_role(arn, "AnybodyElse")
        if _allows(
            self._role(arn)["AssumeRolePolicyDocument"],
            Request("sts:AssumeRole", arn, {"sts:ExternalId": [external_id]}, [anybody]),
        ):
            yield f"{arn} can be assumed by others than {_clumio_role(arn, PROTECT_PRINCIPAL)}."

    def _assumable(self, arn: str, **external_id: str) -> bool:
        try:
            self._assumed(arn, **external_id)
        except _RefusedError:
            return False
        return True

    def _missing(self) -> Iterator[str]:
        """ARNs that the asset types need and that were not handed in."""
        services = self._arns["service_roles"]
        needed = {"clumio_event_pub_arn": self._arns["clumio_event_pub_arn"]}
        if "s3" in self._words:
            needed |= {f"service_roles.s3.{member}": arn for member, arn in services["s3"].items()}
        if "mssql" in self._words:
            needed |= {f"service_roles.mssql.{member}": arn for member, arn in services["mssql"].items()}
        for member, arn in needed.items():
            if not arn:
                yield f"{member} is empty."

    def _checks(self) -> Iterator[Callable[[], Iterable[str]]]:
        """One check for each thing that was handed in, and for each SSM document."""
        services = self._arns["service_roles"]
        one_each = [
            (self._arns["clumio_event_pub_arn"], self._topic),
            (self._arns["event_rules"]["cloudtrail_rule_arn"], self._rule),
            (self._arns["event_rules"]["cloudwatch_rule_arn"], self._rule),
            (self._arns["clumio_iam_role_arn"], self._trust),
            (self._arns["clumio_iam_role_arn"], self._protect_role),
            (self._arns["clumio_support_role_arn"], self._other_role),
            (services["s3"]["continuous_backups_role_arn"], self._other_role),
            (services["mssql"]["ssm_notification_role_arn"], self._other_role),
            (services["mssql"]["ec2_ssm_instance_profile_arn"], self._instance_profile),
        ]
        yield from (partial(check, arn) for arn, check in one_each if arn)
        for template in self._expected["ssm_documents"]:
            yield partial(self._ssm_document, template.replace("CLUMIOTOKEN", self._connection.token))

    def _topic(self, arn: str) -> Iterable[str]:
        attributes = self._call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
        account = f"arn:{_partition(arn)}:iam::{CLUMIO_ACCOUNT}:root"
        if not _allows(attributes.get("Policy", "{}"), Request("sns:Subscribe", arn, {}, [account])):
            yield f"The policy of {arn} does not allow sns:Subscribe to the account {CLUMIO_ACCOUNT}."

    def _rule(self, arn: str) -> Iterable[str]:
        name = _name(arn)
        rule = self._call("events", "describe_rule", Name=name)
        _same(arn, rule["Arn"])
        if rule["State"] != "ENABLED":
            yield f"{arn} is {rule['State']}, not ENABLED."
        targets = self._call("events", "list_targets_by_rule", Rule=name)["Targets"]
        topic = self._arns["clumio_event_pub_arn"]
        if topic not in [target["Arn"] for target in targets]:
            yield f"{arn} does not have the topic {topic} as a target."

    def _protect_role(self, arn: str) -> Iterable[str]:
        found = self._readable_policies(arn)
        wanted, without_restores = _policies(self._expected), _policies(self._file("inventory_backup"))
        # Nobody says which file the role was made from: one that has no policy for restores is not meant to restore.
        if wanted != without_restores and not any(_has(found, name) for name in wanted if name not in without_restores):
            self._permission_set, wanted = "inventory_backup", without_restores
        for name in wanted:
            if not _has(found, name):
                yield f"{arn} has no policy {name}."

    def _other_role(self, arn: str) -> Iterable[str]:
        self._role(arn)
        self._readable_policies(arn)
        return ()

    def _role(self, arn: str) -> dict[str, Any]:
        role: dict[str, Any] = self._call("iam", "get_role", RoleName=_name(arn))["Role"]
        _same(arn, role["Arn"])
        return role

    def _readable_policies(self, role_arn: str) -> list[str]:
        """Names of the role's attached and inline policies, each of which has been read."""
        role = _name(role_arn)
        attached = self._call("iam", "list_attached_role_policies", RoleName=role)["AttachedPolicies"]
        for policy in attached:
            version = self._call("iam", "get_policy", PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
            self._call("iam", "get_policy_version", PolicyArn=policy["PolicyArn"], VersionId=version)
        inline = self._call("iam", "list_role_policies", RoleName=role)["PolicyNames"]
        for name in inline:
            self._call("iam", "get_role_policy", RoleName=role, PolicyName=name)
        return [*(policy["PolicyName"] for policy in attached), *inline]

    def _instance_profile(self, arn: str) -> Iterable[str]:
        profile = self._call("iam", "get_instance_profile", InstanceProfileName=_name(arn))["InstanceProfile"]
        _same(arn, profile["Arn"])
        if not profile["Roles"]:
            yield f"{arn} has no role in it."

    def _ssm_document(self, name: str) -> Iterable[str]:
        document = self._call("ssm", "describe_document", Name=name)["Document"]
        if document["Status"] != "Active":
            yield f"The SSM document {name} is {document['Status']}, not Active."


# ---- ARNs


def _name(arn: str) -> str:
    """The name at the end of an ARN: what follows the path."""
    return arn.rpartition("/")[2]


def _partition(arn: str) -> str:
    return arn.partition(":")[2].partition(":")[0]


def _clumio_role(arn: str, name: str) -> str:
    """A role in Clumio's account, in the partition of an ARN."""
    return f"arn:{_partition(arn)}:iam::{CLUMIO_ACCOUNT}:role/{name}"


def _same(handed_in: str, found: str) -> None:
    """A name finds the thing whatever account, region and path the ARN says; the ARN has to be right, too."""
    if handed_in != found:
        raise _RefusedError(f"{handed_in} does not exist; {_name(handed_in)} is {found}.")


# ---- policies


def _policies(file: Mapping[str, Any]) -> list[str]:
    """Names of the policies that a file has for the role that Clumio assumes."""
    role = file["roles"][_PROTECT_ROLE]
    return [policy["name"] for policy in [*role["managed_policies"], *role["inline_policies"]]]


def _has(found: Iterable[str], name: str) -> bool:
    """Whether a policy is there; users may put a prefix before, and a suffix after the name in the file."""
    return any(name in given for given in found)


def _allows(document: Mapping[str, Any] | str, request: Request) -> bool:
    """
    Raises:
        _RefusedError: the policy cannot be evaluated.
    """
    try:
        return evaluate(document, request).effect == "Allow"
    except NotEvaluatedError as error:
        raise _RefusedError(f"{request.resource}: {error}") from error
