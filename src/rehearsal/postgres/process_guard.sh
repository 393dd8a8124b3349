# Guards one server on behalf of an owner. $1 is the server's directory, the other arguments are the signals that stop
# the server, the gentlest first.
#
# Only the owner holds the other end of standard input. It sends one line of shell at a time; the reply is the exit
# code. When the owner ends, even by SIGKILL, the input ends; then the server is stopped and its directory removed. So
# the guard must not be ended by a signal meant for the owner, nor by writing a reply that nobody reads, before
# everything is removed.
trap '' HUP INT TERM PIPE
directory=$1
shift
server=

# The server inherits neither the pipes nor the ignored signals.
start() {
    (trap - HUP INT TERM PIPE && exec "$@") </dev/null >>"$directory/log" 2>&1 &
    server=$!
}

run() {
    "$@" </dev/null >>"$directory/log" 2>&1
}

# A dead child keeps its process id until it is reaped, which `jobs` does without blocking. Then the id is forgotten,
# because another process may get it.
alive() {
    [ -n "$server" ] || return 1
    jobs >/dev/null
    kill -0 "$server" 2>/dev/null && return 0
    server=
    return 1
}

# halt SIGNAL: 0 once the server has exited, 1 if it is still running after five seconds.
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

# end SIGNAL..: sends the signals in order until the server has exited.
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
# A killed server may leave children that are still writing.
rm -rf "$directory" 2>/dev/null || { sleep 0.5; rm -rf "$directory"; }
