/*
 * Relocates the programs of an object file against the BTF of a kernel as libbpf does, and prints what comes of it.
 *
 *   core-object BTF FILE..
 *
 * One line a program: `FILE PROGRAM HEX`, the instructions in hex. An object that libbpf refuses while it relocates
 * gives `FILE - relocation=E`, one that it refuses before `FILE - error=E`. What the running kernel says of the relocated programs does not matter.
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
	if (strstr(line, "BPF program load failed") || strstr(line, "failed to prepare load attributes"))
		programs_reached = 1;
	return 0;
}

static void print_programs(const char *file, struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		const unsigned char *bytes = (const unsigned char *)bpf_program__insns(program);
		size_t size = bpf_program__insn_cnt(program) * 8;

		printf("%s %s ", file, bpf_program__name(program));
		for (size_t i = 0; i < size; i++)
			printf("%02x", bytes[i]);
		putchar('\n');
	}
}

static void relocate(const char *btf, const char *file)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = btf);
	struct bpf_object *object = bpf_object__open_file(file, &options);
	struct bpf_program *program;
	struct bpf_map *map;
	int error;

	if (!object) {
		printf("%s - error=%d\n", file, errno);
		return;
	}
	relocation_failed = 0;
	programs_reached = 0;
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, true);
	/* What tools set before they load. */
	bpf_object__for_each_map(map, object) {
		if (bpf_map__max_entries(map) == 0)
			bpf_map__set_max_entries(map, 1);
		if (bpf_map__type(map) == BPF_MAP_TYPE_STACK_TRACE && bpf_map__value_size(map) == 0)
			bpf_map__set_value_size(map, 127 * 8);
	}
	error = bpf_object__load(object);
	if (error && (relocation_failed || !programs_reached))
		printf("%s - %s=%d\n", file, relocation_failed ? "relocation" : "error", -error);
	else
		print_programs(file, object);
	bpf_object__close(object);
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
