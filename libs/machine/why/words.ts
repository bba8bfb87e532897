/** Virtual time in words: `1.5 s`. */
export function seconds(ns: number): string {
  return `${Number((ns / 1e9).toFixed(3))} s of virtual time`;
}
