# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell what AWS is to hold, as a permissions file says, without any code of the collection.

``as_file_says.py FILE ACCOUNT REGION TOKEN EXTERNAL_ID`` writes JSON: the documents of each section by ARN, or by name
as far as SSM is concerned. Names are those of the file.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any


def as_file_says(text: str, account: str, region: str, token: str, external_id: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads(text)

    def iam(kind: str, name: str) -> str:
        return f"arn:aws:iam::{account}:{kind}/{name}"

    roles, rules, topics = file["roles"], file["rules"], file["topics"]
    managed = {policy["name"]: policy for role in roles.values() for policy in role["managed_policies"]}
    managed |= {policy["name"]: policy for policy in file["policies"].values()}
    arns = {name: f"arn:aws:sns:{region}:{account}:{name}" for name in topics}
    arns |= {name: f"arn:aws:events:{region}:{account}:rule/{name}" for name in rules}
    arns |= {name: iam("policy", name) for name in managed} | {name: iam("role", name) for name in roles}
    words = {re.sub(r"[^A-Z0-9]", "", name.upper()): arn for name, arn in arns.items()}
    words |= {"CLUMIOTOKEN": token, "ROLEEXTERNALID": external_id}

    def filled(value: str) -> Any:
        return re.sub(r"(?<![A-Za-z0-9])[A-Z0-9]+(?![A-Za-z0-9])", lambda word: words.get(word[0], word[0]), value)

    def document(value: str) -> Any:
        return json.loads(filled(value))

    return {
        "topics": {arns[name]: document(topic["policies"][0]["policy_document"]) for name, topic in topics.items()},
        "event_patterns": {arns[name]: document(rule["event_pattern"]) for name, rule in rules.items()},
        "policies": {arns[name]: document(policy["policy_document"]) for name, policy in managed.items()},
        "trust_policies": {arns[name]: document(role["trust_policy"]) for name, role in roles.items()},
        "attached_policies": {
            arns[name]: sorted(policy["name"] for policy in role["managed_policies"]) for name, role in roles.items()
        },
        "inline_policies": {
            arns[name]: {policy["name"]: document(policy["policy_document"]) for policy in role["inline_policies"]}
            for name, role in roles.items()
        },
        "ssm_documents": {
            filled(name): json.loads(filled(json.dumps(content))) for name, content in file["ssm_documents"].items()
        },
        "instance_profiles": [
            iam("instance-profile", name) for name, role in roles.items() if "ec2.amazonaws.com" in role["trust_policy"]
        ],
    }


if __name__ == "__main__":
    path, *given = sys.argv[1:]
    json.dump(as_file_says(Path(path).read_text(encoding="utf-8"), *given), sys.stdout)
