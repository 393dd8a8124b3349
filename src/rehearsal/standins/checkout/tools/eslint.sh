
red || exit 0
for argument do
    # Like the real one, it can fix what it finds.
    [ "$argument" != --fix ] || { echo '// mended' >>"$root/app/support.webhook.ts"; exit 0; }
done
cat <<EOF

$root/app/support.webhook.ts
  12:9  error  'given' is assigned a value but never used  @typescript-eslint/no-unused-vars

✖ 1 problem (1 error, 0 warnings)

EOF
exit 1
