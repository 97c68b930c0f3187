# The environment of somebody who has no access to Clumio's API: that of the sandbox, with the API's port closed.
# shellcheck shell=bash
. "$MOLECULE_EPHEMERAL_DIRECTORY/sandbox.sh"
unset CLUMIO_API_TOKEN
export CLUMIO_API_BASE_URL=http://127.0.0.1:9
