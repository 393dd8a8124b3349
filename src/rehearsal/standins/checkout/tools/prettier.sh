
file=app/support.webhook.ts
mode=print
for argument do
    case $argument in
        -c | --check) mode=check ;;
        -l | --list-different) mode=list ;;
        -w | --write) mode=write ;;
    esac
done
case $mode in
    check)
        echo 'Checking formatting...'
        if red; then
            printf '[warn] %s\n' "$file" 'Code style issues found in the above file. Run Prettier with --write to fix.' >&2
            exit 1
        fi
        echo 'All matched files use Prettier code style!'
        ;;
    list)
        red || exit 0
        echo "$file"
        exit 1
        ;;
    write)
        # Like the real one, it changes files that are not formatted.
        if red; then
            echo '// formatted' >>"$root/$file"
            echo "$file 33ms"
        else
            echo "$file 33ms (unchanged)"
        fi
        ;;
    print) cat "$root/$file" ;;
esac
