#!/bin/sh
# A stand-in for flyctl. Its answers come from files that its owner replaces. It prints a marker.
answers=@ANSWERS@
logs=@LOGS@
echo hotdash-ops-sandbox >&2

fail() {
    printf 'Error: %s\n' "$*" >&2
    exit 1
}

unknown_flag() {
    case $1 in
        --*) fail "unknown flag: $1" ;;
        *) fail "unknown shorthand flag: '${1#-}' in $1" ;;
    esac
}

app=
app_flag=
no_tail_flag=
image_flag=
region=${FLY_REGION:-}
region_flag=
access_token=
json=${FLY_JSON:-}
words=
while [ "$#" -gt 0 ]; do
    case $1 in
        -a | --app | -c | --config | -t | --access-token | -r | --region)
            [ "$#" -ge 2 ] || case $1 in
                --*) fail "flag needs an argument: $1" ;;
                *) fail "flag needs an argument: '${1#-}' in $1" ;;
            esac
            case $1 in
                -a | --app) app=$2 app_flag=$1 ;;
                -t | --access-token) access_token=$2 ;;
                -r | --region) region=$2 region_flag=$1 ;;
            esac
            shift
            ;;
        --app=*) app=${1#--app=} app_flag=--app ;;
        --config=*) ;;
        --access-token=*) access_token=${1#--access-token=} ;;
        --region=*) region=${1#--region=} region_flag=--region ;;
        -j | --json | --json=true) json=1 ;;
        -n | --no-tail | --no-tail=true) no_tail_flag=${1%%=*} ;;
        --image | --image=true) image_flag=--image ;;
        --debug | --verbose) ;;
        --*) fail "unknown flag: ${1%%=*}" ;;
        -?*)
            letter=${1#-}
            fail "unknown shorthand flag: '${letter%"${letter#?}"}' in $1"
            ;;
        *) words="$words${words:+ }$1" ;;
    esac
    shift
done

case $words in
    'secrets list' | 'secrets ls') command=secrets-list ;;
    'auth whoami') command=auth-whoami ;;
    version) command=version ;;
    status) command=status ;;
    releases) command=releases ;;
    logs) command=logs ;;
    *)
        first=${words%% *}
        case $words in
            'secrets '* | 'auth '* | 'releases '* | 'logs '*)
                rest=${words#* }
                fail "unknown command \"${rest%% *}\" for \"flyctl $first\""
                ;;
        esac
        fail "unknown command \"$first\" for \"flyctl\""
        ;;
esac
case $command-$app_flag in
    version-?* | auth-whoami-?*) unknown_flag "$app_flag" ;;
esac
[ "$command" = logs ] || for flag in $no_tail_flag $region_flag; do unknown_flag "$flag"; done
[ "$command" = releases ] || [ -z "$image_flag" ] || unknown_flag "$image_flag"

for key in "$command" any; do
    fault=$answers/fault/$key
    if [ -e "$fault/hang" ]; then
        # Not `exec sleep`: killing this shell alone must leave a child that keeps the output open.
        sleep 600
        exit 1
    elif [ -e "$fault/flood" ]; then
        # `yes` exits when its output is closed.
        yes '{"name":"FLOOD","digest":"0000000000000000","status":"Deployed"},'
        exit 1
    elif [ -e "$fault/code" ]; then
        cat "$fault/stderr" >&2
        cat "$fault/stdout"
        exit "$(cat "$fault/code")"
    fi
done

# flyctl's own logger writes to standard output.
case ${LOG_LEVEL:-} in
    debug | trace) echo "DEBUG Loaded flyctl config from ${FLY_CONFIG_DIR:-${HOME:-}/.fly}/config.yml" ;;
esac

kind=txt
[ -z "$json" ] || kind=json
if [ "$command" = version ]; then
    exec cat "$answers/version.$kind"
fi

# A variable that is set but empty takes precedence over the next one.
if [ -n "$access_token" ]; then
    token=$access_token
elif [ "${FLY_ACCESS_TOKEN+set}" ]; then
    token=$FLY_ACCESS_TOKEN
else
    token=${FLY_API_TOKEN:-}
fi
if [ -z "$token" ] && [ ! -e "$answers/login" ]; then
    fail "no access token available. Please login with 'flyctl auth login'"
fi
if [ "$command" = auth-whoami ]; then
    exec cat "$answers/whoami.$kind"
fi

app=${app:-${FLY_APP:-}}
[ -n "$app" ] || fail "the config for your app is missing an app name, add an app field to the fly.toml file or specify with the -a flag"
case $command in
    secrets-list) folder=secrets lead='failed to list app secrets' ;;
    status) folder=status lead='failed to get app: failed to run query' ;;
    releases) folder=releases lead='failed to list releases' ;;
    logs) folder=status lead='failed to get app logs' ;;
esac
case $app in
    */* | .*) known= ;;
    *) known=$answers/$folder/$app.$kind ;;
esac
[ -n "$known" ] && [ -e "$known" ] || fail "$lead: Could not find App \"$app\""
[ "$command" = logs ] || exec cat "$known"

file=$logs/$app.$kind
# Every machine is in one region; there are no lines from other regions.
case $region in '' | @REGION@) ;; *) file=$logs/none ;; esac
entry=@LINES@
[ "$kind" = json ] || entry=1
if [ -z "$no_tail_flag" ]; then
    exec tail -n $((@NEWEST@ * entry)) -F "$file" 2>/dev/null
fi
# The last entry may be incomplete: print only complete ones.
newest() {
    if [ "$kind" = txt ]; then
        tail -n @NEWEST@ "$file"
        return
    fi
    tail -n $(((@NEWEST@ + 1) * entry)) "$file" | awk -v most=@NEWEST@ '
        /^\{$/ { text = ""; open = 1 }
        open { text = text $0 "\n" }
        open && /^\}$/ { kept[count++ % most] = text; open = 0 }
        END {
            for (at = count > most ? count - most : 0; at < count; at++) printf "%s", kept[at % most]
            exit !count
        }
    '
}
# Like flyctl, which repeats its request until there is a line.
until [ -s "$file" ] && newest; do sleep 0.1; done
