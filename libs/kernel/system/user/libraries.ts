import { SYSCALLS } from '@probed/abi';
import type { ImageProbe, ImageSpec } from './image';

const TRIPLE = 'x86_64-linux-gnu';

function library(
  file: string,
  symbols: readonly string[],
  textBytes: number,
  probes: readonly ImageProbe[] = [],
): ImageSpec {
  const path = `/usr/lib/${TRIPLE}/${file}`;
  return {
    path,
    aliases: [`/lib/${TRIPLE}/${file}`, file, file.replace(/\.so.*$/, '')],
    symbols,
    textBytes,
    probes,
  };
}

/** Functions of libc that programs call by name here, besides the wrappers of system calls. */
const LIBC_FUNCTIONS = [
  'malloc',
  'free',
  'calloc',
  'realloc',
  'reallocarray',
  'posix_memalign',
  'aligned_alloc',
  'getaddrinfo',
  'freeaddrinfo',
  'gethostbyname',
  'gethostbyname2',
  'pthread_create',
  'pthread_join',
  'pthread_mutex_lock',
  'pthread_mutex_unlock',
  'pthread_mutex_trylock',
  'pthread_cond_wait',
  'pthread_cond_signal',
  'getpwnam',
  'getpwuid',
  'getenv',
  'fopen',
  'fclose',
  'fread',
  'fwrite',
  'fgets',
  'fputs',
  'puts',
  'printf',
  'snprintf',
  'memcpy',
  'memset',
  'memcmp',
  'strlen',
  'strcmp',
  'strdup',
  'qsort',
  'setjmp',
  'longjmp',
  'system',
  'popen',
  'posix_spawn',
  'dlopen',
  'abort',
  'exit',
  '_exit',
  'syscall',
  '__libc_start_main',
  '__libc_start_call_main',
  'start_thread',
  'sleep',
  'usleep',
  'nanosleep',
  'sigaction',
  'raise',
] as const;

/** glibc's probes, arguments where gcc 12 leaves them (`readelf -n libc.so.6`). */
const LIBC_PROBES: readonly ImageProbe[] = [
  { provider: 'libc', name: 'setjmp', inside: 'setjmp', args: '8@%rdi -4@%esi 8@%rax' },
  { provider: 'libc', name: 'longjmp', inside: 'longjmp', args: '8@%rdi -4@%esi 8@%rdx', inert: true },
  { provider: 'libc', name: 'longjmp_target', inside: 'longjmp', args: '8@%rdi -4@%eax 8@%rdx', inert: true },
  { provider: 'libc', name: 'memory_sbrk_more', inside: 'malloc', args: '8@%rax 8@%r12' },
  {
    provider: 'libc',
    name: 'pthread_create',
    inside: 'pthread_create',
    args: '8@%r13 8@-120(%rbp) 8@%r14 8@%r15',
  },
];

const libcSymbols = [...new Set<string>([...LIBC_FUNCTIONS, ...SYSCALLS.map((row) => row.name)])];

/** Shared libraries of the emulated user space, by the name that programs use. */
export const LIBRARIES: Readonly<Record<string, ImageSpec>> = {
  libc: library('libc.so.6', libcSymbols, 0x15_5000, LIBC_PROBES),
  libreadline: library('libreadline.so.8', ['readline', 'add_history', 'rl_initialize'], 0x3_0000),
  libtinfo: library('libtinfo.so.6', ['tputs', 'tgetent', 'setupterm'], 0x2_0000),
  libssl: library(
    'libssl.so.3',
    [
      'SSL_new',
      'SSL_free',
      'SSL_connect',
      'SSL_accept',
      'SSL_do_handshake',
      'SSL_read',
      'SSL_read_ex',
      'SSL_write',
      'SSL_write_ex',
      'SSL_shutdown',
    ],
    0x7_0000,
  ),
  libcrypto: library(
    'libcrypto.so.3',
    ['EVP_EncryptUpdate', 'EVP_DecryptUpdate', 'EVP_DigestUpdate', 'RAND_bytes'],
    0x28_0000,
  ),
  libz: library('libz.so.1', ['deflate', 'inflate', 'crc32'], 0x1_2000),
  libcurl: library(
    'libcurl.so.4',
    ['curl_easy_init', 'curl_easy_perform', 'curl_easy_setopt', 'curl_easy_cleanup'],
    0x7_0000,
  ),
  libselinux: library('libselinux.so.1', ['is_selinux_enabled', 'lgetfilecon'], 0x2_0000),
  libpcre2: library('libpcre2-8.so.0', ['pcre2_match_8', 'pcre2_compile_8'], 0x8_0000),
  libm: library('libm.so.6', ['sin', 'cos', 'exp', 'log', 'pow', 'sqrt'], 0x7_8000),
  libpq: library('libpq.so.5', ['PQconnectdb', 'PQexec', 'PQfinish'], 0x3_0000),
  libpam: library('libpam.so.0', ['pam_authenticate', 'pam_open_session', 'pam_close_session'], 0x9000),
};
