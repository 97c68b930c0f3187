# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of AWS Identity and Access Management."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ._call import call, find
from ._tags import from_list, to_list
from .settle import remove, write

_ABSENT = ("NoSuchEntity",)


def simulate_principal_policy(
    iam: Any,
    arn: str,
    actions: Sequence[str],
    resources: Sequence[str],
    context: Mapping[str, tuple[str, Sequence[str]]],
) -> list[dict[str, Any]]:
    """What the policy simulator decides about each of the actions on each of the resources.

    Args:
        arn: of a user or a role.
        actions: without wildcards.
        resources: ARNs; or a star, for actions that know no resources.
        context: type and values of each context key; the types are those of the API, C(string) say.
    """
    entries = [
        {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": list(values)}
        for key, (kind, values) in context.items()
    ]
    return _all(
        iam.simulate_principal_policy,
        f"simulate what {arn} may do",
        "EvaluationResults",
        PolicySourceArn=arn,
        ActionNames=list(actions),
        ResourceArns=list(resources),
        ContextEntries=entries,
    )


def get_account_summary(iam: Any) -> dict[str, int]:
    """The quotas of the account and what is used of them."""
    return dict(call(iam.get_account_summary, "read the IAM quotas of the account")["SummaryMap"])


def get_role(iam: Any, name: str) -> dict[str, Any] | None:
    """The role with trust policy and tags; None where there is none."""
    answer = find(iam.get_role, f"read the role {name}", _ABSENT, RoleName=name)
    return dict(answer["Role"]) if answer else None


def list_attached_role_policies(iam: Any, name: str) -> list[str]:
    """The ARNs of the managed policies attached to the role."""
    task = f"read the managed policies of the role {name}"
    return [
        policy["PolicyArn"] for policy in _all(iam.list_attached_role_policies, task, "AttachedPolicies", RoleName=name)
    ]


def list_role_policies(iam: Any, name: str) -> list[str]:
    """The names of the role's inline policies."""
    return _all(iam.list_role_policies, f"read the inline policies of the role {name}", "PolicyNames", RoleName=name)


def get_role_policy(iam: Any, role: str, name: str) -> Any:
    """The document of an inline policy; None where there is none."""
    task = f"read the inline policy {name} of the role {role}"
    answer = find(iam.get_role_policy, task, _ABSENT, RoleName=role, PolicyName=name)
    return answer["PolicyDocument"] if answer else None


def create_role(
    iam: Any,
    name: str,
    *,
    path: str,
    description: str,
    trust_policy: str,
    permissions_boundary: str,
    tags: Mapping[str, str],
) -> None:
    """Create a role without policies; an empty permissions boundary is none."""
    write(
        iam.create_role,
        f"create the role {name}",
        RoleName=name,
        Path=path,
        Description=description,
        AssumeRolePolicyDocument=trust_policy,
        Tags=to_list(tags),
        **({"PermissionsBoundary": permissions_boundary} if permissions_boundary else {}),
    )


def update_role_description(iam: Any, name: str, description: str) -> None:
    """Set the description of the role."""
    write(iam.update_role, f"describe the role {name}", RoleName=name, Description=description)


def update_trust_policy(iam: Any, name: str, trust_policy: str) -> None:
    """Replace the trust policy of the role."""
    write(
        iam.update_assume_role_policy,
        f"set the trust policy of the role {name}",
        RoleName=name,
        PolicyDocument=trust_policy,
    )


def put_role_permissions_boundary(iam: Any, name: str, boundary: str) -> None:
    """Set or replace the permissions boundary of the role, the ARN of a managed policy."""
    write(
        iam.put_role_permissions_boundary,
        f"set the permissions boundary of the role {name}",
        RoleName=name,
        PermissionsBoundary=boundary,
    )


def delete_role_permissions_boundary(iam: Any, name: str) -> None:
    """Take the permissions boundary off the role."""
    write(iam.delete_role_permissions_boundary, f"take the permissions boundary off the role {name}", RoleName=name)


def put_role_policy(iam: Any, role: str, name: str, document: str) -> None:
    """Create or replace an inline policy."""
    write(
        iam.put_role_policy,
        f"write the inline policy {name} of the role {role}",
        RoleName=role,
        PolicyName=name,
        PolicyDocument=document,
    )


def attach_role_policy(iam: Any, role: str, arn: str) -> None:
    """Attach a managed policy to the role."""
    write(iam.attach_role_policy, f"attach {arn} to the role {role}", RoleName=role, PolicyArn=arn)


def detach_role_policy(iam: Any, role: str, arn: str) -> None:
    """Detach a managed policy from the role; one that is not attached any more is no error."""
    remove(iam.detach_role_policy, f"detach {arn} from the role {role}", _ABSENT, RoleName=role, PolicyArn=arn)


def delete_role_policy(iam: Any, role: str, name: str) -> None:
    """Delete an inline policy; one that is gone is no error."""
    task = f"delete the inline policy {name} of the role {role}"
    remove(iam.delete_role_policy, task, _ABSENT, RoleName=role, PolicyName=name)


def delete_role(iam: Any, name: str) -> None:
    """Delete a role that has no policies and is in no instance profile; one that is gone is no error."""
    remove(iam.delete_role, f"delete the role {name}", _ABSENT, RoleName=name)


def list_roles(iam: Any) -> list[dict[str, Any]]:
    """All roles of the account, without their tags."""
    return _all(iam.list_roles, "list the roles of the account", "Roles")


def list_role_tags(iam: Any, name: str) -> dict[str, str]:
    """The tags of the role; none for one that is gone."""
    return _tags(iam.list_role_tags, f"read the tags of the role {name}", RoleName=name)


def list_instance_profiles_for_role(iam: Any, name: str) -> list[str]:
    """The names of the instance profiles that the role is in; none for one that is gone."""
    task = f"read the instance profiles of the role {name}"
    profiles = _all_if_there(iam.list_instance_profiles_for_role, task, "InstanceProfiles", RoleName=name)
    return [profile["InstanceProfileName"] for profile in profiles]


def get_policy(iam: Any, arn: str) -> dict[str, Any] | None:
    """The managed policy with its tags, without its document; None where there is none."""
    answer = find(iam.get_policy, f"read the policy {arn}", _ABSENT, PolicyArn=arn)
    return dict(answer["Policy"]) if answer else None


def get_policy_version(iam: Any, arn: str, version: str) -> Any:
    """The document of a version, C(v1) say."""
    task = f"read the version {version} of the policy {arn}"
    return call(iam.get_policy_version, task, PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def list_policy_versions(iam: Any, arn: str) -> list[dict[str, Any]]:
    """The versions of the policy: C(VersionId), C(IsDefaultVersion), C(CreateDate); none for one that is gone."""
    task = f"read the versions of the policy {arn}"
    return _all_if_there(iam.list_policy_versions, task, "Versions", PolicyArn=arn)


def create_policy(iam: Any, name: str, *, path: str, description: str, document: str, tags: Mapping[str, str]) -> None:
    """Create a customer managed policy."""
    write(
        iam.create_policy,
        f"create the policy {name}",
        PolicyName=name,
        Path=path,
        Description=description,
        PolicyDocument=document,
        Tags=to_list(tags),
    )


def create_policy_version(iam: Any, arn: str, document: str) -> None:
    """Write a new version of the policy and make it the default."""
    write(
        iam.create_policy_version,
        f"write a new version of the policy {arn}",
        PolicyArn=arn,
        PolicyDocument=document,
        SetAsDefault=True,
    )


def set_default_policy_version(iam: Any, arn: str, version: str) -> None:
    """Make a version that exists the default."""
    write(
        iam.set_default_policy_version,
        f"make version {version} of the policy {arn} the default",
        PolicyArn=arn,
        VersionId=version,
    )


def delete_policy_version(iam: Any, arn: str, version: str) -> None:
    """Delete a version that is not the default; one that is gone is no error."""
    task = f"delete the version {version} of the policy {arn}"
    remove(iam.delete_policy_version, task, _ABSENT, PolicyArn=arn, VersionId=version)


def delete_policy(iam: Any, arn: str) -> None:
    """Delete a policy that nothing uses and that has one version; one that is gone is no error."""
    remove(iam.delete_policy, f"delete the policy {arn}", _ABSENT, PolicyArn=arn)


def list_entities_for_policy(iam: Any, arn: str) -> dict[str, list[str]]:
    """The names of those that have the policy attached or as their boundary, by C(role), C(user) and C(group).

    None for a policy that is gone.
    """
    task = f"read what uses the policy {arn}"
    found: dict[str, list[str]] = {"role": [], "user": [], "group": []}
    parameters: dict[str, Any] = {"PolicyArn": arn}
    while True:
        answer = find(iam.list_entities_for_policy, task, _ABSENT, **parameters)
        if answer is None:
            return found
        for kind, names in found.items():
            title = kind.capitalize()
            names += [entity[f"{title}Name"] for entity in answer[f"Policy{title}s"]]
        if not answer.get("IsTruncated"):
            return found
        parameters["Marker"] = answer["Marker"]


def list_policies(iam: Any) -> list[dict[str, Any]]:
    """All customer managed policies of the account, without their tags."""
    return _all(iam.list_policies, "list the policies of the account", "Policies", Scope="Local")


def list_policy_tags(iam: Any, arn: str) -> dict[str, str]:
    """The tags of the policy; none for one that is gone."""
    return _tags(iam.list_policy_tags, f"read the tags of the policy {arn}", PolicyArn=arn)


def get_instance_profile(iam: Any, name: str) -> dict[str, Any] | None:
    """The instance profile with roles and tags; None where there is none."""
    answer = find(iam.get_instance_profile, f"read the instance profile {name}", _ABSENT, InstanceProfileName=name)
    return dict(answer["InstanceProfile"]) if answer else None


def create_instance_profile(iam: Any, name: str, *, path: str, tags: Mapping[str, str]) -> None:
    """Create an empty instance profile."""
    write(
        iam.create_instance_profile,
        f"create the instance profile {name}",
        InstanceProfileName=name,
        Path=path,
        Tags=to_list(tags),
    )


def add_role_to_instance_profile(iam: Any, name: str, role: str) -> None:
    """Put the role into the instance profile, which holds one at most."""
    write(
        iam.add_role_to_instance_profile,
        f"put the role {role} into the instance profile {name}",
        InstanceProfileName=name,
        RoleName=role,
    )


def remove_role_from_instance_profile(iam: Any, name: str, role: str) -> None:
    """Take the role out of the instance profile; one that is not in it any more is no error."""
    remove(
        iam.remove_role_from_instance_profile,
        f"take the role {role} out of the instance profile {name}",
        _ABSENT,
        InstanceProfileName=name,
        RoleName=role,
    )


def delete_instance_profile(iam: Any, name: str) -> None:
    """Delete an instance profile that holds no role; one that is gone is no error."""
    remove(iam.delete_instance_profile, f"delete the instance profile {name}", _ABSENT, InstanceProfileName=name)


def list_instance_profiles(iam: Any) -> list[dict[str, Any]]:
    """All instance profiles of the account, without their tags."""
    return _all(iam.list_instance_profiles, "list the instance profiles of the account", "InstanceProfiles")


def list_instance_profile_tags(iam: Any, name: str) -> dict[str, str]:
    """The tags of the instance profile; none for one that is gone."""
    task = f"read the tags of the instance profile {name}"
    return _tags(iam.list_instance_profile_tags, task, InstanceProfileName=name)


def tag_role(iam: Any, name: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags."""
    write(iam.tag_role, f"tag the role {name}", RoleName=name, Tags=to_list(tags))


def tag_policy(iam: Any, arn: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags."""
    write(iam.tag_policy, f"tag the policy {arn}", PolicyArn=arn, Tags=to_list(tags))


def tag_instance_profile(iam: Any, name: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags."""
    task = f"tag the instance profile {name}"
    write(iam.tag_instance_profile, task, InstanceProfileName=name, Tags=to_list(tags))


def untag_role(iam: Any, name: str, keys: Sequence[str]) -> None:
    """Take tags away."""
    write(iam.untag_role, f"take tags off the role {name}", RoleName=name, TagKeys=list(keys))


def untag_policy(iam: Any, arn: str, keys: Sequence[str]) -> None:
    """Take tags away."""
    write(iam.untag_policy, f"take tags off the policy {arn}", PolicyArn=arn, TagKeys=list(keys))


def untag_instance_profile(iam: Any, name: str, keys: Sequence[str]) -> None:
    """Take tags away."""
    task = f"take tags off the instance profile {name}"
    write(iam.untag_instance_profile, task, InstanceProfileName=name, TagKeys=list(keys))


def _tags(method: Any, task: str, **parameters: Any) -> dict[str, str]:
    return from_list(_all_if_there(method, task, "Tags", **parameters))


def _all(method: Any, task: str, member: str, **parameters: Any) -> list[Any]:
    return _pages(partial(call, method, task), member, **parameters)


def _all_if_there(method: Any, task: str, member: str, **parameters: Any) -> list[Any]:
    """All of a member of something; none for one that is gone."""
    return _pages(partial(find, method, task, _ABSENT), member, **parameters)


def _pages(ask: Callable[..., dict[str, Any] | None], member: str, **parameters: Any) -> list[Any]:
    items: list[Any] = []
    while True:
        answer = ask(**parameters) or {member: []}
        items += answer[member]
        if not answer.get("IsTruncated"):
            return items
        parameters["Marker"] = answer["Marker"]
