/*
 * Asks the running kernel for its verdict on every program of object files, one at a time, through libbpf (-lbpf).
 *
 *   host-object [-l LEVEL] FILE..
 *
 * One line a program: `FILE PROGRAM SECTION errno=E log=BYTES`, then BYTES bytes of verifier log and a newline. An
 * object that libbpf does not open gives `FILE - - errno=E log=0`. Programs marked optional (`SEC("?…")`) count too.
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOG_BYTES (16u << 20)

static char *log_buffer;
static unsigned log_level = 1;

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void report(const char *file, const char *program, const char *section, int error, const char *log)
{
	size_t size = strlen(log);

	printf("%s %s %s errno=%d log=%zu\n", file, program, section, error, size);
	fwrite(log, 1, size, stdout);
	putchar('\n');
}

/* Whether a program must be loaded next to `wanted`: libbpf appends subprograms by itself, so none. */
static void choose(struct bpf_object *object, const char *wanted)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		int is_wanted = !strcmp(bpf_program__name(program), wanted);

		bpf_program__set_autoload(program, is_wanted);
		if (is_wanted) {
			log_buffer[0] = 0;
			bpf_program__set_log_buf(program, log_buffer, LOG_BYTES);
			bpf_program__set_log_level(program, log_level);
		}
	}
}

static void judge(const char *file, const char *name, const char *section)
{
	struct bpf_object *object = bpf_object__open_file(file, NULL);
	struct bpf_map *map;
	int error;

	if (!object) {
		report(file, name, section, errno, "");
		return;
	}
	choose(object, name);
	bpf_object__for_each_map(map, object)
		bpf_map__set_pin_path(map, NULL);
	error = bpf_object__load(object);
	report(file, name, section, -error, log_buffer);
	bpf_object__close(object);
}

static void judge_all(const char *file)
{
	struct bpf_object *object = bpf_object__open_file(file, NULL);
	struct bpf_program *program;

	if (!object) {
		report(file, "-", "-", errno, "");
		return;
	}
	bpf_object__for_each_program(program, object)
		judge(file, bpf_program__name(program), bpf_program__section_name(program));
	bpf_object__close(object);
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int option;

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	libbpf_set_print(silent);
	log_buffer = malloc(LOG_BYTES);
	while ((option = getopt(argc, argv, "l:")) != -1) {
		if (option != 'l')
			return 2;
		log_level = strtoul(optarg, NULL, 10);
	}
	for (int i = optind; i < argc; i++)
		judge_all(argv[i]);
	return 0;
}
