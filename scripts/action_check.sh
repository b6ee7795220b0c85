#!/usr/bin/env bash
# The step of action.yml: check, and write the report to the job's summary and the requested files.
# Reads TARGETS, ARGUMENTS, SARIF and JSON from the environment; exits with the check's code.
set -uo pipefail

mlcbuild=mlcbuild
for bin in bin Scripts; do
  if [ -x "${RUNNER_TEMP:-}/mlcbuild/$bin/mlcbuild" ] || [ -x "${RUNNER_TEMP:-}/mlcbuild/$bin/mlcbuild.exe" ]; then
    mlcbuild="$RUNNER_TEMP/mlcbuild/$bin/mlcbuild"
  fi
done

# Both are lists of words on purpose; patterns in TARGETS are expanded here.
# shellcheck disable=SC2206
targets=(${TARGETS-}) arguments=(${ARGUMENTS-})

"$mlcbuild" check "${arguments[@]+"${arguments[@]}"}" -- "${targets[@]+"${targets[@]}"}"
code=$?

if [ "$code" -ne 2 ]; then
  summary="${GITHUB_STEP_SUMMARY:-/dev/null}"
  "$mlcbuild" check "${arguments[@]+"${arguments[@]}"}" --format markdown \
    -- "${targets[@]+"${targets[@]}"}" >>"$summary" 2>/dev/null
  for form in sarif json; do
    [ "$form" = sarif ] && file="${SARIF-}" || file="${JSON-}"
    if [ -n "$file" ]; then
      "$mlcbuild" check "${arguments[@]+"${arguments[@]}"}" --format "$form" --output "$file" \
        -- "${targets[@]+"${targets[@]}"}" >/dev/null 2>&1
    fi
  done
fi

echo "exit-code=$code" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
