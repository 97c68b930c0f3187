# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An AWS account in the sandbox that is as Clumio wants it, made without any code of the collection."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from sandbox.connections import CLUMIO_ACCOUNT, DATA_PLANE_ACCOUNT
from sandbox.permissions import build

TOKEN = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
REGION = "us-west-2"
ACCOUNTS = itertools.count(100000000000)

#: One for all: a session reads its service models once.
SESSION = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


def client(endpoint: str, service: str, account: str) -> Any:
    """A client of one account, straight at moto, which knows the account by the proxy's header."""
    made = SESSION.client(service, endpoint_url=endpoint, config=Config(proxies={}))

    def into_account(params: dict[str, Any], **_event: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    made.meta.events.register("before-call", into_account)
    return made


@dataclass
class Account:
    """An AWS account that was set up by hand from a permissions file, and what would be handed in of it."""

    endpoint: str
    words: list[str]
    token: str = TOKEN
    id: str = field(default_factory=lambda: str(next(ACCOUNTS)))
    arns: dict[str, str] = field(default_factory=dict)
    permission_set: str = "all"
    #: Before the names of topic, rules and roles; those of managed policies always have a prefix and a suffix.
    prefix: str = ""

    def __post_init__(self) -> None:
        self.file = build(
            self.words,
            self.id,
            REGION,
            clumio_account=CLUMIO_ACCOUNT,
            data_plane_account=DATA_PLANE_ACCOUNT,
            permission_set=self.permission_set,
        )
        self._make_everything()

    def client(self, service: str) -> Any:
        return client(self.endpoint, service, self.id)

    @property
    def external_id(self) -> str:
        return f"ExternalID_{self.token}"

    def text(self, document: str) -> str:
        """A document without placeholders. ARNs need no escapes in JSON, so its text can be worked on."""
        words = {re.sub("[^A-Z0-9]", "", name.upper()): arn for name, arn in self.arns.items()}
        words |= {"ROLEEXTERNALID": self.external_id, "CLUMIOTOKEN": self.token}
        return re.sub(r"(?<![A-Za-z0-9])[A-Z][A-Z0-9]{8,}(?![A-Za-z0-9])", lambda m: words.get(m[0], m[0]), document)

    def resources(self) -> dict[str, Any]:
        """The body member of the PATCH."""
        arn = self.arns.get
        return {
            "clumio_event_pub_arn": arn("ClumioEventPub", ""),
            "clumio_iam_role_arn": arn("ClumioIAMRole", ""),
            "clumio_support_role_arn": arn("ClumioSupportRole", ""),
            "event_rules": {
                "cloudtrail_rule_arn": arn("ClumioCloudtrailEventRule", ""),
                "cloudwatch_rule_arn": arn("ClumioCloudwatchEventRule", ""),
            },
            "service_roles": {
                "mssql": {
                    "ec2_ssm_instance_profile_arn": arn("instance profile", ""),
                    "ssm_notification_role_arn": arn("ClumioSSMNotificationRole", ""),
                },
                "s3": {"continuous_backups_role_arn": arn("ClumioS3ContinuousBackupEventBridgeRole", "")},
            },
        }

    def _name(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def _make_everything(self) -> None:
        sns, events, iam, ssm = (self.client(service) for service in ("sns", "events", "iam", "ssm"))
        file = self.file
        topic = sns.create_topic(Name=self._name("ClumioEventPub"))["TopicArn"]
        self.arns["ClumioEventPub"] = topic
        for name, rule in file["rules"].items():
            self.arns[name] = events.put_rule(Name=self._name(name), EventPattern=rule["event_pattern"])["RuleArn"]
            events.put_targets(Rule=self._name(name), Targets=[{"Id": "clumio-publish", "Arn": topic}])
        for name, role in file["roles"].items():
            trust = self.text(role["trust_policy"])
            created = iam.create_role(RoleName=self._name(name), Path="/clumio/", AssumeRolePolicyDocument=trust)
            self.arns[name] = created["Role"]["Arn"]
            for policy in role["managed_policies"]:
                self.arns[policy["name"]] = f"arn:aws:iam::{self.id}:policy/acme-{policy['name']}-usw2"
        for name, policy in file["policies"].items():
            document = self.text(policy["policy_document"])
            self.arns[name] = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        for name, role in file["roles"].items():
            for policy in role["managed_policies"]:
                document = self.text(policy["policy_document"])
                iam.create_policy(PolicyName=f"acme-{policy['name']}-usw2", PolicyDocument=document)
                iam.attach_role_policy(RoleName=self._name(name), PolicyArn=self.arns[policy["name"]])
            for policy in role["inline_policies"]:
                document = self.text(policy["policy_document"])
                iam.put_role_policy(RoleName=self._name(name), PolicyName=policy["name"], PolicyDocument=document)
        access = self.text(file["topics"]["ClumioEventPub"]["policies"][0]["policy_document"])
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=access)
        for name, document in file["ssm_documents"].items():
            ssm.create_document(Name=self.text(name), Content=json.dumps(document), DocumentType="Command")
        if "mssql" in self.words:
            name = self._name("ClumioEC2MSSQLSSMInstanceRoleV2")
            profile = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
            self.arns["instance profile"] = profile["Arn"]

    def remove_everything(self) -> None:
        """Take the account back to where it was, in the order in which AWS allows it."""
        sns, events, iam, ssm = (self.client(service) for service in ("sns", "events", "iam", "ssm"))
        file = self.file
        for name in file["ssm_documents"]:
            ssm.delete_document(Name=self.text(name))
        if "instance profile" in self.arns:
            name = self._name("ClumioEC2MSSQLSSMInstanceRoleV2")
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
            iam.delete_instance_profile(InstanceProfileName=name)
        for name, role in file["roles"].items():
            for policy in role["managed_policies"]:
                iam.detach_role_policy(RoleName=self._name(name), PolicyArn=self.arns[policy["name"]])
                iam.delete_policy(PolicyArn=self.arns[policy["name"]])
            for policy in role["inline_policies"]:
                iam.delete_role_policy(RoleName=self._name(name), PolicyName=policy["name"])
            iam.delete_role(RoleName=self._name(name))
        for name in file["policies"]:
            iam.delete_policy(PolicyArn=self.arns[name])
        for name in file["rules"]:
            events.remove_targets(Rule=self._name(name), Ids=["clumio-publish"])
            events.delete_rule(Name=self._name(name))
        sns.delete_topic(TopicArn=self.arns["ClumioEventPub"])
