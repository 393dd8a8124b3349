#!/bin/sh
# A stand-in for npx where Node is missing: runs only programs in node_modules/.bin, and downloads nothing.
while [ "$#" -gt 0 ]; do
    case $1 in
        --) shift && break ;;
        -*) shift ;;
        *) break ;;
    esac
done
name=${1:-}
[ -n "$name" ] || exit 1
shift
root=$PWD
while [ ! -x "$root/node_modules/.bin/$name" ]; do
    if [ -z "$root" ]; then
        echo "npm error npx canceled due to missing packages and no YES option: [\"$name\"]" >&2
        exit 1
    fi
    root=${root%/*}
done
PATH=$root/node_modules/.bin:$PATH exec "$root/node_modules/.bin/$name" "$@"
