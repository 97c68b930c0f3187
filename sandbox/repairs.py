# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""moto, mended where it differs from AWS in a way that matters here.

The sandbox's AWS and the unit tests, which have moto in their own process, use the same repairs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

from moto.core.exceptions import AccessDeniedError, JsonRESTError
from moto.core.responses import ActionResult
from moto.iam.exceptions import DeleteConflictException, LimitExceededException, NotFoundException
from moto.iam.models import AccountSummary, IAMBackend, iam_backends
from moto.iam.policy_validation import SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS
from moto.iam.responses import IamResponse
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse
from moto.ssm.models import SimpleSystemManagerBackend
from moto.sts.models import STSBackend
from moto.sts.responses import TokenResponse
from moto.utilities.utils import PARTITION_NAMES, get_partition

from sandbox.connections import CLUMIO_ACCOUNT
from sandbox.keys import CLUMIO_KEY, PROTECT_PRINCIPAL, SANDBOX_KEY
from sandbox.policies import NotEvaluatedError, Request, evaluate
from sandbox.simulator import NotSimulatedError, simulate_principal_policy

# What KMS refuses in a state of a key, see the notes [1], [3] and [4] of
# https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html#key-state-table
_REFUSED_WHILE_PENDING_DELETION = (
    "create_alias",
    "disable_key",
    "disable_key_rotation",
    "enable_key",
    "enable_key_rotation",
    "schedule_key_deletion",
    "tag_resource",
    "untag_resource",
    "update_key_description",
)
_REFUSED_UNLESS_PENDING_DELETION = ("cancel_key_deletion",)
_REFUSED_WHILE_DISABLED = ("disable_key_rotation", "enable_key_rotation")

# moto's own methods, by what they are called in moto: the repairs stand before them, however often they are made.
_OWN: dict[str, Callable[..., Any]] = {
    f"{owner.__name__}.{name}": getattr(owner, name)
    for owner, names in (
        (
            IAMBackend,
            (
                "attach_role_policy",
                "create_role",
                "delete_policy",
                "put_role_permissions_boundary",
                "remove_role_from_instance_profile",
            ),
        ),
        (IamResponse, ("list_entities_for_policy", "list_instance_profiles", "list_instance_profiles_for_role")),
        (KmsBackend, ("get_key_rotation_status",)),
        (KmsResponse, (*_REFUSED_WHILE_PENDING_DELETION, *_REFUSED_UNLESS_PENDING_DELETION)),
        (SimpleSystemManagerBackend, ("list_documents",)),
        (STSBackend, ("get_caller_identity",)),
        (TokenResponse, ("assume_role", "get_access_key")),
    )
    for name in names
}
_summary_map = AccountSummary.summary_map.fget


def patch_moto(quotas: Mapping[str, int] | None = None) -> None:
    """Make moto, in this process, do as AWS does. May be called again, for other quotas.

    Args:
        quotas: IAM quotas by their names in ``iam:GetAccountSummary``, such as ``AttachedPoliciesPerRoleQuota``;
            moto has AWS's defaults for the others.

    Raises:
        ValueError: IAM has no such quota.
    """
    changed = dict(quotas or {})
    names = {name for name in _summary_map(IAMBackend("aws", "000000000000").account_summary) if name.endswith("Quota")}
    if unknown := sorted(changed.keys() - names):
        raise ValueError(f"unknown quota {', '.join(unknown)}; IAM has {', '.join(sorted(names))}")

    # moto takes every S3 ARN with a region for a mistake but an access point's. Storage Lens configurations have one:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies
    s3_with_region = SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS["s3"]["valid_starting_values"]
    if "storage-lens/" not in s3_with_region:
        s3_with_region.append("storage-lens/")

    # moto's quotas are constants.
    def summary_map(summary: Any) -> dict[str, Any]:
        return {**_summary_map(summary), **changed}

    AccountSummary.summary_map = property(summary_map)

    IAMBackend.attach_role_policy = _attach_role_policy
    IAMBackend.create_role = _create_role
    IAMBackend.delete_policy = _delete_policy
    IAMBackend.put_role_permissions_boundary = _put_role_permissions_boundary
    IAMBackend.remove_role_from_instance_profile = _remove_role_from_instance_profile
    IamResponse.list_entities_for_policy = _list_entities_for_policy
    IamResponse.list_instance_profile_tags = _list_instance_profile_tags
    IamResponse.list_instance_profiles = _list_instance_profiles
    IamResponse.list_instance_profiles_for_role = _list_instance_profiles_for_role
    IamResponse.simulate_principal_policy = simulate_principal_policy
    KmsBackend.get_key_rotation_status = _get_key_rotation_status
    for name in (*_REFUSED_WHILE_PENDING_DELETION, *_REFUSED_UNLESS_PENDING_DELETION):
        setattr(KmsResponse, name, _by_state_of_the_key(name))
    SimpleSystemManagerBackend.list_documents = _list_documents
    STSBackend.get_caller_identity = _get_caller_identity
    TokenResponse.assume_role = _assume_role
    TokenResponse.get_access_key = _get_access_key


# ---- IAM


def _attach_role_policy(backend: Any, policy_arn: str, role_name: str) -> None:
    """moto reports the quota of managed policies per role and attaches any number.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html#API_AttachRolePolicy_Errors
    """
    attached = backend.get_role(role_name).managed_policies
    quota = backend.account_summary.summary_map["AttachedPoliciesPerRoleQuota"]
    if policy_arn not in attached and len(attached) >= quota:
        raise LimitExceededException(f"Cannot exceed quota for PoliciesPerRole: {quota}")
    _OWN["IAMBackend.attach_role_policy"](backend, policy_arn, role_name)


def _has_policy(backend: Any, arn: str) -> bool:
    """Whether there is such a managed policy; moto does not know those of AWS, so each of them is one."""
    return ":iam::aws:policy/" in arn or arn in backend.managed_policies


def _must_be_attachable(backend: Any, boundary: str | None) -> None:
    """moto takes any ARN of a policy for a permissions boundary; leaves it to moto to refuse what is no such ARN."""
    if boundary and backend.policy_arn_regex.match(boundary) and not _has_policy(backend, boundary):
        raise NotFoundException(f"Scope ARN: {boundary} does not exist or is not attachable.")


def _create_role(
    backend: Any,
    role_name: str,
    assume_role_policy_document: str,
    path: str,
    permissions_boundary: str | None,
    *others: Any,
    **named: Any,
) -> Any:
    _must_be_attachable(backend, permissions_boundary)
    return _OWN["IAMBackend.create_role"](
        backend, role_name, assume_role_policy_document, path, permissions_boundary, *others, **named
    )


def _put_role_permissions_boundary(backend: Any, role_name: str, permissions_boundary: str) -> None:
    _must_be_attachable(backend, permissions_boundary)
    _OWN["IAMBackend.put_role_permissions_boundary"](backend, role_name, permissions_boundary)


def _bounded_by(backend: Any, policy_arn: str) -> list[Any]:
    """The roles that have a policy as their permissions boundary."""
    return [role for role in backend.get_roles() if role.permissions_boundary_arn == policy_arn]


def _delete_policy(backend: Any, policy_arn: str) -> None:
    """moto deletes a policy whatever uses it.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """
    policy = backend.get_policy(policy_arn)
    if policy.attachment_count or _bounded_by(backend, policy_arn):
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflictException(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy."
        )
    _OWN["IAMBackend.delete_policy"](backend, policy_arn)


def _list_entities_for_policy(response: Any) -> Any:
    """moto answers nothing for a policy that does not exist, and does not know use as a permissions boundary.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
    """
    arn, usage = response._get_param("PolicyArn"), response._get_param("PolicyUsageFilter")
    if not _has_policy(response.backend, arn):
        raise NotFoundException(f"Policy {arn} was not found.")
    entities = _OWN["IamResponse.list_entities_for_policy"](response).result
    if usage == "PermissionsBoundary":
        entities |= {"PolicyUsers": [], "PolicyRoles": [], "PolicyGroups": []}
    if usage != "PermissionsPolicy" and response._get_param("EntityFilter") in (None, "Role"):
        roles = entities["PolicyRoles"]
        entities["PolicyRoles"] = [
            *roles,
            *(role for role in _bounded_by(response.backend, arn) if role not in roles),
        ]
    return ActionResult(entities)


def _remove_role_from_instance_profile(backend: Any, profile_name: str, role_name: str) -> None:
    """moto fails where the role is not in the profile."""
    if backend.get_role(role_name) not in backend.get_instance_profile(profile_name).roles:
        raise NotFoundException(f"Role {role_name} is not in the instance profile {profile_name}.")
    _OWN["IAMBackend.remove_role_from_instance_profile"](backend, profile_name, role_name)


def _list_instance_profile_tags(response: Any) -> Any:
    """moto does not have this action."""
    profile = response.backend.get_instance_profile(response._get_param("InstanceProfileName"))
    return ActionResult({"Tags": sorted(profile.tags, key=lambda tag: str(tag["Key"])), "IsTruncated": False})


def _without_tags(answer: Any) -> Any:
    """In AWS a list of instance profiles tells no tags.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfiles.html
    """
    profiles = [copy(profile) for profile in answer.result["InstanceProfiles"]]
    for profile in profiles:
        profile.tags = None
    return ActionResult({"InstanceProfiles": profiles, "IsTruncated": False})


def _list_instance_profiles(response: Any) -> Any:
    return _without_tags(_OWN["IamResponse.list_instance_profiles"](response))


def _list_instance_profiles_for_role(response: Any) -> Any:
    """moto answers nothing for a role that does not exist."""
    response.backend.get_role(response._get_param("RoleName"))
    return _without_tags(_OWN["IamResponse.list_instance_profiles_for_role"](response))


# ---- KMS


def _by_state_of_the_key(name: str) -> Callable[[Any], Any]:
    """An action of KMS that the state of the key may forbid; moto only looks at it where a key is used."""

    def action(response: Any) -> Any:
        backend = response.kms_backend
        key = backend.keys.get(backend.get_key_id(response._get_param("TargetKeyId") or response._get_param("KeyId")))
        state = key.key_state if key else ""
        if state == "PendingDeletion" and name in _REFUSED_WHILE_PENDING_DELETION:
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        if key and state != "PendingDeletion" and name in _REFUSED_UNLESS_PENDING_DELETION:
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        if state == "Disabled" and name in _REFUSED_WHILE_DISABLED:
            raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
        return _OWN[f"KmsResponse.{name}"](response)

    return action


def _get_key_rotation_status(backend: Any, key_id: str) -> bool:
    """A key that is pending deletion does not rotate; moto says it does.

    Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html
    """
    key = backend.keys[backend.get_key_id(key_id)]
    return key.key_state != "PendingDeletion" and bool(_OWN["KmsBackend.get_key_rotation_status"](backend, key_id))


# ---- SSM


def _list_documents(
    backend: Any, document_filter_list: Any, filters: Any, max_results: int = 10, token: str = "0"
) -> tuple[list[dict[str, Any]], str]:
    """moto lets every document through a filter by tag, and does not tell when a document was made.

    Sources: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DocumentKeyValuesFilter.html and
    API_DocumentIdentifier.html
    """
    by_tag = {item["Key"].removeprefix("tag:"): item["Values"] for item in filters or [] if item["Key"][:4] == "tag:"}
    others = [item for item in filters or [] if item["Key"][:4] != "tag:"]
    everything, _end = _OWN["SimpleSystemManagerBackend.list_documents"](
        backend, document_filter_list, others, sys.maxsize
    )

    def fits(document: dict[str, Any]) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in document.get("Tags", [])}
        return all(tags.get(key) in values for key, values in by_tag.items())

    found = [
        document | {"CreatedDate": backend.describe_document(document["Name"], None, None)["CreatedDate"]}
        for document in everything
        if fits(document)
    ]
    end = int(token or "0") + max_results
    return found[int(token or "0") : end], str(end) if end < len(found) else ""


# ---- STS


def _get_access_key(response: Any) -> str:
    """moto sees no key but those of 20 characters, which the sandbox's are not."""
    named = re.search(r"Credential=([^/]+)/", response.headers.get("Authorization", ""))
    if named and (named[1] == CLUMIO_KEY or SANDBOX_KEY.fullmatch(named[1])):
        return named[1]
    return str(_OWN["TokenResponse.get_access_key"](response))


def _get_caller_identity(backend: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
    """moto tells of a user ``moto`` for every key that it has not made itself."""
    if known := SANDBOX_KEY.fullmatch(access_key_id):
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html tells the root user like this.
        return known[1], f"arn:{get_partition(region)}:iam::{known[1]}:root", known[1]
    if access_key_id == CLUMIO_KEY:
        session = f"assumed-role/{PROTECT_PRINCIPAL}/clumio"
        return "AROACLUMIO:clumio", f"arn:{get_partition(region)}:sts::{CLUMIO_ACCOUNT}:{session}", CLUMIO_ACCOUNT
    identity: tuple[str, str, str] = _OWN["STSBackend.get_caller_identity"](backend, access_key_id, region)
    return identity


def _caller(backend: Any, access_key_id: str, arn: str) -> Sequence[str] | None:
    """The ARNs that a caller goes by; None for one whom moto does not know.

    Args:
        arn: what ``GetCallerIdentity`` tells the caller.
    """
    if SANDBOX_KEY.fullmatch(access_key_id):
        return [arn]
    if access_key_id == CLUMIO_KEY:
        return [arn, f"arn:{arn.split(':')[1]}:iam::{CLUMIO_ACCOUNT}:role/{PROTECT_PRINCIPAL}"]
    if assumed := backend.get_assumed_role_from_access_key(access_key_id):
        return [arn, assumed.role_arn]
    return [arn] if iam_backends[backend.account_id][backend.partition].access_keys.get(access_key_id) else None


def _held_role(arn: str) -> Any:
    parts = arn.split(":")
    if len(parts) < 6 or parts[1] not in PARTITION_NAMES or not parts[4]:
        return None
    return next((role for role in iam_backends[parts[4]][parts[1]].get_roles() if role.arn == arn), None)


def _assume_role(response: Any) -> Any:
    """moto lets everybody assume every role; here the trust policy has to allow it.

    A role that moto does not hold can be assumed still: accounts here begin with none, not even with the one that
    AWS Organizations makes. The caller's own policies are not evaluated.
    """
    arn = str(response._get_param("RoleArn"))
    if role := _held_role(arn):
        key = response.get_access_key()
        _user_id, caller, _account = response.backend.get_caller_identity(key, response.region)
        external_id = response._get_param("ExternalId")
        context = {"sts:RoleSessionName": [response._get_param("RoleSessionName")]}
        if external_id is not None:
            context["sts:ExternalId"] = [external_id]
        request = Request("sts:AssumeRole", arn, context, _caller(response.backend, key, caller))
        try:
            effect = evaluate(role.assume_role_policy_document, request).effect
        except NotEvaluatedError as error:
            raise NotSimulatedError(str(error)) from error
        if effect != "Allow":
            raise AccessDeniedError(caller, f"sts:AssumeRole on resource: {arn}")
    return _OWN["TokenResponse.assume_role"](response)
