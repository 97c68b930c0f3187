# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs Ansible for somebody, and what a playbook of somebody else's gives away."""

from __future__ import annotations

import stat

from cloud import OWN_ACCOUNT, REGION


def test_a_playbook_that_gives_secrets_away_is_caught(workplace):
    """As text, encoded, in a file, in a result, and as a part of an error."""
    workplace.give(
        "leak.yml",
        [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "vars": {"secret": "{{ lookup('env', 'AWS_SECRET_ACCESS_KEY') }}"},
                "tasks": [
                    {"ansible.builtin.debug": {"msg": "{{ lookup('env', 'CLUMIO_API_TOKEN') | b64encode }}"}},
                    {"ansible.builtin.set_fact": {"kept": "{{ secret | urlencode }}", "cacheable": True}},
                    {"ansible.builtin.copy": {"content": "x{{ secret }}", "dest": "{{ lookup('env', 'HOME') }}/copy"}},
                    {"ansible.builtin.fail": {"msg": "{{ lookup('env', 'AWS_SESSION_TOKEN') }}"}},
                ],
            }
        ],
    )
    found = "\n".join(workplace.leaks(workplace.playbook(str(workplace.given / "leak.yml"))))
    for leak in (
        "stdout: api_token, base64",
        "stdout: session_token, plain",
        "ansible.log: api_token, base64",
        "ansible.log: session_token, plain",
        "localhost: secret_key, plain",
        "home/copy: secret_key, plain",
        "tree/localhost: session_token, plain",
    ):
        assert leak in found
    assert ".xml: session_token, plain" in found


def test_ansible_runner(workplace):
    """It writes down its environment, for its owner only. What is in a vault is nowhere, be it artifacts or events."""
    vault = workplace.give_vaulted("vault.yml", "clumio_api_token", workplace.cloud.secrets.api_token)
    variables = f"-e account={OWN_ACCOUNT} -e region={REGION} -e assets=dynamodb -e @{vault}"
    workplace.give("../left/runner/env/cmdline", f"-vvvv --diff {variables}")
    command = ("ansible-runner", "run", "runner", "--ident", "1", "-p", "clumio.aws.onboard")
    run = workplace.run(*command, without=("CLUMIO_API_TOKEN",))
    assert run.code == 0
    assert {"runner/artifacts/1/stdout", "runner/artifacts/1/rc"} < run.files.keys()
    assert any(name.startswith("runner/artifacts/1/job_events/") for name in run.files)
    written = "runner/artifacts/1/command"
    assert workplace.leaks(run) == [f"{written}: {name}, plain" for name in ("secret_key", "session_token")]
    assert stat.S_IMODE(workplace.left.joinpath(written).stat().st_mode) == 0o600


def test_molecule(workplace):
    scenario = "../left/project/molecule/default"
    arguments = {"executor": {"args": {"ansible_playbook": ["-vvvv", "--diff"]}}}
    workplace.give(f"{scenario}/molecule.yml", {"ansible": arguments, "prerun": False})
    variables = {"account": OWN_ACCOUNT, "region": REGION, "assets": "dynamodb"}
    workplace.give(f"{scenario}/converge.yml", [{"import_playbook": "clumio.aws.onboard", "vars": variables}])
    run = workplace.run("bash", "-c", "cd project && molecule -vvv --debug converge")
    assert run.code == 0
    assert any("molecule" in name and name.endswith("state.yml") for name in run.files)
    assert workplace.leaks(run) == []
