/** An IPv4 address and port, both in host order. */
export interface EndpointAddress {
  readonly ip: number;
  readonly port: number;
}

export class Endpoint implements EndpointAddress {
  constructor(
    readonly ip: number,
    readonly port: number,
  ) {}

  /** Address in network order. */
  bytes(): Uint8Array {
    return new Uint8Array([this.ip >>> 24, this.ip >>> 16, this.ip >>> 8, this.ip]);
  }
}

export const ANY = new Endpoint(0, 0);

/** 127.0.0.1 */
export const LOOPBACK = 0x7f00_0001;

/** @returns undefined when the text is no dotted quad */
export function parseIp(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return ((parts[0] << 24) | (parts[1] << 16) | (parts[2] << 8) | parts[3]) >>> 0;
}

export function formatIp(ip: number): string {
  return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
}
