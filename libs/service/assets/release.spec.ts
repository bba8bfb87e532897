import { releaseOfName, versionCodeOf } from './index';

test.each([
  ['5.4', 0x50400],
  ['6.18.0', 0x61200],
  ['5.10.0-43-cloud-amd64', 0x50a00],
  // A stable kernel's third number may pass 255, which the code cannot hold.
  ['4.14.300', 0x40eff],
  ['6.6.87.2-microsoft-standard-WSL2', 0x60657],
  ['next', undefined],
  ['5', undefined],
  ['', undefined],
])('the version code of %s', (release, code) => expect(versionCodeOf(release)).toBe(code));

test.each([
  ['btf/vmlinux-5.4.btf', '5.4'],
  ['vmlinux-5.10.0-43-cloud-amd64', '5.10.0-43'],
  ['/a/5.15/6.1.btf.gz', '6.1'],
  ['ubuntu-20.04/x86_64/5.4.0-42-generic.btf', '5.4.0-42'],
  ['vmlinux', undefined],
  ['k510.btf', undefined],
])('the release that %s tells', (path, release) => expect(releaseOfName(path)).toBe(release));
