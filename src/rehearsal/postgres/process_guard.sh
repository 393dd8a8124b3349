# Keeps one server on behalf of an owner. $1 is the directory that belongs to the server, the other
# arguments are the signals that end it, the politest first.
#
# The owner alone holds the other end of standard input and sends one line of shell at a time; each is
# answered with its exit code. When the owner dies, however it dies, the input ends: then the server is
# ended too and its directory removed. The keeper therefore must not die of a signal meant for the owner.
# Nor of an answer that nobody takes any more, before everything here is removed.
trap '' HUP INT TERM PIPE
directory=$1
shift
server=

# The server inherits nothing of the conversation, nor the keeper's deafness to signals.
start() {
    (trap - HUP INT TERM PIPE && exec "$@") </dev/null >>"$directory/log" 2>&1 &
    server=$!
}

run() {
    "$@" </dev/null >>"$directory/log" 2>&1
}

# A dead child keeps its number until it is waited for, which `jobs` does without blocking. The number is
# then forgotten, for the next process to get it is not ours.
alive() {
    [ -n "$server" ] || return 1
    jobs >/dev/null
    kill -0 "$server" 2>/dev/null && return 0
    server=
    return 1
}

# halt SIGNAL: 0 once the server is gone, 1 when it is still there five seconds later.
halt() {
    [ -n "$server" ] || return 0
    kill -s "$1" "$server" 2>/dev/null
    patience=100
    while alive; do
        [ "$patience" -gt 0 ] || return 1
        patience=$((patience - 1))
        sleep 0.05
    done
}

# end SIGNAL..: tries the signals in turn until the server is gone.
end() {
    for signal do
        halt "$signal" && return 0
    done
    return 1
}

while IFS= read -r line; do
    eval "$line"
    echo "$?"
done

end "$@"
# A server that was killed may leave children that are still writing.
rm -rf "$directory" 2>/dev/null || { sleep 0.5; rm -rf "$directory"; }
