#!/bin/sh
# Copies what one app needs to run, and nothing else, from the built repository into a folder:
#   sh docker/collect-app.sh config /app
set -eu
app=$1
out=$2
cd "$(dirname "$0")/.."
root=$(pwd -P)

list_files() {
  for path in $packages; do
    path=${path#"$root"/}
    case $path in
      "$root" | node_modules/@types/*) ;;
      # Our own packages are links into the repository.
      node_modules/@autoprov/*)
        echo "$path"
        list_own "$(readlink "$path")"
        ;;
      *) echo "$path" ;;
    esac
  done
}

# What is not named here may be read at run time: migrations, templates, descriptors.
list_own() {
  for entry in "${1#../../}"/*; do
    case ${entry##*/} in
      src | node_modules | tsconfig.json | jest.config.mjs | README.md) ;;
      *) echo "$entry" ;;
    esac
  done
}

packages=$(npm ls --all --parseable --omit=dev --omit=optional --workspace "apps/$app")
mkdir -p "$out"
list_files |
  tar -cf - --exclude '*.test.js' --exclude '*.fixture.js' --exclude '*.d.ts' --exclude '*.map' --exclude '*.tsbuildinfo' -T - |
  tar -xf - -C "$out"
ln -s "apps/$app/dist/main.js" "$out/main.js"
