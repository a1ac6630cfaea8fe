#!/bin/sh
# Starts one part of a dualping network on this machine; other parts run on other machines. Builds dualping first when
# it is not built yet.
#
#   launch.sh r IP                 a router that listens at IP
#   launch.sh s IP ROUTER-IP       a server that listens at IP, with its supervisor, for the router at ROUTER-IP
#   launch.sh c ROUTER-IP USER     a client of USER
#
# The router makes the network's certificates at its first start, in the folder "certs" beside its own. A server on another
# machine says what it needs from there. A client needs network.pem, which is no secret: CA.
#
# Variables: PORT (the router's, default 7070), ID and CLUSTER (the server's, default 1 and 1),
# DATA (the folder of the router or server, default dualping-data/router and dualping-data/sID), CA (the network.pem of a
# client on another machine).
set -eu

usage() {
  cat <<'USAGE'
usage: launch.sh r IP                 a router that listens at IP
       launch.sh s IP ROUTER-IP       a server that listens at IP, with its supervisor
       launch.sh c ROUTER-IP USER     a client
variables: PORT of the router (7070), ID and CLUSTER of the server (1, 1), DATA folder, CA (network.pem) of the client
needs Node.js 20.15 or newer; builds dualping when it is not built yet
USAGE
}

refuse() {
  echo "launch.sh: $1" >&2
  usage >&2
  exit 2
}

# The role and what follows it, against how many words there should be.
need() {
  [ "$1" -eq "$2" ] || refuse "$(($1 - 1)) arguments after the role, $(($2 - 1)) are needed"
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

# What npm and tsc say goes to stderr: standard output is the program's. One launch builds at a time.
build() {
  building=$root/node_modules.building
  while ! mkdir "$building" 2>/dev/null; do
    [ -d "$building" ] || { echo "launch.sh: $root can't be written to" >&2 && exit 1; }
    echo "launch.sh: another launch.sh builds dualping (if none does: rmdir $building)" >&2
    sleep 2
    if is_built; then return; fi
  done
  trap 'rmdir "$building"' EXIT
  trap 'exit 130' INT TERM HUP
  echo "launch.sh: dualping is not built yet: building it in $root, once" >&2
  [ -x "$root/node_modules/.bin/tsc" ] || npm --prefix "$root" ci --no-audit --no-fund >&2
  npm --prefix "$root" run build >&2
  rmdir "$building"
  trap - EXIT INT TERM HUP
}

is_built() {
  [ -f "$root/packages/dualping/dist/main.js" ] && [ -d "$root/node_modules" ] &&
    [ ! -d "$root/node_modules.building" ]
}

prepare() {
  for tool in node npm; do
    command -v "$tool" >/dev/null || {
      echo "launch.sh: $tool is missing: install Node.js 20.15 or newer" >&2
      exit 1
    }
  done
  is_built || build
}

case ${1:-} in
  r)
    need "$#" 2
    prepare
    exec node "$dualping" router --host "$2" --port "$port" --data "${DATA:-dualping-data/router}"
    ;;
  s)
    need "$#" 3
    prepare
    exec node "$dualping" server --supervised --host "$2" --routers "$(place "$3")" \
      --id "$id" --cluster "${CLUSTER:-1}" --data "${DATA:-dualping-data/s$id}"
    ;;
  c)
    need "$#" 3
    prepare
    exec node "$dualping" client --routers "$(place "$2")" --user "$3" ${CA:+--ca "$CA"}
    ;;
  -h | --help)
    usage
    ;;
  '')
    usage >&2
    exit 2
    ;;
  *)
    refuse "there is no role \"$1\""
    ;;
esac
