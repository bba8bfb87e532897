/** CPU time that a tool takes in user mode, ns: at its start, and for each byte that it reads or writes. */
export interface Cost {
  readonly startNs: number;
  readonly byteNs: number;
}

const LIGHT: Cost = { startNs: 60_000, byteNs: 0.5 };

const COSTS: Readonly<Record<string, Cost>> = {
  awk: { startNs: 420_000, byteNs: 14 },
  sed: { startNs: 180_000, byteNs: 6 },
  grep: { startNs: 150_000, byteNs: 2 },
  sort: { startNs: 160_000, byteNs: 12 },
  jq: { startNs: 900_000, byteNs: 30 },
  tar: { startNs: 220_000, byteNs: 1.5 },
  gzip: { startNs: 160_000, byteNs: 22 },
  gunzip: { startNs: 140_000, byteNs: 6 },
  sha256sum: { startNs: 140_000, byteNs: 2.6 },
  md5sum: { startNs: 120_000, byteNs: 1.6 },
  find: { startNs: 210_000, byteNs: 4 },
  curl: { startNs: 2_400_000, byteNs: 2 },
};

export function costOf(name: string): Cost {
  return COSTS[name] ?? LIGHT;
}
