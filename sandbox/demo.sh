#!/usr/bin/env bash
# Onboards an AWS account against the sandbox, twice, and shows that the second run changes nothing.
# Called by `make demo`, which puts the project's tools on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

account=111122223333
region=us-west-2
state=$(mktemp -d)
log=$state/output.log

stop() {
  python -m sandbox stop --state-dir "$state"
  rm -rf "$state"
}
trap stop EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

# What whoever runs this has set for work of their own must not get in the way.
unset AWS_PROFILE AWS_SESSION_TOKEN ANSIBLE_FORCE_COLOR

say "1/4  A local AWS and a local Clumio API"
exports=$(python -m sandbox start --account "$account" --region "$region" --state-dir "$state")
eval "$exports"
echo "AWS at $AWS_ENDPOINT_URL, Clumio at $CLUMIO_API_BASE_URL"

rm -rf .demo
onboard=(ansible-playbook clumio.aws.onboard -e "account=$account" -e "region=$region" -e report_dir=.demo)

say "2/4  First run: ${onboard[*]}"
"${onboard[@]}"

say "3/4  Second run: nothing may change"
"${onboard[@]}" | tee "$log"
grep --quiet "^${account}_${region} .*changed=0 .*failed=0" "$log"

say "4/4  What there is now"
python -m sandbox dump --summary --account "$account" --region "$region" --state-dir "$state" | tee "$log"
grep --quiet "^connections .*connected$" "$log"

say "Connected: ${account} in ${region}. The reports of both runs, for a browser:"
ls "$PWD"/.demo/*.html
