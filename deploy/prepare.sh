#!/bin/sh
# Makes deploy/secrets: the settings with fresh secrets, and the passwords of the parts around the engine.
#   sh deploy/prepare.sh        for the bureau: then fill in the gateways and put the address list beside them
#   sh deploy/prepare.sh dev    for the dev profile: simulated gateways and people
# What exists is left alone.
set -eu
umask 077
cd "$(dirname "$0")"

case "${1:-live}" in
    live) template=warnengine.toml ;;
    dev) template=dev/warnengine.toml ;;
    *) echo "usage: sh deploy/prepare.sh [dev]" >&2; exit 2 ;;
esac
if [ -e secrets ]; then
    echo "deploy/secrets exists and is left as it is; move it away to make new secrets" >&2
    exit 1
fi

# An empty secret would be an open door: no bytes, no installation.
secret() {
    made=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
    [ "${#made}" -eq 48 ] || { echo "no random bytes: install od and tr (coreutils)" >&2; return 1; }
    printf %s "$made"
}
database=$(secret) grafana=$(secret) link_key=$(secret) operator=$(secret) source=$(secret)
[ -n "$database" ] && [ -n "$grafana" ] && [ -n "$link_key" ] && [ -n "$operator" ] && [ -n "$source" ] || exit 1

mkdir secrets
printf %s "$database" >secrets/database_password
printf %s "$grafana" >secrets/grafana_password
sed -e "s/@DATABASE_PASSWORD@/$database/" -e "s/@LINK_KEY@/$link_key/" -e "s/@OPERATOR_TOKEN@/$operator/" \
    -e "s/@SOURCE_TOKEN@/$source/" "$template" >secrets/warnengine.toml
if [ "$template" = dev/warnengine.toml ]; then
    cp ../warnengine/demo/directory.csv secrets/directory.csv
else
    echo "unit,post,person,name,mobile,phone,email,wecom,app,loudspeaker,extra,prefers,deputy,superior,proven" >secrets/directory.csv
fi
# Each container runs as a user of its own and reads its file; the folder keeps everybody else on this machine out.
chmod 0444 secrets/*
chmod 0700 secrets
echo "made deploy/secrets"
