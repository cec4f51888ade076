# Completes helip's subcommands, options, files and the keys of `--set` in bash.
# usage: source deploy/completion/helip.bash   (PATH must have helip, or call it by its path)
#
# Words come from the program's own help and `helip config explain`, so that they are never stale.

_helip_words() {  # prints subcommands and options of the given command
  "$@" --help 2>/dev/null | sed -nE 's/^  (-[a-zA-Z],)?(--[a-z][a-z0-9_-]*|[a-z]+)([ ,].*)?$/\2/p'
}

_helip_keys() {  # prints the keys that --set takes, each with its equals sign
  "$1" config explain 2>/dev/null | sed -nE 's/^([a-z_]+\.[a-z0-9_.]+)$/\1=/p'
}

_helip() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} former=${COMP_WORDS[COMP_CWORD - 1]}
  local command=("$program") i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == [a-z]* ]] || break
    command+=("${COMP_WORDS[i]}")
  done
  COMPREPLY=()
  if [[ $former == --set ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_helip_keys "$program")" -- "$word")
    compopt -o nospace 2>/dev/null || true  # outside of a completion it fails
  elif [[ $word == -* || $COMP_CWORD -eq ${#command[@]} ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_helip_words "${command[@]}")" -- "$word")
  fi
}

complete -o default -F _helip helip
