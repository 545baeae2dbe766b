# Sourced by the setup scripts: installs the Debian packages that are missing.
#
#   need_packages NAME...    does nothing, quickly, when all of them are there

guard=/usr/sbin/policy-rc.d
guard_mark="etcd-mesos setup: start no service while packages are installed"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

missing_packages() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

# Debian starts a service as soon as its package is there. An etcd that nobody asked for would then hold ports
# 2379 and 2380, so services are told to stay down while we install. A policy that was there before is kept
# aside and put back, also by the next run if this one is killed.
forbid_services() {
  allow_services
  if [ -e "$guard" ]; then as_root mv "$guard" "$guard.etcd-mesos"; fi
  printf '#!/bin/sh\n# %s\nexit 101\n' "$guard_mark" | as_root tee "$guard" >/dev/null
  as_root chmod 755 "$guard"
}
allow_services() {
  if grep -qsF "$guard_mark" "$guard"; then as_root rm -f "$guard"; fi
  if [ -e "$guard.etcd-mesos" ]; then as_root mv "$guard.etcd-mesos" "$guard"; fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

need_packages() {
  local missing
  missing=$(missing_packages "$@" | tr '\n' ' ')
  if [ -z "$missing" ]; then return; fi
  if ! command -v apt-get >/dev/null; then
    echo "setup: this is not a Debian system; please install what provides these Debian packages: $missing" >&2
    exit 69
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "setup: packages are missing and there is no sudo; as root, please run" >&2
    echo "  apt-get update && apt-get install --no-install-recommends $missing" >&2
    exit 77
  fi
  echo "setup: installing $missing"
  trap allow_services EXIT
  forbid_services
  # shellcheck disable=SC2086 # a list of words
  if ! { apt update && apt install -y --no-install-recommends $missing; }; then
    echo "setup: apt-get could not install: $missing" >&2
    echo "  see the message above; 'apt-get update' needs a network and the Debian 12 sources" >&2
    exit 69
  fi
  # A service that this run brought must not start with the next boot either.
  case " $missing" in *" etcd-server "*) as_root update-rc.d etcd disable >/dev/null 2>&1 || true ;; esac
  allow_services
  trap - EXIT
}
