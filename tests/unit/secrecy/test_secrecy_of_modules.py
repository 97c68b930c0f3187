# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No secret is in what a module says or returns; only files of modules that somebody keeps have the options."""

from __future__ import annotations

import json
import stat
import sys

from cloud import OWN_ACCOUNT, REGION, ROLE

# The secrets that these tests give as options.
GIVEN = ("api_token", "secret_key", "session_token")
PLACE = {"account_id": OWN_ACCOUNT, "region": REGION}
ROLES = ("permissions_file", "sns_topic", "eventbridge_rules", "iam_roles", "ssm_documents", "validation")
MODULES = {
    "connection": {"clumio.aws.clumio_connection": PLACE | {"asset_types": ["ebs"]}},
    "unknown asset type": {"clumio.aws.clumio_connection": PLACE | {"asset_types": ["unheard of"]}},
    "option of another module": {"clumio.aws.clumio_connection": PLACE | {"secret_key": "{{ secret_key }}"}},
    "connections": {"clumio.aws.clumio_connection_info": {"region": REGION, "api_token": "{{ api_token }}"}},
    "credentials": {
        "clumio.aws.clumio_account_credentials": PLACE | {"role_arn": ROLE.format(account=OWN_ACCOUNT)},
        "no_log": True,
    },
    "another account": {"clumio.aws.clumio_account_credentials": PLACE | {"account_id": "701000000001"}},
    "operator": {
        "clumio.aws.clumio_operator_validate": PLACE | {"fail_on_invalid": False, "secret_key": "{{ secret_key }}"}
    },
}
# Each kind of access, and one that fails.
PROCESSES = ("connection", "another account")


def tasks_with_secrets(workplace, names=None, give=True, **variables):
    """The arguments of ansible-playbook for tasks whose results are all shown.

    Args:
        names: of C(MODULES); all of these, and the roles after them, unless given.
        give: whether secrets are options, from Ansible Vault; else they come from the environment.
        variables: of the play.
    """
    tasks = [
        task | {"name": name, "register": f"result_{number}"}
        for number, (name, task) in enumerate(MODULES.items())
        if not names or name in names
    ]
    shown = [task["register"] for task in tasks if "no_log" not in task]
    if not names:
        for role in ("connection", *ROLES):
            tasks.append({"name": f"role {role}", "ansible.builtin.include_role": {"name": f"clumio.aws.{role}"}})
            shown.append(f"{role}_result")
    tasks += [{"name": f"show {name}", "ansible.builtin.debug": {"var": name}} for name in shown]
    options = {name: f"{{{{ {name} }}}}" for name in GIVEN}
    aws = {name: options[name] for name in ("secret_key", "session_token")}
    defaults = {"group/clumio.aws.aws": aws, "group/clumio.aws.clumio": {"api_token": options["api_token"]}}
    whole = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "ignore_errors": True,
        "module_defaults": defaults if give else {},
        "vars": {
            "ansible_python_interpreter": sys.executable,
            "clumio_aws_account_id": OWN_ACCOUNT,
            "clumio_aws_region": REGION,
            "clumio_aws_asset_types": ["ebs"],
            "clumio_aws_permissions": "{{ permissions_file_result.permissions }}",
            "permissions_file_external_id": "{{ connection_result.connection.external_id }}",
            "permissions_file_token": "{{ connection_result.connection.token }}",
            # Nobody hands the ARNs over.
            "validation_wait_timeout": 0,
            **variables,
        },
        "tasks": tasks,
    }
    known = workplace.cloud.secrets
    files = [workplace.give_vaulted(f"{name}.yml", name, getattr(known, name)) for name in GIVEN]
    return ["-i", "here,", *(f"-e@{file}" for file in files), str(workplace.give("play.yml", [whole]))]


def test_options_and_results(workplace):
    run = workplace.playbook(*tasks_with_secrets(workplace), ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    assert workplace.leaks(run) == []
    told = json.loads(run.stdout[run.stdout.index("\n{\n") :])
    failed = [task["task"]["name"] for task in told["plays"][0]["tasks"] if task["hosts"].get("here", {}).get("failed")]
    assert failed == [
        "unknown asset type",
        "option of another module",
        "another account",
        "clumio.aws.validation : Main | Compare AWS and Clumio with the plan",
    ]


def test_modules_as_processes(workplace):
    """A module that Ansible sends away gets its options in the file that it is, which goes with the task."""
    arguments = tasks_with_secrets(workplace, PROCESSES, clumio_aws_in_worker=False)
    run = workplace.playbook(*arguments, ANSIBLE_REMOTE_TEMP=str(workplace.left / "sent"))
    assert workplace.leaks(run) == []
    assert run.stdout.count("as a process, because clumio_aws_in_worker is false") == len(PROCESSES)
    assert not list(workplace.left.glob("sent/*"))


def test_files_of_modules_that_somebody_keeps(workplace):
    """That is what Ansible keeps them for; nobody but their owner can read them."""
    sent = workplace.left / "sent"
    arguments = tasks_with_secrets(workplace, PROCESSES)
    run = workplace.playbook(*arguments, ANSIBLE_KEEP_REMOTE_FILES="true", ANSIBLE_REMOTE_TEMP=str(sent))
    found = workplace.leaks(run)
    assert {leak.partition(": ")[2] for leak in found} == {f"{name}, plain" for name in GIVEN}
    assert all(leak.startswith("sent/") and "/AnsiballZ_clumio_" in leak for leak in found)
    assert [path for path in sent.iterdir() if stat.S_IMODE(path.stat().st_mode) != 0o700] == []


def test_what_comes_from_the_environment_is_in_no_file_of_a_module(workplace):
    sent = workplace.left / "sent"
    arguments = tasks_with_secrets(workplace, PROCESSES, give=False)
    run = workplace.playbook(*arguments, ANSIBLE_KEEP_REMOTE_FILES="true", ANSIBLE_REMOTE_TEMP=str(sent))
    assert workplace.leaks(run) == []
    assert len(list(sent.glob("*/AnsiballZ_clumio_*.py"))) == len(PROCESSES)
