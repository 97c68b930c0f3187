# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The floor of the comparison: a plain script with boto3 and threads that makes the very same objects.

    floor.py make PLAN       makes everything, and expects that nothing is there
    floor.py verify PLAN     reads everything, and tells what is missing and what differs

It does what the work takes at least, and nothing else: no check of what it gets, no second try, no preview, nothing
about whose a resource is.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

_THREADS = 16

#: A resource of the plan.
Item = Mapping[str, Any]
#: Whether something is as planned; raises AWS's error when it is missing.
Look = Callable[[], bool]


def _tags(item: Item) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in item["tags"].items()]


def _untagged(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _targets(rule: Item) -> list[dict[str, str]]:
    return [{"Id": target["id"], "Arn": target["arn"]} for target in rule["targets"]]


class Floor:
    """A plan, and the account of the credentials."""

    def __init__(self, plan: Mapping[str, Any], pool: ThreadPoolExecutor) -> None:
        config = Config(max_pool_connections=_THREADS)
        self._plan = plan
        self._pool = pool
        self._iam, self._sns, self._events, self._ssm = (
            boto3.client(service, config=config) for service in ("iam", "sns", "events", "ssm")
        )
        # Here, before there are threads: a client makes its exceptions when they are first asked for, and two threads
        # that ask at once get different ones.
        self._missing = (
            self._iam.exceptions.NoSuchEntityException,
            self._sns.exceptions.NotFoundException,
            self._sns.exceptions.ResourceNotFoundException,
            self._events.exceptions.ResourceNotFoundException,
            self._ssm.exceptions.InvalidDocument,
        )

    def make(self) -> None:
        """Make all that stands alone, then all that needs something of that."""
        plan = self._plan
        self._together(
            *(partial(self._make_role, role) for role in plan["roles"]),
            *(partial(self._make_policy, policy) for policy in plan["policies"]),
            *(partial(self._make_document, document) for document in plan["ssm_documents"]),
            *(partial(self._make_topic, topic) for topic in plan["topics"]),
            *(partial(self._make_rule, rule) for rule in plan["rules"]),
            *(partial(self._make_profile, profile) for profile in plan["instance_profiles"]),
        )
        self._together(
            *(
                partial(self._iam.attach_role_policy, RoleName=role["name"], PolicyArn=arn)
                for role in plan["roles"]
                for arn in role["managed_policies"]
            ),
            *(
                partial(
                    self._iam.put_role_policy,
                    RoleName=role["name"],
                    PolicyName=policy["name"],
                    PolicyDocument=json.dumps(policy["document"]),
                )
                for role in plan["roles"]
                for policy in role["inline_policies"]
            ),
            *(
                partial(
                    self._iam.add_role_to_instance_profile,
                    InstanceProfileName=profile["name"],
                    RoleName=profile["role"],
                )
                for profile in plan["instance_profiles"]
            ),
            *(partial(self._events.put_targets, Rule=rule["name"], Targets=_targets(rule)) for rule in plan["rules"]),
        )

    def verify(self) -> Counter[str]:
        """How many looks found things ``equal``, ``different`` and ``missing``. Every look is one call, or two."""
        plan = self._plan
        looks: list[Look] = [
            *(look for role in plan["roles"] for look in self._looks_at_role(role)),
            *(partial(self._is_policy, policy) for policy in plan["policies"]),
            *(look for document in plan["ssm_documents"] for look in self._looks_at_document(document)),
            *(look for topic in plan["topics"] for look in self._looks_at_topic(topic)),
            *(look for rule in plan["rules"] for look in self._looks_at_rule(rule)),
            *(partial(self._is_profile, profile) for profile in plan["instance_profiles"]),
        ]
        return Counter(self._together(*(partial(self._outcome, look) for look in looks)))

    def _together(self, *calls: Callable[[], Any]) -> list[Any]:
        return [future.result() for future in [self._pool.submit(call) for call in calls]]

    def _outcome(self, look: Look) -> str:
        try:
            return "equal" if look() else "different"
        except self._missing:
            return "missing"

    # ---- each kind of resource

    def _make_role(self, role: Item) -> None:
        self._iam.create_role(
            RoleName=role["name"],
            Path=role["path"],
            Description=role["description"],
            AssumeRolePolicyDocument=json.dumps(role["trust_policy"]),
            Tags=_tags(role),
        )

    def _looks_at_role(self, role: Item) -> Iterator[Look]:
        name = role["name"]

        def itself() -> bool:
            found = self._iam.get_role(RoleName=name)["Role"]
            return bool(
                found["AssumeRolePolicyDocument"] == role["trust_policy"]
                and found.get("Description") == role["description"]
                and _untagged(found.get("Tags", [])) == role["tags"]
            )

        def attached() -> bool:
            found = self._iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            return {policy["PolicyArn"] for policy in found} == set(role["managed_policies"])

        def inside() -> bool:
            found = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
            return set(found) == {policy["name"] for policy in role["inline_policies"]}

        def is_inside(policy: Item) -> bool:
            found = self._iam.get_role_policy(RoleName=name, PolicyName=policy["name"])
            return bool(found["PolicyDocument"] == policy["document"])

        yield from (itself, attached, inside)
        yield from (partial(is_inside, policy) for policy in role["inline_policies"])

    def _make_policy(self, policy: Item) -> None:
        self._iam.create_policy(
            PolicyName=policy["name"],
            Path=policy["path"],
            Description=policy["description"],
            PolicyDocument=json.dumps(policy["document"]),
            Tags=_tags(policy),
        )

    def _is_policy(self, policy: Item) -> bool:
        found = self._iam.get_policy(PolicyArn=policy["arn"])["Policy"]
        version = self._iam.get_policy_version(PolicyArn=policy["arn"], VersionId=found["DefaultVersionId"])
        return bool(
            version["PolicyVersion"]["Document"] == policy["document"]
            and _untagged(found.get("Tags", [])) == policy["tags"]
        )

    def _make_profile(self, profile: Item) -> None:
        self._iam.create_instance_profile(
            InstanceProfileName=profile["name"], Path=profile["path"], Tags=_tags(profile)
        )

    def _is_profile(self, profile: Item) -> bool:
        found = self._iam.get_instance_profile(InstanceProfileName=profile["name"])["InstanceProfile"]
        roles = [role["RoleName"] for role in found["Roles"]]
        return roles == [profile["role"]] and _untagged(found.get("Tags", [])) == profile["tags"]

    def _make_topic(self, topic: Item) -> None:
        self._sns.create_topic(
            Name=topic["name"], Attributes={"Policy": json.dumps(topic["policy"])}, Tags=_tags(topic)
        )

    def _looks_at_topic(self, topic: Item) -> Iterator[Look]:
        def itself() -> bool:
            found = self._sns.get_topic_attributes(TopicArn=topic["arn"])["Attributes"]
            return bool(json.loads(found["Policy"]) == topic["policy"])

        def tagged() -> bool:
            found = self._sns.list_tags_for_resource(ResourceArn=topic["arn"])["Tags"]
            return bool(_untagged(found) == topic["tags"])

        yield from (itself, tagged)

    def _make_rule(self, rule: Item) -> None:
        self._events.put_rule(
            Name=rule["name"],
            Description=rule["description"],
            EventPattern=json.dumps(rule["event_pattern"]),
            State=rule["state"],
            Tags=_tags(rule),
        )

    def _looks_at_rule(self, rule: Item) -> Iterator[Look]:
        def itself() -> bool:
            found = self._events.describe_rule(Name=rule["name"])
            return bool(
                json.loads(found["EventPattern"]) == rule["event_pattern"]
                and found["State"] == rule["state"]
                and found.get("Description") == rule["description"]
            )

        def targeted() -> bool:
            return bool(self._events.list_targets_by_rule(Rule=rule["name"])["Targets"] == _targets(rule))

        def tagged() -> bool:
            found = self._events.list_tags_for_resource(ResourceARN=rule["arn"])["Tags"]
            return bool(_untagged(found) == rule["tags"])

        yield from (itself, targeted, tagged)

    def _make_document(self, document: Item) -> None:
        self._ssm.create_document(
            Name=document["name"],
            Content=Path(document["file"]).read_text(encoding="utf-8"),
            DocumentType=document["document_type"],
            TargetType=document["target_type"],
            Tags=_tags(document),
        )

    def _looks_at_document(self, document: Item) -> Iterator[Look]:
        def itself() -> bool:
            found = self._ssm.describe_document(Name=document["name"])["Document"]
            return bool(
                found.get("TargetType") == document["target_type"]
                and _untagged(found.get("Tags", [])) == document["tags"]
            )

        def held() -> bool:
            content = self._ssm.get_document(Name=document["name"])["Content"]
            return bool(json.loads(content) == json.loads(Path(document["file"]).read_text(encoding="utf-8")))

        yield from (itself, held)


def main() -> None:
    """Make or verify; the one line printed is an object of counts."""
    action, file = sys.argv[1:]
    plan = json.loads(Path(file).read_text(encoding="utf-8"))
    with ThreadPoolExecutor(_THREADS) as pool:
        floor = Floor(plan, pool)
        if action == "make":
            floor.make()
        counted = floor.verify() if action == "verify" else {}
    sys.stdout.write(f"{json.dumps(counted)}\n")


if __name__ == "__main__":
    main()
