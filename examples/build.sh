#!/usr/bin/env bash
# Rebuilds every *.bpf.o of the examples and of tests from the C source beside it.
# Needs clang (15 or newer, CLANG=… to choose); running the examples does not.
# usage: examples/build.sh [FOLDER…]
set -euo pipefail
cd "$(dirname "$0")/.."

clang=${CLANG:-$(command -v clang || command -v clang-19 || true)}
strip=${LLVM_STRIP:-$(command -v llvm-strip || command -v llvm-strip-19 || true)}
[ -n "$clang" ] || { echo "build.sh: no clang found; install clang or set CLANG" >&2; exit 1; }
[ -n "$strip" ] || { echo "build.sh: no llvm-strip found; install llvm or set LLVM_STRIP" >&2; exit 1; }

include=$(mktemp -d)
trap 'rm -rf "$include"' EXIT
node tools/ensure-built.mjs
bin/probectl btf dump --format c > "$include/vmlinux.h"

[ $# -gt 0 ] || set -- examples test/cli/fixtures test/machine/fixtures test/library/fixtures test/verifier/objects
find "$@" -name '*.bpf.c' | sort | while read -r source; do
	object=${source%.c}.o
	# Line information names the source without the folder of this checkout.
	"$clang" -g -O2 -Wall -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 \
		-fdebug-compilation-dir=. -ffile-prefix-map="$include"=. -ffile-prefix-map="$PWD"=. \
		-I "$include" -I libs/service/assets/include -c "$source" -o "$object"
	"$strip" -g "$object"
	echo "$object"
done
