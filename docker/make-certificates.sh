#!/bin/sh
# Makes an authority and certificates by which services, command line and PostgreSQL know each other:
#   make-certificates.sh FOLDER NAME:UID...
# FOLDER/NAME gets ca.pem, cert.pem and key.pem, for that user only; the authority's own are in FOLDER/authority. What is
# there and lasts for 30 more days stays. Services read their files at the start: restart them after new ones were made.
set -eu
folder=$1
shift
authority=$folder/authority
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
umask 077

cat >"$settings" <<'END'
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[workload]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
authorityKeyIdentifier = keyid
subjectAltName = URI:spiffe://autoprov/${ENV::NAME}, DNS:${ENV::NAME}
END

# request FOLDER EXTENSIONS DAYS [ISSUER]: a new key, and a certificate for $NAME.
request() {
  into=$1 extensions=$2 days=$3
  shift 3
  openssl req -config "$settings" -x509 -extensions "$extensions" -days "$days" -subj "/CN=$NAME" "$@" \
    -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$into/key.pem" -out "$into/cert.pem"
}

lasts() {
  openssl x509 -in "$1" -noout -checkend 2592000 >/dev/null 2>&1
}

export NAME=authority
mkdir -p "$authority"
if ! lasts "$authority/cert.pem"; then
  request "$authority" authority 3650
  echo "made an authority"
fi

for owner in "$@"; do
  NAME=${owner%:*}
  own=$folder/$NAME
  mkdir -p "$own"
  if ! lasts "$own/cert.pem" || ! openssl verify -CAfile "$authority/cert.pem" "$own/cert.pem" >/dev/null 2>&1; then
    request "$own" workload 365 -CA "$authority/cert.pem" -CAkey "$authority/key.pem"
    cp "$authority/cert.pem" "$own/ca.pem"
    echo "made a certificate for $NAME"
  fi
  chown -R "${owner#*:}" "$own"
done
