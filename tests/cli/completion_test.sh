#!/usr/bin/env bash
# Completion in a real bash: what a user gets after pressing Tab. usage: completion_test.sh SOURCE HELIP
set -euo pipefail
source "$1/deploy/completion/helip.bash"
helip=$2
failures=0

completed() {  # prints the completions of the last word, one line
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  _helip
  echo "${COMPREPLY[*]}"
}

expect() {  # expect WANTED WORD…: the completions of these words
  local wanted=$1 found
  shift
  found=$(completed "$helip" "$@")
  if [ "$found" != "$wanted" ]; then
    echo "helip $*: expected \"$wanted\", found \"$found\"" >&2
    failures=$((failures + 1))
  fi
}

expect "run report" r
expect "show" config s
expect "--set" run --s
expect "train.lock_image= train.lock_image_unlocked_groups=" run --config c.yaml --set train.lock_i
expect "loss.margin_weight=" config show --set loss.margin_w
expect "" run --set no_such_section.
expect "" run --config ""

# Every key that --set takes is completed, and each that is completed is taken.
mapfile -t shown < <("$helip" config explain --markdown | sed '/^## An experiment/,$d' | grep -oE '^\| `[a-z_.0-9]+`' | tr -d '|` ' | sort)
mapfile -t keys < <(completed "$helip" run --set "" | tr ' ' '\n' | tr -d = | sort)
if [ "${#keys[@]}" -lt 80 ] || [ "${shown[*]}" != "${keys[*]}" ]; then
  echo "the completed keys are not those of the configuration:" >&2
  diff <(printf '%s\n' "${shown[@]}") <(printf '%s\n' "${keys[@]}") >&2 || true
  failures=$((failures + 1))
fi
exit $((failures > 0))
