// SPDX-License-Identifier: Apache-2.0
// Runs classic socket filters in the running kernel: attaches each to one end of a datagram socket pair and sends it a
// packet. Needs no privilege.
//
// A line of input is "FILTER PACKET", both hex: struct sock_filter[], bytes. A line of output is the number of bytes
// that the filter let through, "dropped", or "refused ERRNO".
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t from_hex(const char *text, unsigned char *out)
{
	size_t n = 0;
	unsigned int byte;

	while (sscanf(text + 2 * n, "%2x", &byte) == 1 && text[2 * n] != ' ')
		out[n++] = byte;
	return n;
}

int main(void)
{
	static char line[200000];
	static unsigned char filter[65536], packet[65536];

	while (fgets(line, sizeof(line), stdin)) {
		char *space = strchr(line, ' ');
		int ends[2];

		if (!space || socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
			return 1;
		*space = 0;
		struct sock_fprog program = {
			.len = from_hex(line, filter) / sizeof(struct sock_filter),
			.filter = (struct sock_filter *)filter,
		};
		size_t bytes = from_hex(space + 1, packet);

		if (setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))) {
			printf("refused %d\n", errno);
		} else {
			send(ends[0], packet, bytes, 0);
			ssize_t got = recv(ends[1], packet, sizeof(packet), MSG_DONTWAIT);

			if (got < 0)
				printf("dropped\n");
			else
				printf("%zd\n", got);
		}
		close(ends[0]);
		close(ends[1]);
	}
	return 0;
}
