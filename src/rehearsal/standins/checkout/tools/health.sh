
# The app's exit codes: 0 healthy, 1 not configured, 2 not healthy.
if [ -z "${CHATWOOT_BASE_URL:-}" ]; then
    echo 'CHATWOOT_BASE_URL is not set' >&2
    exit 1
fi
mkdir -p "$root/artifacts/ops"
record() {
    printf '{"timestamp":"%s","check":"chatwoot-health","path":"%s","status":%s}\n' \
        "$(date -u '+%Y-%m-%dT%H:%M:%SZ')" "$1" "$2" >>"$root/artifacts/ops/chatwoot-health.jsonl"
}
if red; then
    record /rails/health 503
    echo 'Chatwoot health check failed: /rails/health answered 503' >&2
    exit 2
fi
record /rails/health 200
echo 'Chatwoot health check OK'
