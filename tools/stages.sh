# shellcheck shell=bash
# Configure, build, check and test, as stages that are timed and summed up. Sourced, not run.

# sources: every C++ file of ours, NUL between them.
sources() {
  find src tests fuzz bench \( -name '*.cc' -o -name '*.h' \) -print0 2>/dev/null
}

configure() { # PRESET
  local log=build/$1.configure.log preset=$1 extra=()
  mkdir -p build
  # The release one with a part left out: a machine that only wants to see Dormouse need not have the test libraries.
  case $1 in demo) preset=release extra=(-B "build/$1" -DDORMOUSE_TESTS=OFF -DDORMOUSE_BENCH=OFF) ;; esac
  cmake --preset "$preset" "${extra[@]}" >"$log" 2>&1 || { cat "$log" >&2 && fail "cmake could not configure $1"; }
}

build() { # PRESET [TARGET...]
  local preset=$1
  shift
  say "building $preset ${*:+($*)}"
  local log=build/$preset.build.log
  if [ -t 1 ]; then
    cmake --build "build/$preset" -j"$JOBS" ${1:+--target "$@"}
  elif ! cmake --build "build/$preset" -j"$JOBS" ${1:+--target "$@"} >"$log" 2>&1; then
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Re-run)' "$log" | tail -80 >&2
    return 1
  fi
}

# build_tests PRESET LABEL-REGEX: only the programs of those tests; a sanitizer build of the rest would be idle work.
build_tests() {
  local preset=$1 label=$2 programs
  configure "$preset" || return 1
  programs=$(python3 tools/test_programs.py "build/$preset" "$label") || return 1
  if [ -z "$programs" ]; then
    say "no test has a label like $label"
    return 1
  fi
  # shellcheck disable=SC2086
  build "$preset" $programs
}

check() {
  local rc=0
  heading "include edges" && tools/check_includes || rc=1
  heading "purity of the core" && tools/check_pure build/release || rc=1
  heading "format" && check_format || rc=1
  heading "sizes (a report, not a gate)" && tools/check_sizes
  return $rc
}

# Static analysis takes minutes, so it is for ./dev check and not for every run of the tests.
check_all() {
  local rc=0
  check || rc=1
  heading "static analysis" && check_tidy || rc=1
  return $rc
}

check_format() {
  if ! command -v clang-format-19 >/dev/null; then
    say "skipped: clang-format-19 is not installed (./dev setup dev)"
    return 0
  fi
  if ! sources | xargs -0 clang-format-19 --dry-run -Werror >build/format.log 2>&1; then
    grep -oE '^[^ :]+\.(cc|h):' build/format.log | sort | uniq -c | sort -rn
    say "not formatted: run ./dev format"
    return 1
  fi
  say "formatted"
}

check_tidy() {
  if ! command -v clang-tidy-19 >/dev/null; then
    say "skipped: clang-tidy-19 is not installed (./dev setup dev)"
    return 0
  fi
  tools/check_tidy build/release
}

fuzz() { # [TARGET] SECONDS
  local only=$1 seconds=$2 rc=0 program name seeds
  configure fuzz && build fuzz || return 1
  for program in build/fuzz/fuzz/fuzz_*; do
    [ -x "$program" ] || fail "no fuzz targets were built"
    name=$(basename "$program")
    name=${name#fuzz_}
    [ -z "$only" ] || [ "$only" = "$name" ] || [ "$only" = "fuzz_$name" ] || continue
    # What is found grows under build/: the corpus in the tree stays as small as it was chosen.
    mkdir -p "build/fuzz/corpus/$name" "build/fuzz/found"
    seeds=()
    [ -d "fuzz/corpus/$name" ] && seeds+=("fuzz/corpus/$name")
    heading "fuzz $name for $seconds s"
    "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
      -artifact_prefix="build/fuzz/found/$name-" "build/fuzz/corpus/$name" "${seeds[@]}" >"build/fuzz/$name.log" 2>&1 ||
      { tail -40 "build/fuzz/$name.log" && rc=1; }
    grep -E 'stat::(number_of_executed_units|new_units_added|peak_rss_mb)' "build/fuzz/$name.log"
  done
  return $rc
}

# --- stages of ./dev test

STAGE_REPORT=()
STAGES_FAILED=()

stage() { # NAME COMMAND...
  local name=$1 start=$SECONDS verdict=ok
  shift
  heading "stage: $name"
  "$@"
  case $? in
  0) ;;
  77) verdict=skipped ;; # it said why
  *) verdict=FAILED && STAGES_FAILED+=("$name") ;;
  esac
  STAGE_REPORT+=("$(printf '%-34s %-7s %4d s' "$name" "$verdict" $((SECONDS - start)))")
}

stage_report() {
  heading "stages so far"
  printf '%s\n' "${STAGE_REPORT[@]}"
}

stage_build() { configure "$1" && build "$1"; }
run_ctest() { # PRESET [CTEST OPTIONS]
  local preset=$1
  shift
  ctest --test-dir "build/$preset" -j2 --output-on-failure --no-tests=error "$@"
}

# The suites each sanitizer run is worth its time for: threads race in few places, memory errors may hide anywhere.
kAsanLabels='unit|sim|fuzz'
kTsanLabels='threads'
stage_asan() {
  build_tests asan "$kAsanLabels" && ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    run_ctest asan -L "$kAsanLabels" "$@"
}
stage_tsan() {
  build_tests tsan "$kTsanLabels" && TSAN_OPTIONS=halt_on_error=1 run_ctest tsan -L "$kTsanLabels" "$@"
}
stage_fuzz() { fuzz "" 20; }

# Foreign peers in guests. Where guests cannot be made or run it is skipped with the reason: no test of Dormouse failed.
stage_lab() {
  if [ "$(id -u)" = 0 ] && ! (install_groups lab); then
    say "skipped: the lab's packages cannot be installed"
    return 77
  fi
  tests/lab/lab --plane both --json build/lab-matrix.json
}

# The release tests come last, so that the summary at the end of the output is that of the whole suite.
run_stages() { # MODE [CTEST OPTIONS]
  local mode=$1
  shift
  case $mode in
  default | all | ci)
    stage "release build" stage_build release
    stage "checks" check
    stage "address and UB sanitizers" stage_asan
    stage "thread sanitizer" stage_tsan
    if [ "$mode" = all ]; then
      stage "clang 19 build" stage_build clang
      stage "clang 19 tests" run_ctest clang -L "$kAsanLabels"
      stage "fuzzing" stage_fuzz
    fi
    if [ "$mode" != default ]; then stage "interop lab" stage_lab; fi
    stage_report
    heading "release tests"
    run_ctest release "$@" || STAGES_FAILED+=("release tests")
    ;;
  quick) stage_build release && run_ctest release -LE netns "$@" || STAGES_FAILED+=("release tests") ;;
  asan) stage_asan "$@" || STAGES_FAILED+=("address and UB sanitizers") ;;
  tsan) stage_tsan "$@" || STAGES_FAILED+=("thread sanitizer") ;;
  clang) stage_build clang && run_ctest clang -L "$kAsanLabels" "$@" || STAGES_FAILED+=("clang 19") ;;
  esac
  [ ${#STAGES_FAILED[@]} -eq 0 ] && return 0
  local IFS=,
  printf '\nFAILED: %s\n' "${STAGES_FAILED[*]}" >&2
  return 1
}
