/*
 * What libbpf finds in object files, without loading anything (-lbpf).
 *
 *   open-object FILE..
 *
 * Fields are separated by tabs:
 *   O FILE ERRNO                                            one line a file, 0 when libbpf opens it
 *   P NAME SECTION TYPE EXPECTED_ATTACH_TYPE INSNS FLAGS     its programs, without their subprograms
 *   M NAME TYPE KEY_SIZE VALUE_SIZE MAX_ENTRIES FLAGS        its maps
 * With `-n NAME..` instead of files: `S NAME ERRNO TYPE EXPECTED_ATTACH_TYPE`, what a section name stands for.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifndef LIBBPF_MAJOR_VERSION
/* libbpf 0.x */
#define bpf_program__type bpf_program__get_type
#define bpf_program__expected_attach_type bpf_program__get_expected_attach_type
#define bpf_program__insn_cnt(program) (bpf_program__size(program) / 8)
#define bpf_program__flags(program) 0
#define bpf_map__type(map) bpf_map__def(map)->type
#define bpf_map__key_size(map) bpf_map__def(map)->key_size
#define bpf_map__value_size(map) bpf_map__def(map)->value_size
#define bpf_map__max_entries(map) bpf_map__def(map)->max_entries
#define bpf_map__map_flags(map) bpf_map__def(map)->map_flags
#endif

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void list(const char *file)
{
	struct bpf_object *object = bpf_object__open_file(file, NULL);
	struct bpf_program *program;
	struct bpf_map *map;
	long error = libbpf_get_error(object);

	printf("O\t%s\t%ld\n", file, -error);
	if (error)
		return;
	bpf_object__for_each_program(program, object)
		printf("P\t%s\t%s\t%u\t%u\t%zu\t%u\n", bpf_program__name(program), bpf_program__section_name(program),
		       (unsigned)bpf_program__type(program), (unsigned)bpf_program__expected_attach_type(program),
		       (size_t)bpf_program__insn_cnt(program), (unsigned)bpf_program__flags(program));
	bpf_object__for_each_map(map, object)
		printf("M\t%s\t%u\t%u\t%u\t%u\t%u\n", bpf_map__name(map), (unsigned)bpf_map__type(map),
		       (unsigned)bpf_map__key_size(map), (unsigned)bpf_map__value_size(map),
		       (unsigned)bpf_map__max_entries(map), (unsigned)bpf_map__map_flags(map));
	bpf_object__close(object);
}

static void name(const char *section)
{
	enum bpf_attach_type attach_type = 0;
	enum bpf_prog_type type = 0;
	int error = libbpf_prog_type_by_name(section, &type, &attach_type);

	printf("S\t%s\t%d\t%u\t%u\n", section, -error, (unsigned)type, (unsigned)attach_type);
}

int main(int argc, char **argv)
{
	int names = argc > 1 && !strcmp(argv[1], "-n");

	libbpf_set_print(silent);
	for (int i = 1 + names; i < argc; i++)
		if (names)
			name(argv[i]);
		else
			list(argv[i]);
	return 0;
}
