# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No secret is in anything that a playbook says or leaves, as loud as it may be and wherever it fails.

The sandbox quotes the secrets of a request in its answer: as they came, and as JSON, URLs and base64 write them.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from cloud import OWN_ACCOUNT, QUOTE, REGION, ROLE
from permissions_files import permissions_file
from secret_search import leaks

OK = ""


def denied(calls: str) -> dict[str, Any]:
    return {"kind": "error", "calls": calls, "status": 403, "code": "AccessDenied", "message": QUOTE, "times": 0}


def expired(calls: str, code: str = "ExpiredToken") -> dict[str, Any]:
    return denied(calls) | {"status": 400, "code": code}


def unsigned(calls: str, code: str = "SignatureDoesNotMatch") -> dict[str, Any]:
    """Here AWS itself tells what the client has sent, and should have sent."""
    message = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        f"Key and signing method.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n{QUOTE}'\n"
    )
    return expired(calls, code) | {"message": message}


def refused(calls: str, code: str = "ValidationException") -> dict[str, Any]:
    return expired(calls, code)


def cut(calls: str) -> dict[str, Any]:
    return {"kind": "cut", "calls": calls, "times": 0}


def answered(status: int, calls: str) -> dict[str, Any]:
    return {"kind": "error", "calls": calls, "status": status, "message": f"Nobody knows {QUOTE}.", "times": 0}


# What goes wrong at a connection, and the code of the failure that its report tells.
IN_DRY_RUN = {
    "AWS": [(expired("iam:GetRole"), "aws_credentials"), (None, OK)],
    "Clumio": [
        (answered(401, "GET *"), "api_token_refused"),
        (cut("GET *"), "api_unreachable"),
        (answered(400, "POST */templates"), "api_refused"),
    ],
}
AT_ONBOARD = {
    "AWS": [
        (denied("sns:CreateTopic"), "aws_access_denied"),
        (unsigned("events:PutRule", "InvalidSignatureException"), "aws_credentials"),
        (refused("iam:CreateRole", "MalformedPolicyDocument"), "aws_refused"),
        (expired("ssm:CreateDocument", "ExpiredTokenException"), "aws_credentials"),
    ],
    "Clumio": [
        (answered(500, "POST /connections/aws"), "api_unavailable"),
        (cut("PATCH *"), "api_unreachable"),
    ],
}
AT_VALIDATE = {
    "AWS": [(expired("iam:GetRole"), "aws_credentials"), (cut("events:*"), "aws_unreachable")],
    "Clumio": [(answered(403, "GET *"), "api_token_refused"), (answered(400, "POST */templates"), "api_refused")],
}
AT_OFFBOARD = {
    "AWS": [
        (unsigned("iam:DetachRolePolicy"), "aws_credentials"),
        (unsigned("events:RemoveTargets", "InvalidSignatureException"), "aws_credentials"),
        (denied("sns:DeleteTopic"), "aws_access_denied"),
    ],
    "Clumio": [(answered(500, "DELETE *"), "api_unavailable")],
}


def fleet(workplace, faults):
    """Connections, each with one of the faults; the codes that their reports are to tell."""
    aws, clumio, hosts, codes = {}, {}, {}, {}
    troubles = [(side, *trouble) for side, those in faults.items() for trouble in those]
    for number, (side, fault, code) in enumerate(troubles, start=701000000001):
        account = f"{number:012}"
        name = f"{account}_{REGION}"
        # The most of what is made, where it matters; the least elsewhere.
        assets = "ebs,mssql" if fault and fault["calls"].startswith("ssm") else "dynamodb"
        hosts[name] = {
            "account": account,
            "region": REGION,
            "assume_role": ROLE.format(account=account),
            "assets": assets,
        }
        codes[name] = code
        # Nothing is left of what went wrong before.
        aws[account] = [fault] if fault and side == "AWS" else []
        clumio[name] = [fault] if fault and side == "Clumio" else []
    workplace.cloud.set_faults(aws, clumio)
    workplace.give("inventory.yml", {"clumio_connections": {"hosts": hosts}})
    return codes


def codes_of(run, playbook="onboard"):
    """What the report of a playbook says of its connections."""
    (name,) = (name for name in run.files if name.startswith(f"reports/clumio-{playbook}-") and name.endswith(".json"))
    report = json.loads(run.files[name])
    return {one["id"]: (one["failure"]["code"] or "no code") if one["failure"] else OK for one in report["connections"]}


def play(workplace, playbook, *arguments, **environment):
    given = ["-i", str(workplace.given / "inventory.yml"), "-e", "report_dir=reports"]
    run = workplace.playbook(f"clumio.aws.{playbook}", *given, *arguments, **environment)
    assert workplace.leaks(run) == []
    return run


def test_onboard_as_a_dry_run(workplace):
    codes = fleet(workplace, IN_DRY_RUN)
    run = play(workplace, "onboard", "--check")
    assert codes_of(run) == codes


def test_a_role_that_is_not_to_be_assumed(workplace):
    """The task is not shown, since it returns the credentials; what it says is."""
    codes = fleet(workplace, {"AWS": [(None, "no code")]})
    workplace.cloud.set_faults({OWN_ACCOUNT: [unsigned("sts:AssumeRole")]}, {})
    run = play(workplace, "offboard")
    assert codes_of(run, "offboard") == codes
    assert "AWS does not accept the credentials (SignatureDoesNotMatch)" in run.stdout


def test_onboard(workplace):
    known = workplace.cloud.secrets
    codes = fleet(workplace, AT_ONBOARD)
    run = play(workplace, "onboard")
    assert codes_of(run) == codes
    assert workplace.cloud.session_tokens >= {known.session_token, known.role_session_token}


def test_validate_and_offboard(workplace):
    """What each task returns is shown by another callback, as JSON."""
    codes = fleet(workplace, {"AWS": [(None, OK)] * 4})
    connections = ["-i", str(workplace.given / "inventory.yml")]
    done = workplace.run("ansible-playbook", "clumio.aws.onboard", *connections)
    assert done.code == 0
    confirm = f"confirm={','.join(codes)}"
    for playbook, faults in (("validate", AT_VALIDATE), ("offboard", AT_OFFBOARD)):
        codes = fleet(workplace, faults)
        run = play(workplace, playbook, "-e", confirm, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
        assert codes_of(run, playbook) == codes


# ---- where the secrets come from


def test_the_token_may_come_from_a_vault_or_a_lookup(workplace):
    """And AWS's secrets from a profile, which only boto3 reads. None is in the environment or on a command line."""
    known = workplace.cloud.secrets
    file = workplace.give("token", known.api_token)
    token_and_code = {
        "703000000001": ("{{ vaulted }}", OK),
        "703000000002": (f"{{{{ lookup('ansible.builtin.file', '{file}') }}}}", OK),
        "703000000003": ("{{ lookup('ansible.builtin.env', 'OF_ANOTHER_NAME') }}", OK),
        "703000000004": (f"not{known.api_token}", "api_token_refused"),
        "703000000005": ("", "api_credentials_missing"),
        OWN_ACCOUNT: ("{{ vaulted }}", "aws_credentials"),
    }
    hosts = {
        f"{account}_{REGION}": {
            "account": account,
            "region": REGION,
            "assets": "dynamodb",
            "clumio_api_token": token,
            **({} if account == OWN_ACCOUNT else {"assume_role": ROLE.format(account=account)}),
        }
        for account, (token, _code) in token_and_code.items()
    }
    workplace.give("inventory.yml", {"clumio_connections": {"hosts": hosts}})
    workplace.cloud.set_faults({OWN_ACCOUNT: [unsigned("iam:GetRole")]}, {})
    profile = (
        f"[member]\naws_access_key_id = SANDBOX{OWN_ACCOUNT}\naws_secret_access_key = {known.secret_key}\n"
        f"aws_session_token = {known.session_token}\n"
    )
    run = play(
        workplace,
        "onboard",
        "--check",
        "-e",
        f"@{workplace.give_vaulted('vault.yml', 'vaulted', known.api_token)}",
        without=("CLUMIO_API_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        AWS_SHARED_CREDENTIALS_FILE=str(workplace.give("credentials", profile)),
        AWS_PROFILE="member",
        OF_ANOTHER_NAME=known.api_token,
    )
    assert codes_of(run) == {f"{account}_{REGION}": code for account, (_token, code) in token_and_code.items()}
    assert workplace.cloud.session_tokens >= {known.session_token, known.role_session_token}


def test_what_the_wizard_gives_is_in_no_report(workplace):
    """With the token of the connection, which is no secret towards AWS, somebody could pretend to be its account."""
    uuid = str(uuid4())
    wizard = {
        "external_id": f"ExternalID_{uuid}",
        "token": uuid,
        "permissions_file": str(workplace.give("file.json", permissions_file("ebs", "mssql", account=OWN_ACCOUNT))),
    }
    workplace.give("inventory.yml", {"all": {"hosts": {"localhost": {"ansible_connection": "local"}}}})
    run = play(
        workplace,
        "onboard",
        "-e",
        f"account={OWN_ACCOUNT}",
        "-e",
        f"region={REGION}",
        "-e",
        f"@{workplace.give('wizard.yml', wizard)}",
        without=("CLUMIO_API_TOKEN", "CLUMIO_API_BASE_URL"),
    )
    assert codes_of(run) == {f"{OWN_ACCOUNT}_{REGION}": OK}
    reports = {name: text for name, text in run.files.items() if name.startswith("reports/")}
    assert [name.rpartition(".")[2] for name in sorted(reports)] == ["html", "json"]
    assert leaks({"token": uuid}, reports) == []
