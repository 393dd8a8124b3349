#!/bin/sh
# A stand-in for npm where Node is missing: runs the scripts of package.json, and nothing else.

fail() {
    printf 'npm error %s\n' "$@" >&2
    exit 1
}

quoted() {
    printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

verb=
script=
quiet=
arguments=
while [ "$#" -gt 0 ]; do
    case $1 in
        --)
            shift
            for argument do arguments="$arguments $(quoted "$argument")"; done
            break
            ;;
        -s | --silent | --loglevel=silent) quiet=1 ;;
        --prefix | -C) cd "$2" || exit 1; shift ;;
        --prefix=*) cd "${1#*=}" || exit 1 ;;
        --version | -v) echo 11.0.0 && exit 0 ;;
        -*) ;;
        *)
            if [ -z "$verb" ]; then
                verb=$1
            elif [ -z "$script" ]; then
                script=$1
            else
                arguments="$arguments $(quoted "$1")"
            fi
            ;;
    esac
    shift
done
case $verb in
    run | run-script) ;;
    test) script=test ;;
    *) fail "Unknown command: \"$verb\"" ;;
esac

root=$PWD
while [ ! -e "$root/package.json" ]; do
    if [ -z "$root" ]; then
        printf 'npm error %s\n' 'code ENOENT' "enoent Could not read package.json in $PWD" >&2
        exit 254
    fi
    root=${root%/*}
done
cd "$root" || exit 1

# The package.json of the checkout has one script per line.
line=$(sed -n '/"scripts": *{/,/}/p' package.json | grep -F "\"$script\":" | head -n 1)
[ -n "$script" ] && [ -n "$line" ] || fail "Missing script: \"$script\"" '' 'To see a list of scripts, run:' '  npm run'
command=$(printf %s "$line" | sed 's/^[^:]*"[^"]*": *"//; s/",\{0,1\} *$//; s/\\"/"/g; s/\\\\/\\/g')
[ -n "$quiet" ] || printf '\n> %s\n> %s\n\n' "$script" "$command$arguments"
PATH=$root/node_modules/.bin:$PATH npm_lifecycle_event=$script INIT_CWD=$OLDPWD \
    exec sh -c "$command$arguments"
