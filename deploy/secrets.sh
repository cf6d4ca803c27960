#!/bin/sh
# Makes the secrets of docker-compose.yml in deploy/secrets, those that aren't there yet. The
# certificate is one for trying things out: put the hospital's own in its place.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

secret() { # NAME, and its value on standard input
  test -s "$1" || { cat > "$1.new"; mv "$1.new" "$1"; echo "made deploy/secrets/$1"; }
}

openssl rand -hex 24 | secret database_password
printf 'postgresql://fhirserver:%s@postgres/fhirserver' "$(cat database_password)" | secret database_url
openssl rand -hex 24 | secret broker_password
printf 'redis://:%s@valkey:6379/0' "$(cat broker_password)" | secret broker_url
printf 'bind * -::*\nport 6379\ndir /data\nrequirepass %s\nappendonly yes\nmaxmemory-policy noeviction\n' \
  "$(cat broker_password)" | secret valkey_conf
openssl rand -base64 32 | tr -d '\n' | secret master_keys
if ! test -s tls_certificate; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout tls_key -out tls_certificate 2>/dev/null
  echo "made deploy/secrets/tls_certificate and tls_key: for localhost, for 30 days, to try things out"
fi
# The containers run as users of their own; the folder above stays closed.
chmod 0444 ./*
