/*
 * Relocates the programs of object files against the BTF of a kernel as libbpf does, and prints what comes of it.
 *
 *   core-object BTF FILE..
 *
 * One line a program: `FILE PROGRAM HEX`, the instructions in hex; `FILE PROGRAM relocation=E` for a program with a
 * CO-RE relocation that libbpf refuses with errno E. An object that libbpf refuses before it relocates gives
 * `FILE - error=E`. Maps are not created and what the running kernel says of the relocated programs does not matter.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static int relocation_failed;
static int programs_reached;

/* libbpf tells in its log alone how far it came: programs go to the kernel once all of them are relocated. */
static int listen(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[4096];

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	if (strstr(line, "failed to perform CO-RE relocations"))
		relocation_failed = 1;
	if (strstr(line, "BPF program load failed") || strstr(line, "prog load failed") ||
	    strstr(line, "failed to load: ") || strstr(line, "failed to prepare load attributes"))
		programs_reached = 1;
	return 0;
}

static void print_program(const char *file, struct bpf_program *program)
{
	const unsigned char *bytes = (const unsigned char *)bpf_program__insns(program);
	size_t size = bpf_program__insn_cnt(program) * 8;

	printf("%s %s ", file, bpf_program__name(program));
	for (size_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

/* `only`: position of the one program to relocate, all when negative. */
static struct bpf_object *open_object(const char *btf, const char *file, int only)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = btf);
	struct bpf_object *object = bpf_object__open_file(file, &options);
	struct bpf_program *program;
	struct bpf_map *map;
	int position = 0;

	if (!object)
		return NULL;
	bpf_object__for_each_program(program, object) {
		bpf_program__set_autoload(program, only < 0 || only == position);
		position++;
	}
	bpf_object__for_each_map(map, object)
		bpf_map__set_autocreate(map, false);
	return object;
}

/* 0 when all programs that load were relocated, else the errno of libbpf. */
static int load(struct bpf_object *object)
{
	int error;

	relocation_failed = 0;
	programs_reached = 0;
	error = bpf_object__load(object);
	return error && (relocation_failed || !programs_reached) ? -error : 0;
}

/* Libbpf stops at the first relocation that it refuses: the programs one by one, each in an object of its own. */
static void relocate_one_by_one(const char *btf, const char *file)
{
	for (int position = 0;; position++) {
		struct bpf_object *object = open_object(btf, file, position);
		struct bpf_program *program = object ? bpf_object__next_program(object, NULL) : NULL;
		int error;

		for (int i = 0; i < position && program; i++)
			program = bpf_object__next_program(object, program);
		if (!program) {
			bpf_object__close(object);
			return;
		}
		error = load(object);
		if (error)
			printf("%s %s %s=%d\n", file, bpf_program__name(program), relocation_failed ? "relocation" : "error", error);
		else
			print_program(file, program);
		bpf_object__close(object);
	}
}

static void relocate(const char *btf, const char *file)
{
	struct bpf_object *object = open_object(btf, file, -1);
	struct bpf_program *program;
	int error;

	if (!object) {
		printf("%s - error=%d\n", file, errno);
		return;
	}
	error = load(object);
	if (!error) {
		bpf_object__for_each_program(program, object)
			print_program(file, program);
	} else if (!relocation_failed) {
		printf("%s - error=%d\n", file, error);
	}
	bpf_object__close(object);
	if (error && relocation_failed)
		relocate_one_by_one(btf, file);
}

int main(int count, char **words)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &all);
	libbpf_set_print(listen);
	for (int i = 2; i < count; i++)
		relocate(words[1], words[i]);
	return 0;
}
