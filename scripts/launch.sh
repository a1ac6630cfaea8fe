#!/bin/sh
# Starts one part of a dualping network on this machine; other parts run on other machines.
#
#   launch.sh r IP                 a router that listens at IP
#   launch.sh s IP ROUTER-IP       a server that listens at IP, with its supervisor, for the router at ROUTER-IP
#   launch.sh c ROUTER-IP USER     a client of USER
#
# Variables: PORT (the router's, default 7070), ID and CLUSTER (the server's, default 1 and 1),
# DATA (the folder of the router or server, default dualping-data/router and dualping-data/sID).
set -eu

usage() {
  cat >&2 <<'USAGE'
usage: launch.sh r IP                 a router that listens at IP
       launch.sh s IP ROUTER-IP       a server, with its supervisor
       launch.sh c ROUTER-IP USER     a client
variables: PORT of the router (7070), ID and CLUSTER of the server (1, 1), DATA folder
USAGE
  exit 2
}

need() {
  if [ "$1" -ne "$2" ]; then
    echo "launch.sh: $(($1 - 1)) arguments after the role, $(($2 - 1)) are needed" >&2
    usage
  fi
}

# An IPv6 address stands in brackets before a port.
place() {
  case $1 in
    *:*) printf '[%s]:%s' "$1" "$port" ;;
    *) printf '%s:%s' "$1" "$port" ;;
  esac
}

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
dualping=$root/packages/dualping/bin/dualping.js
port=${PORT:-7070}
id=${ID:-1}

if [ ! -f "$root/packages/dualping/dist/main.js" ]; then
  echo "launch.sh: dualping is not built yet: npm ci && npm run build, in $root" >&2
  exit 2
fi

case ${1:-} in
  r)
    need "$#" 2
    exec node "$dualping" router --host "$2" --port "$port" --data "${DATA:-dualping-data/router}"
    ;;
  s)
    need "$#" 3
    exec node "$dualping" server --supervised --host "$2" --routers "$(place "$3")" \
      --id "$id" --cluster "${CLUSTER:-1}" --data "${DATA:-dualping-data/s$id}"
    ;;
  c)
    need "$#" 3
    exec node "$dualping" client --routers "$(place "$2")" --user "$3"
    ;;
  *)
    usage
    ;;
esac
