#!/bin/sh
# A trainer that hands the work to another machine: train.sh HOST PROGRAM ARGS...
#
# Relens starts it in the run folder. The folder is copied to HOST, PROGRAM runs there in it (it finds its order in run.json), its lines
# come back as they are printed, and out/ is copied back. HOST is a name that `ssh` reaches without asking anything; both machines need
# ssh and tar, and HOST whatever PROGRAM needs.
#
# Cancelling, or the death of the server, ends the program there too: it lives as long as the connection does. The copy there is removed.
set -eu

[ $# -ge 2 ] || { echo "usage: train.sh HOST PROGRAM ARGS..."; exit 2; }
host=$1; shift
folder="relens-runs/$(basename "$PWD")-$$"
there() { ssh -o BatchMode=yes -o ServerAliveInterval=15 -o ServerAliveCountMax=4 "$@"; }

# Each word is one word there, whatever is in it.
words=""
for word in "$@"; do
  words="$words '$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'"
done

cleanup() { there "$host" "rm -rf '$folder'" </dev/null >/dev/null 2>&1 || true; }
trap cleanup EXIT
trap 'exit 143' TERM INT HUP

echo "copying $(du -sh . | cut -f1) to $host"
tar -cf - . | there "$host" "mkdir -p '$folder' && tar -xf - -C '$folder'"

# -tt: the far side gets a terminal, and SIGHUP from it when this side goes. Carriage returns are the terminal's, not the program's.
return=$(printf '\r')
{ there -tt "$host" "cd '$folder' && exec$words" </dev/null || echo $? >failed; } |
  while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "${line%"$return"}"; done
if [ -e failed ]; then
  code=$(cat failed)
  echo "the program on $host ended with exit code $code"
  exit "$code"
fi

there "$host" "tar -cf - -C '$folder' out" </dev/null | tar -xf -
