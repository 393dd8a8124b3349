#!/bin/sh
# @NAME@: a stand-in in a checkout of the rehearsal. Its behaviour comes from files that its owner replaces.
answers=@ANSWERS@
root=@ROOT@
orders=$answers/tool/@NAME@

# What any program may do besides its work.
if [ -e "$orders/changes" ]; then
    echo '// changed by @NAME@' >>"$root/$(cat "$orders/changes")"
fi
if [ -e "$orders/noise" ]; then
    yes 'a line that nobody asked for, again and again, until the tail is all that can be shown' |
        head -n "$(cat "$orders/noise")"
fi
if [ -e "$orders/hang" ]; then
    # Not `exec sleep`: killing this shell alone must leave a child that keeps the output open.
    sleep 600
    exit 1
fi
if [ -e "$orders/code" ]; then
    cat "$orders/stderr" >&2
    cat "$orders/stdout"
    exit "$(cat "$orders/code")"
fi

red() {
    [ -e "$orders/red" ]
}
