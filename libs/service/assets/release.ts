/** `X.Y`, `X.Y.Z` or a full release such as `5.10.0-43-cloud-amd64`. */
const RELEASE = /^(\d{1,3})\.(\d{1,4})(?:\.(\d{1,5}))?(?:[-+._~][\w.+~-]*)?$/;
/** A version inside a file name: not in the middle of a longer number. */
const IN_NAME = /(?:^|[^\d.])(\d{1,2}\.\d{1,3}(?:\.\d{1,4})?(?:-\d+)?)(?![\d])/;
const PART_MAX = 255;

/** `LINUX_VERSION_CODE` of a release; undefined when it is none. libbpf cuts the third number at 255. */
export function versionCodeOf(release: string): number | undefined {
  const match = RELEASE.exec(release);
  if (!match) return undefined;
  const [major, minor, patch] = match.slice(1).map((part) => Number(part ?? 0));
  if (major > PART_MAX || minor > PART_MAX) return undefined;
  return (major << 16) | (minor << 8) | Math.min(patch, PART_MAX);
}

/** The release that a file's name tells, e.g. `5.4` of `vmlinux-5.4.btf`, `5.10.0-43` of `vmlinux-5.10.0-43-amd64`. */
export function releaseOfName(path: string): string | undefined {
  const base = path.slice(path.lastIndexOf('/') + 1);
  return IN_NAME.exec(base)?.[1];
}
