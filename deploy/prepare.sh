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

secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

mkdir secrets
database=$(secret)
printf %s "$database" >secrets/database_password
secret >secrets/grafana_password
sed -e "s/@DATABASE_PASSWORD@/$database/" -e "s/@LINK_KEY@/$(secret)/" -e "s/@OPERATOR_TOKEN@/$(secret)/" \
    -e "s/@SOURCE_TOKEN@/$(secret)/" "$template" >secrets/warnengine.toml
if [ "$template" = dev/warnengine.toml ]; then
    cp ../warnengine/demo/directory.csv secrets/directory.csv
else
    echo "unit,post,person,name,mobile,phone,email,deputy,superior" >secrets/directory.csv
fi
# Each container runs as a user of its own and reads its file; the folder keeps everybody else on this machine out.
chmod 0444 secrets/*
chmod 0700 secrets
echo "made deploy/secrets"
