// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell scripts
import { loadReferenceKernel } from '@probed/assets';
import { Container, type ContainerOptions } from './testing/container';

const reference = loadReferenceKernel();
const boot = (options?: ContainerOptions) => new Container(reference, options);

/** Script, what it writes to standard output, its exit code. What bash 5.2 does with each. */
type Case = readonly [script: string, stdout: string, code?: number];

const PARAMETERS: readonly Case[] = [
  ['x=5; echo $((x*3+1)) ${x:-no} ${y:-def} "${x}a"', '16 5 def 5a\n'],
  ['unset x; echo "${x-unset}" "${x:=set}" $x "${x:+alt}" "[${z:+alt}]"', 'unset set set alt []\n'],
  ['s=hello.tar.gz; echo ${s%.gz} ${s%%.*} ${s#*.} ${s##*.}', 'hello.tar hello tar.gz gz\n'],
  [
    's=hello; echo ${s/l/L} ${s//l/L} ${s/#he/HE} ${s/%lo/LO} ${s^} ${s^^} ${#s} ${s:1:3} ${s: -2}',
    'heLlo heLLo HEllo helLO Hello HELLO 5 ell lo\n',
  ],
  [
    'a=(1 2 "3 4"); echo ${#a[@]} "${a[2]}" ${a[@]:1}; a+=(x); printf "<%s>" "${a[@]}"; echo',
    '3 3 4 2 3 4\n<1><2><3 4><x>\n',
  ],
  ['declare -A m; m[a]=1; m[b]=2; echo ${!m[@]} ${m[b]} ${#m[@]}', 'a b 2 2\n'],
  ['r=x; x=7; echo ${!r}; set -- a "b c" d; echo $# "$2" "${@:2}" "$*"', '7\n3 b c b c d a b c d\n'],
  [
    'set -- "a b" c; for i in "$@"; do echo "<$i>"; done; for i in $*; do echo "[$i]"; done',
    '<a b>\n<c>\n[a]\n[b]\n[c]\n',
  ],
  ['IFS=:; v=a:b::c; set -- $v; echo $#; IFS=", "; v="x, y,z"; set -- $v; echo "$1-$2-$3"', '4\nx-y-z\n'],
  ['echo {1..5} {a,b}c {01..03} {c..a}', '1 2 3 4 5 ac bc 01 02 03 c b a\n'],
  ['echo ~ ~/x "~"', '/root /root/x ~\n'],
  ["echo 'a$b' \"a\\$b\" a\\ b $'t\\tb'", 'a$b a$b a b t\tb\n'],
  ['echo $(echo sub; echo two) `echo bt` "$(printf "a\\nb\\n\\n")"', 'sub two bt a\nb\n'],
  ['echo $((2**10)) $((7%3)) $((1<<4)) $((5>3&&2<1)) $((0x1f)) $((10/3)) $((-7/2))', '1024 1 16 0 31 3 -3\n'],
  ['i=1; ((i++)); let i+=2; echo $i $((i>3?10:20)); ((i==9)); echo $?', '4 10\n1\n'],
  ['echo "${x?}" ; echo not reached', '', 127],
  ['readonly r=1; r=2; echo not reached', '', 1],
];

const ARITHMETIC: readonly Case[] = [
  [
    'echo $((9223372036854775807+1)) $((9007199254740992+1)) $((-9223372036854775808)) $((2**63)) $((3**40))',
    '-9223372036854775808 9007199254740993 -9223372036854775808 -9223372036854775808 -6289078614652622815\n',
  ],
  [
    'echo $((0xffffffffffffffff)) $((0777777777777777777777)) $((36#zzzzzzzzzzzz)) $((9223372036854775807/10)) $((9223372036854775807%10))',
    '-1 9223372036854775807 4738381338321616895 922337203685477580 7\n',
  ],
  [
    'x=9223372036854775807; ((x++)); echo $x; ((--x)); echo $x; ((x-=9007199254740993)); echo $x $((x>>1)) $((1<<62))',
    '-9223372036854775808\n9223372036854775807\n9214364837600034814 4607182418800017407 4611686018427387904\n',
  ],
  [
    'echo $((9223372036854775807>9223372036854775806)) $(($(echo 9223372036854775807)-1)); let "y=9007199254740993<<1"; echo $y',
    '1 9223372036854775806\n18014398509481986\n',
  ],
];

const CONTROL: readonly Case[] = [
  [
    'kill -l 9 137 TERM; kill -l | head -1',
    'KILL\nKILL\n15\n 1) SIGHUP\t 2) SIGINT\t 3) SIGQUIT\t 4) SIGILL\t 5) SIGTRAP\n',
  ],
  ['sleep 0.2 & jobs | wc -l', '1\n'],
  [`printf '%q\\n' '' "it's" 'a~b;$c' '~x' $'a\\nb\\001'`, "''\nit\\'s\na~b\\;\\$c\n\\~x\n$'a\\nb\\001'\n"],

  ['if [ -f /etc/passwd ] && [[ foo == f* ]]; then echo yes; else echo no; fi', 'yes\n'],
  ['case abc in x) echo x;; a*) echo star;;& *c) echo end;; *) echo no;; esac', 'star\nend\n'],
  [
    'i=0; while [ $i -lt 5 ]; do i=$((i+1)); [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done',
    '1\n3\n',
  ],
  ['for ((j=0;j<3;j++)); do echo -n $j; done; until false; do echo u; break; done', '012u\n'],
  ['for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done', '1a\n2a\n'],
  ['f() { local z=1; echo "in $1 $#"; return 3; }; z=0; f q w; echo $? $z', 'in q 2\n3 0\n'],
  [
    'fib() { if (( $1 < 2 )); then echo $1; else echo $(( $(fib $(($1-1))) + $(fib $(($1-2))) )); fi; }; fib 6',
    '8\n',
  ],
  ['true && false || echo or; ! true; echo $?; false; echo $?', 'or\n1\n1\n'],
  ['set -e; if false; then :; fi; false || true; false; echo never', '', 1],
  ['set -o pipefail; false | true; echo $?; true | false | true; echo "${PIPESTATUS[0]}"', '1\n0\n'],
  ['trap "echo bye" EXIT; echo hi; exit 4', 'hi\nbye\n', 4],
  ['(cd /tmp; x=1; pwd; exit 3); echo $? $PWD [$x]', '/tmp\n3 / []\n'],
  ['{ echo a; echo b; } | while read l; do echo "<$l>"; done', '<a>\n<b>\n'],
  ['echo a b c | { read x y; echo "$y-$x"; }', 'b c-a\n'],
  [
    '[[ abc123 =~ ([a-z]+)([0-9]+) ]] && echo ${BASH_REMATCH[2]}; [[ "a b" == "a b" && ! -e /nope ]] && echo ok',
    '123\nok\n',
  ],
  ['eval "echo \\$((1+1))"; . <(echo v=9); echo $v', '2\n9\n'],
  ['f() { echo "a $1"; }; declare -f f > /tmp/f; unset -f f; . /tmp/f; f b', 'a b\n'],
  ['hash nosuch 2>/dev/null || echo none; hash ls && echo there', 'none\nthere\n'],
  ['exit 300', '', 44],
  ['nosuchcmd a; echo $?', '127\n'],
  ['/etc; echo $?; /etc/passwd; echo $?; ./nope; echo $?', '126\n126\n127\n'],
  ['echo a; echo "b', '', 2],
  ['sleep 0.2 & p=$!; wait $p; echo $?; (exit 5) & wait $!; echo $?', '0\n5\n'],
  ['kill -9 $$; echo no', '', 137],
  ['f() { f; }; f; echo $?', '', 1],
];

const INPUT_OUTPUT: readonly Case[] = [
  ['echo out > /tmp/o; echo more >> /tmp/o; cat < /tmp/o; cat /nope 2>/dev/null; echo $?', 'out\nmore\n1\n'],
  [
    'cat /nope 2>&1; { echo o; echo e >&2; } 2>/dev/null; echo x &>/tmp/all; cat /tmp/all',
    'cat: /nope: No such file or directory\no\nx\n',
  ],
  ['exec 3>/tmp/fd3; echo to3 >&3; exec 3>&-; cat /tmp/fd3', 'to3\n'],
  ['cat <<EOF\n$((1+1)) $HOME\nEOF\ncat <<\'EOF\'\n$x\nEOF\ncat <<< "here $((2))"', '2 /root\n$x\nhere 2\n'],
  ['while read -r a b; do echo "$b-$a"; done < <(printf "1 2\\n3 4\\n")', '2-1\n4-3\n'],
  ['mapfile -t m < /etc/hostname; echo "${m[0]}"; read -n 3 x <<< abcdef; echo $x', 'web-1\nabc\n'],
  [
    'printf "%s=%05d|%-4s|%x\\n" a 3 b 255; printf "%q\\n" "a b"; printf -v v "%.2f" 3.14159; echo $v',
    'a=00003|b   |ff\na\\ b\n3.14\n',
  ],
  ['echo -e "a\\tb\\n\\x41"; echo -n x; echo -E "\\n"', 'a\tb\nA\nx\\n\n'],
  ['echo > /nope/x; echo $?', '1\n'],
  [
    'cd /tmp; touch ga gb .gc; echo g* /etc/host*; echo *.none; rm g[ab]; echo g*',
    'ga gb /etc/host.conf /etc/hostname /etc/hosts\n*.none\ng*\n',
  ],
  ['while getopts "ab:" o -a -b val; do echo "$o=$OPTARG"; done', 'a=\nb=val\n'],
  [
    'alias; type -t cd ls if; command -v cat; export FOO=1; bash -c "echo [\\$FOO]"; F=2 bash -c "echo \\$F"',
    'builtin\nfile\nkeyword\n/usr/bin/cat\n[1]\n2\n',
  ],
  ['pushd /tmp >/dev/null; pwd; popd >/dev/null; pwd; cd /etc; cd - ; umask', '/tmp\n/\n/\n0022\n'],
];

describe.each([
  ['parameters and expansion', PARAMETERS],
  ['arithmetic', ARITHMETIC],
  ['control flow', CONTROL],
  ['input and output', INPUT_OUTPUT],
] as const)('%s', (_name, cases) => {
  const container = boot();

  test.each([...cases] as [string, string, number?][])('%s', async (script, stdout, code = 0) => {
    const outcome = await container.sh(script);
    expect([outcome.stdout, outcome.code]).toEqual([stdout, code]);
  });
});

test.each<[string, number]>([
  ['[[ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! =~ ^(a+)+$ ]]', 2],
  [
    'x=$(printf "a%.0s" {1..3000}); case $x in *a*a*a*a*a*a*a*a*a*a*b) echo no;; esac; echo ${x//*a*a*a*b/} | wc -c',
    0,
  ],
  ['x=aaaaaaaa; while :; do x=$x$x; done', 1],
  ['f() { if true; then for i in 1; do case a in a) { f; };; esac; done; fi; }; f', 1],
  ['f() { A=1 f >/dev/null; }; f', 1],
  [
    'f() { while true; do { if A=1 f >/dev/null; then return 1; else return 1; fi } 2>&1; done <<< x; }; f',
    1,
  ],
  ["x='eval $x'; eval $x", 1],
  ['printf "%999999999s" x', 1],
  [':(){ :|:& };:; sleep 1; true', 0],
  ['echo {1..100000000} | wc -w; seq 100000000 | tail -1; true', 0],
])('%s does no harm', async (script, code) => {
  const container = boot();
  const startMs = performance.now();
  const outcome = await container.exec(['bash', '-c', script]);
  expect(outcome.code).toBe(code);
  expect(outcome.stderr).not.toMatch(/internal error/);
  expect(performance.now() - startMs).toBeLessThan(20_000);
});

test.each<[string, string]>([
  ['foo', 'bash: line 1: foo: command not found\n'],
  ['cd /nope', 'bash: line 1: cd: /nope: No such file or directory\n'],
  ['true\nnope1', 'bash: line 2: nope1: command not found\n'],
  ['echo )', "bash: line 1: syntax error near unexpected token `)'\n"],
  ['[ 1 -eq a ]', 'bash: line 1: [: a: integer expression expected\n'],
  ['echo $((1/0))', 'bash: line 1: division by 0\n'],
  ['> /nope/x', 'bash: line 1: /nope/x: No such file or directory\n'],
])('%s: what it says', async (script, stderr) => {
  expect((await boot().sh(script)).stderr).toBe(stderr);
});

test('a script from standard input, line by line; a script file with arguments', async () => {
  const container = boot({
    files: { 'srv/s.sh': { text: '#!/bin/bash\necho "$0 $1 $#"\nexit 6\n', mode: 0o755 } },
  });
  const piped = await container.exec(['bash'], { input: 'echo one\nif true; then\necho two\nfi\nexit 3\n' });
  expect([piped.stdout, piped.code]).toEqual(['one\ntwo\n', 3]);
  expect(await container.sh('/srv/s.sh a b; echo $?; bash /srv/s.sh q')).toMatchObject({
    stdout: '/srv/s.sh a 2\n6\n/srv/s.sh q 1\n',
    code: 6,
  });
  expect(await container.exec(['sh', '-c', 'echo $0 $1', 'name', 'arg'])).toMatchObject({
    stdout: 'name arg\n',
  });
});
