import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadReferenceKernel } from '@probed/assets';
import { example, parseDocuments, probectl, rejectedExample } from './probectl';

const folder = mkdtempSync(join(tmpdir(), 'check-'));
const { btf } = loadReferenceKernel();
writeFileSync(join(folder, 'vmlinux-6.18.btf'), btf);
writeFileSync(join(folder, 'other-6.12.3.btf.gz'), gzipSync(btf, { level: 1 }));
writeFileSync(join(folder, 'readme.txt'), 'no BTF');
afterAll(() => rmSync(folder, { recursive: true }));

describe('prog check', () => {
  test('without --btf judges for the emulated kernel', () => {
    const { code, stdout } = probectl('prog', 'check', example('opensnoop'));
    expect(code).toBe(0);
    expect(stdout).toContain('2 programs, all load on emulated 6.18');
    expect(stdout).toMatch(/enter_openat +tracepoint\/syscalls\/sys_enter_openat +✓/);
  });

  test('takes every BTF of a folder, oldest first, with the release of its name', () => {
    const { code, stdout } = probectl('prog', 'check', example('execaudit'), '--btf', folder, '--json');
    expect(code).toBe(0);
    const found = parseDocuments(stdout).map(({ program, release, release_from, verdict }) => ({
      program,
      release,
      release_from,
      verdict,
    }));
    const row = (program: string, release: string) => ({
      program,
      release,
      release_from: 'file-name',
      verdict: 'loads',
    });
    expect(found).toEqual([
      row('on_execve', '6.12.3'),
      row('on_exec', '6.12.3'),
      row('on_execve', '6.18'),
      row('on_exec', '6.18'),
    ]);
  });

  test('a program that fails gives exit code 1, the reason and the line of C', () => {
    const kernel = `5.10=${join(folder, 'vmlinux-6.18.btf')}`;
    const { code, stdout } = probectl(
      'prog',
      'check',
      rejectedExample('missing_null_check'),
      '--btf',
      kernel,
    );
    expect(code).toBe(1);
    expect(stdout).toContain('not all load on 5.10');
    expect(stdout).toContain("R0 invalid mem access 'map_value_or_null', at missing_null_check.bpf.c:19");
    expect(stdout).toContain('19 | *count += 1;');
  });

  test('--quiet leaves the answer to the exit code', () => {
    expect(probectl('prog', 'check', '-q', example('opensnoop'))).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const failing = probectl('prog', 'check', '-q', rejectedExample('out_of_bounds'));
    expect(failing).toEqual({ code: 1, stdout: '', stderr: '' });
  });

  test('says whose configuration a program was given', () => {
    const file = join(__dirname, '../../libs/bpf/object/fixtures/externs.bpf.o');
    const kernel = join(folder, 'vmlinux-6.18.btf');
    const config = join(folder, 'config');
    writeFileSync(config, 'CONFIG_HZ=250\nCONFIG_BPF_SYSCALL=y\n');
    const told = (...more: string[]) => probectl('prog', 'check', file, '--btf', kernel, ...more).stderr;
    expect(told()).toContain('as the reference kernel has it; --kconfig FILE');
    expect(told('--kconfig', config)).toBe('');
  });

  test.each([
    ['nothing.btf', 'no such file'],
    ['readme.txt', 'not a BTF file'],
  ])('refuses --btf %s in one line', (name, message) => {
    const file = join(folder, name);
    const { code, stderr } = probectl('prog', 'check', example('opensnoop'), '--btf', file);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(`${file}: ${message}`)]);
  });

  test('a release that is none is a wrong call', () => {
    expect(probectl('prog', 'check', example('opensnoop'), '--release', 'new').code).toBe(2);
  });
});

test('run wears the layout of --btf and refuses what is no kernel', () => {
  const args = ['run', example('execaudit'), '--for', '300ms', '--json', '--no-maps'];
  const kernel = join(folder, 'vmlinux-6.18.btf');
  const worn = probectl(...args, '--btf', kernel);
  expect(worn.code).toBe(0);
  expect(worn.stdout).toBe(probectl(...args).stdout);
  const { code, stderr } = probectl(...args, '--btf', example('opensnoop'));
  expect(code).toBe(1);
  expect(stderr).toContain('no struct task_struct: not the BTF of a whole kernel');
});
