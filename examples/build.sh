#!/usr/bin/env bash
# Rebuilds every examples/**/*.bpf.o from the C source beside it.
# Needs clang (15 or newer, CLANG=… to choose) and libbpf's headers; running the examples needs neither.
set -euo pipefail
cd "$(dirname "$0")/.."

clang=${CLANG:-$(command -v clang || command -v clang-19 || true)}
strip=${LLVM_STRIP:-$(command -v llvm-strip || command -v llvm-strip-19 || true)}
[ -n "$clang" ] || { echo "build.sh: no clang found; install clang or set CLANG" >&2; exit 1; }
[ -n "$strip" ] || { echo "build.sh: no llvm-strip found; install llvm or set LLVM_STRIP" >&2; exit 1; }

include=$(mktemp -d)
trap 'rm -rf "$include"' EXIT
bin/probectl btf dump --format c > "$include/vmlinux.h"

for source in examples/*/*.bpf.c; do
	object=${source%.c}.o
	"$clang" -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -ffile-prefix-map="$PWD"=. \
		-I "$include" -c "$source" -o "$object"
	"$strip" -g "$object"
	echo "$object"
done
