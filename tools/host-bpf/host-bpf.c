/*
 * Asks the running kernel: loads programs through bpf(2), says what the verifier answered and what they returned.
 *
 * One command a line on stdin, one reply a line on stdout, until end of file. A command is a word and `key=value`
 * tokens; bytes are written in hexadecimal. Objects get small numbers in order of creation, apart for maps and BTF.
 *
 *   btf data=HEX                                       -> idx=N | errno=E
 *   map type=N key=N value=N max=N [name=S] [flags=N] [btf=IDX keytype=N valuetype=N] [inner=IDX] [extra=N]
 *                                                      -> idx=N | errno=E
 *   elem map=IDX key=HEX value=HEX                     -> errno=E
 *   freeze map=IDX                                     -> errno=E
 *   clear map=IDX[,IDX..]                              -> errno=E     arrays to zero, the others emptied
 *   drop                                               -> errno=0     closes every map and BTF; numbering restarts
 *   prog type=N insns=HEX [attach=N] [license=HEX] [flags=N] [log=N] [logsize=N] [name=S] [btfid=N]
 *        [btf=IDX funcinfo=HEX funcsize=N lineinfo=HEX linesize=N]
 *        [caps=MASK] [data=HEX] [ctx=HEX] [repeat=N] [dump=IDX[,IDX..]]
 *        [run=1] [runflags=N] [cpu=N] [batch=N] [outsize=N] [ctxoutsize=N]
 *                  -> errno=E [run=E retval=N data=HEX datasize=N [ctx=HEX]] [map=IDX:KEY=VALUE,..].. log=BYTES, then BYTES bytes, newline
 *
 * In `insns`, the immediate of a 64-bit load of a map (src_reg 1 or 2) is the map's number. The program is run when
 * `data`, `ctx` or `run` is there. With `caps` it is loaded with those effective capabilities only. The layout of the attributes is that of include/uapi/linux/bpf.h, written out so that old
 * headers do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAP_CREATE = 0, MAP_LOOKUP = 1, MAP_UPDATE = 2, MAP_DELETE = 3, MAP_NEXT = 4, PROG_LOAD = 5,
       PROG_TEST_RUN = 10, BTF_LOAD = 18, MAP_FREEZE = 22 };

struct map_create_attr {
	uint32_t type, key_size, value_size, max_entries, flags, inner_map_fd, numa_node;
	char name[16];
	uint32_t ifindex, btf_fd, btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
	uint64_t map_extra;
};

struct elem_attr {
	uint32_t map_fd;
	uint32_t pad;
	uint64_t key, value, flags;
};

struct prog_load_attr {
	uint32_t type, insn_cnt;
	uint64_t insns, license;
	uint32_t log_level, log_size;
	uint64_t log_buf;
	uint32_t kern_version, flags;
	char name[16];
	uint32_t ifindex, expected_attach_type, btf_fd, func_info_rec_size;
	uint64_t func_info;
	uint32_t func_info_cnt, line_info_rec_size;
	uint64_t line_info;
	uint32_t line_info_cnt, attach_btf_id, attach_prog_fd, core_relo_cnt;
	uint64_t fd_array, core_relos;
	uint32_t core_relo_rec_size, log_true_size;
};

struct test_run_attr {
	uint32_t prog_fd, retval, data_size_in, data_size_out;
	uint64_t data_in, data_out;
	uint32_t repeat, duration, ctx_size_in, ctx_size_out;
	uint64_t ctx_in, ctx_out;
	uint32_t flags, cpu, batch_size, pad;
};

struct btf_load_attr {
	uint64_t btf, log_buf;
	uint32_t size, log_size, log_level, pad;
};

#define MAX_OBJECTS 4096
#define LOG_BYTES (64u << 20)
#define OUT_BYTES (1u << 16)

struct map {
	int fd;
	uint32_t type, key_size, value_size, max_entries;
};

static struct map maps[MAX_OBJECTS];
static int map_count;
static int btfs[MAX_OBJECTS];
static int btf_count;
static char *log_buffer;
static unsigned cpu_count;

static int bpf(int command, void *attr, size_t size)
{
	return syscall(SYS_bpf, command, attr, size) < 0 ? -errno : 0;
}

static int bpf_fd(int command, void *attr, size_t size)
{
	long fd = syscall(SYS_bpf, command, attr, size);

	return fd < 0 ? -errno : (int)fd;
}

/* Tokens of the line in hand: pointers into it, cut at the blanks. */
struct token {
	char *key, *value;
};

static struct token tokens[64];
static int token_count;

static void split(char *line)
{
	token_count = 0;
	for (char *part = strtok(line, " \n"); part && token_count < 64; part = strtok(NULL, " \n")) {
		char *equals = strchr(part, '=');

		if (equals)
			*equals++ = 0;
		tokens[token_count++] = (struct token){ part, equals ? equals : "" };
	}
}

static char *text(const char *key)
{
	for (int i = 1; i < token_count; i++)
		if (!strcmp(tokens[i].key, key))
			return tokens[i].value;
	return NULL;
}

static uint64_t number(const char *key, uint64_t missing)
{
	char *value = text(key);

	return value ? strtoull(value, NULL, 0) : missing;
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

/* Decodes in place; the bytes are aligned as the line was, so callers copy what must be aligned. */
static uint8_t *bytes(const char *key, size_t *size)
{
	char *value = text(key);

	*size = 0;
	if (!value)
		return NULL;
	for (char *in = value; in[0] && in[1]; in += 2)
		value[(*size)++] = (char)(digit(in[0]) << 4 | digit(in[1]));
	return (uint8_t *)value;
}

static void put_hex(const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		putchar_unlocked(digits[data[i] >> 4]);
		putchar_unlocked(digits[data[i] & 15]);
	}
}

static int known_fd(const char *key)
{
	uint64_t index = number(key, MAX_OBJECTS);

	return index < (uint64_t)btf_count ? btfs[index] : 0;
}

static struct map *map_at(uint64_t index)
{
	return index < (uint64_t)map_count ? &maps[index] : NULL;
}

static void do_btf(void)
{
	struct btf_load_attr attr = { 0 };
	size_t size;
	int fd;

	attr.btf = (uintptr_t)bytes("data", &size);
	attr.size = size;
	fd = btf_count < MAX_OBJECTS ? bpf_fd(BTF_LOAD, &attr, sizeof(attr)) : -ENFILE;
	if (fd < 0) {
		printf("errno=%d\n", -fd);
		return;
	}
	btfs[btf_count] = fd;
	printf("idx=%d\n", btf_count++);
}

static void do_map(void)
{
	struct map_create_attr attr = {
		.type = number("type", 0), .key_size = number("key", 0), .value_size = number("value", 0),
		.max_entries = number("max", 0), .flags = number("flags", 0), .map_extra = number("extra", 0),
		.btf_key_type_id = number("keytype", 0), .btf_value_type_id = number("valuetype", 0),
	};
	struct map *inner = map_at(number("inner", MAX_OBJECTS));
	char *name = text("name");
	int fd;

	if (name)
		strncpy(attr.name, name, sizeof(attr.name) - 1);
	attr.btf_fd = known_fd("btf");
	attr.inner_map_fd = inner ? inner->fd : 0;
	fd = map_count < MAX_OBJECTS ? bpf_fd(MAP_CREATE, &attr, sizeof(attr)) : -ENFILE;
	if (fd < 0) {
		printf("errno=%d\n", -fd);
		return;
	}
	maps[map_count] = (struct map){ fd, attr.type, attr.key_size, attr.value_size, attr.max_entries };
	printf("idx=%d\n", map_count++);
}

static int is_per_cpu(const struct map *map)
{
	return map->type == 5 || map->type == 6 || map->type == 10;
}

static size_t value_bytes(const struct map *map)
{
	return is_per_cpu(map) ? (size_t)((map->value_size + 7) & ~7u) * cpu_count : map->value_size;
}

static int update(const struct map *map, const void *key, const void *value)
{
	struct elem_attr attr = { .map_fd = map->fd, .key = (uintptr_t)key, .value = (uintptr_t)value };

	return bpf(MAP_UPDATE, &attr, sizeof(attr));
}

static void do_elem(void)
{
	struct map *map = map_at(number("map", MAX_OBJECTS));
	size_t key_size, value_size;
	uint8_t *key = bytes("key", &key_size), *value = bytes("value", &value_size);

	if (!map || !key || !value || key_size != map->key_size || value_size != value_bytes(map)) {
		printf("errno=%d\n", EINVAL);
		return;
	}
	printf("errno=%d\n", -update(map, key, value));
}

static void do_freeze(void)
{
	struct map *map = map_at(number("map", MAX_OBJECTS));
	struct elem_attr attr = { .map_fd = map ? map->fd : 0 };

	printf("errno=%d\n", map ? -bpf(MAP_FREEZE, &attr, sizeof(attr.map_fd)) : EINVAL);
}

static int next_key(const struct map *map, const void *key, void *next)
{
	struct elem_attr attr = { .map_fd = map->fd, .key = (uintptr_t)key, .value = (uintptr_t)next };

	return bpf(MAP_NEXT, &attr, sizeof(attr));
}

static void empty(const struct map *map)
{
	uint8_t key[512];

	while (!next_key(map, NULL, key)) {
		struct elem_attr attr = { .map_fd = map->fd, .key = (uintptr_t)key };

		if (bpf(MAP_DELETE, &attr, sizeof(attr)))
			break;
	}
}

static void zero(const struct map *map)
{
	uint8_t *value = calloc(1, value_bytes(map));

	for (uint32_t i = 0; i < map->max_entries; i++)
		update(map, &i, value);
	free(value);
}

static int is_array(const struct map *map)
{
	return map->type == 2 || map->type == 6;
}

/* Calls `visit` for every map of a comma-separated list of numbers. */
static void each_map(const char *key, void (*visit)(const struct map *))
{
	char *list = text(key);

	while (list && *list) {
		struct map *map = map_at(strtoull(list, &list, 10));

		if (map)
			visit(map);
		if (*list == ',')
			list++;
		else
			break;
	}
}

static void reset(const struct map *map)
{
	if (is_array(map))
		zero(map);
	else
		empty(map);
}

static void dump(const struct map *map)
{
	uint8_t keys[2][512], *key = NULL, *value = malloc(value_bytes(map));
	const char *separator = "";
	int turn = 0;

	printf(" map=%d:", (int)(map - maps));
	while (!next_key(map, key, keys[turn])) {
		struct elem_attr attr = { .map_fd = map->fd, .value = (uintptr_t)value };

		key = keys[turn];
		turn ^= 1;
		attr.key = (uintptr_t)key;
		if (bpf(MAP_LOOKUP, &attr, sizeof(attr)))
			continue;
		fputs(separator, stdout);
		put_hex(key, map->key_size);
		putchar_unlocked('=');
		put_hex(value, value_bytes(map));
		separator = ",";
	}
	free(value);
}

static void do_drop(void)
{
	while (map_count)
		close(maps[--map_count].fd);
	while (btf_count)
		close(btfs[--btf_count]);
	puts("errno=0");
}

/* Puts file descriptors in place of map numbers; gives an aligned copy. */
static uint8_t *linked_insns(size_t *size)
{
	static const int no_fd = -1;
	uint8_t *in = bytes("insns", size), *out = malloc(*size + 8);

	if (in)
		memcpy(out, in, *size);
	for (size_t at = 0; at + 16 <= *size; at += 8) {
		uint8_t source = out[at + 1] >> 4;
		uint32_t immediate;
		struct map *map;

		if (out[at] != 0x18)
			continue;
		memcpy(&immediate, out + at + 4, 4);
		map = map_at(immediate);
		if (source == 1 || source == 2)
			memcpy(out + at + 4, map ? &map->fd : &no_fd, 4);
		at += 8;
	}
	return out;
}

static uint8_t *aligned(uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 8);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* Runs the program as asked and prints what came back; sizes are those that the kernel reports. */
static void run(int fd)
{
	static uint8_t out[OUT_BYTES], context[OUT_BYTES];
	struct test_run_attr attr = {
		.prog_fd = fd, .repeat = number("repeat", 0), .flags = number("runflags", 0),
		.cpu = number("cpu", 0), .batch_size = number("batch", 0),
	};
	size_t data_size, ctx_size;
	uint8_t *data = bytes("data", &data_size), *ctx = bytes("ctx", &ctx_size);
	int error;

	if (!data && !ctx && !text("run"))
		return;
	attr.data_in = (uintptr_t)data;
	attr.data_size_in = data_size;
	if (data) {
		attr.data_out = (uintptr_t)out;
		attr.data_size_out = number("outsize", sizeof(out));
	}
	if (ctx_size)
		attr.ctx_in = (uintptr_t)ctx;
	attr.ctx_size_in = ctx_size;
	attr.ctx_size_out = number("ctxoutsize", 0);
	if (attr.ctx_size_out)
		attr.ctx_out = (uintptr_t)context;
	error = -bpf(PROG_TEST_RUN, &attr, sizeof(attr));
	printf(" run=%d retval=%u data=", error, attr.retval);
	if ((!error || error == ENOSPC) && data) {
		uint32_t kept = number("outsize", sizeof(out));

		put_hex(out, attr.data_size_out < kept ? attr.data_size_out : kept);
		printf(" datasize=%u", attr.data_size_out);
	}
	if (!error && attr.ctx_size_out) {
		printf(" ctx=");
		put_hex(context, attr.ctx_size_out);
	}
}

static int load(struct prog_load_attr *attr)
{
	size_t insn_bytes, size;
	uint8_t *insns = linked_insns(&insn_bytes), *funcs, *lines, *license;
	char *name = text("name");
	int fd;

	attr->insns = (uintptr_t)insns;
	attr->insn_cnt = insn_bytes / 8;
	license = bytes("license", &size);
	if (license)
		license[size] = 0;
	attr->license = (uintptr_t)(license ? (char *)license : "GPL");
	if (name)
		strncpy(attr->name, name, sizeof(attr->name) - 1);
	attr->btf_fd = known_fd("btf");
	funcs = bytes("funcinfo", &size);
	funcs = aligned(funcs, size);
	if (size) {
		attr->func_info = (uintptr_t)funcs;
		attr->func_info_rec_size = number("funcsize", 8);
		attr->func_info_cnt = size / attr->func_info_rec_size;
	}
	lines = bytes("lineinfo", &size);
	lines = aligned(lines, size);
	if (size) {
		attr->line_info = (uintptr_t)lines;
		attr->line_info_rec_size = number("linesize", 16);
		attr->line_info_cnt = size / attr->line_info_rec_size;
	}
	fd = bpf_fd(PROG_LOAD, attr, sizeof(*attr));
	free(insns);
	free(funcs);
	free(lines);
	return fd;
}

/* The effective capabilities; the permitted ones stay, so that they can be taken back. */
static int set_capabilities(uint64_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].effective = data[0].permitted & (uint32_t)mask;
	data[1].effective = data[1].permitted & (uint32_t)(mask >> 32);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static int load_as_asked(struct prog_load_attr *attr)
{
	int fd;

	if (!text("caps"))
		return load(attr);
	set_capabilities(number("caps", 0));
	fd = load(attr);
	set_capabilities(~0ull);
	return fd;
}

static void do_prog(void)
{
	struct prog_load_attr attr = {
		.type = number("type", 0), .expected_attach_type = number("attach", 0),
		.flags = number("flags", 0), .log_level = number("log", 0), .attach_btf_id = number("btfid", 0),
	};
	uint32_t logged = 0;
	int fd;

	if (attr.log_level) {
		attr.log_buf = (uintptr_t)log_buffer;
		attr.log_size = number("logsize", LOG_BYTES);
		log_buffer[0] = 0;
	}
	fd = load_as_asked(&attr);
	printf("errno=%d", fd < 0 ? -fd : 0);
	if (fd >= 0) {
		run(fd);
		each_map("dump", dump);
		close(fd);
	}
	if (attr.log_level)
		logged = strnlen(log_buffer, attr.log_size);
	printf(" log=%u\n", logged);
	fwrite(log_buffer, 1, logged, stdout);
	putchar_unlocked('\n');
}

static void do_clear(void)
{
	each_map("map", reset);
	puts("errno=0");
}

static const struct {
	const char *name;
	void (*run)(void);
} commands[] = {
	{ "btf", do_btf }, { "map", do_map }, { "elem", do_elem }, { "freeze", do_freeze },
	{ "clear", do_clear }, { "drop", do_drop }, { "prog", do_prog },
};

static void obey(char *line)
{
	split(line);
	for (size_t i = 0; token_count && i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(tokens[0].key, commands[i].name)) {
			commands[i].run();
			return;
		}
	}
	printf("errno=%d\n", ENOSYS);
}

int main(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY }, files = { 16384, 16384 };
	size_t capacity = 0;
	char *line = NULL;

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	setrlimit(RLIMIT_NOFILE, &files);
	cpu_count = sysconf(_SC_NPROCESSORS_CONF);
	log_buffer = mmap(NULL, LOG_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (log_buffer == MAP_FAILED)
		return 1;
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	while (getline(&line, &capacity, stdin) > 0) {
		obey(line);
		fflush(stdout);
	}
	return 0;
}
