import type { MapInfo } from '@probed/spec';
import { BaseMap, BPF_EXIST, BPF_NOEXIST } from './base-map';
import { copyBytes } from './copy-bytes';
import { E } from './errno';
import type { MapEnv } from './map-env';
import { indexOf, keyOf } from './u32-key';

/** `struct bpf_lpm_trie_key`: u32 prefix length, data. */
const PREFIX_BYTES = 4;

interface Node {
  readonly prefix: number;
  readonly data: Uint8Array;
  /** Offset of the value, 0 for an intermediate node, which only joins two others. */
  value: number;
  readonly children: [Node | undefined, Node | undefined];
}

/** Where a key leads: the path from the root, the node that stops the descent, and how many bits it shares. */
interface Descent {
  readonly path: readonly Node[];
  readonly node: Node | undefined;
  readonly shared: number;
}

function bitAt(data: Uint8Array, index: number): 0 | 1 {
  return ((data[index >>> 3] >>> (7 - (index & 7))) & 1) as 0 | 1;
}

/** Leading bits that two strings share, up to `limit`. */
function sharedBits(a: Uint8Array, b: Uint8Array, limit: number): number {
  for (let i = 0; i * 8 < limit; i++) {
    const difference = a[i] ^ b[i];
    if (difference) return Math.min(i * 8 + Math.clz32(difference) - 24, limit);
  }
  return limit;
}

/**
 * BPF_MAP_TYPE_LPM_TRIE (kernel/bpf/lpm_trie.c): values by bit prefix; a lookup finds the longest prefix of its key.
 */
export class LpmTrieMap extends BaseMap {
  private readonly prefixMax: number;
  private root: Node | undefined;
  private count = 0;

  constructor(info: MapInfo, env: MapEnv) {
    super(info, env);
    this.prefixMax = (info.keySize - PREFIX_BYTES) * 8;
  }

  override lookupOffset(key: number): number {
    return this.match(this.keyAt(key));
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const value = this.match(key);
    return value === 0 ? undefined : this.env.memory.copyOut(value, this.info.valueSize);
  }

  override update(key: number, value: number, flags: number): number {
    const at = this.store(this.keyAt(key), flags);
    if (at > 0) copyBytes(this.env.memory, at, value, this.info.valueSize);
    return Math.min(at, 0);
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const fault = this.userWriteFault();
    if (fault) return fault;
    const at = this.store(key, flags);
    if (at > 0) this.env.memory.u8.set(value.subarray(0, this.info.valueSize), at);
    return Math.min(at, 0);
  }

  override delete(key: number): number {
    return this.drop(this.keyAt(key));
  }

  override deleteElem(key: Uint8Array): number {
    return this.userWriteFault() || this.drop(key);
  }

  /** Most specific prefixes first (trie_get_next_key walks in postorder). */
  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    const known = key && indexOf(key) <= this.prefixMax ? this.descend(key) : undefined;
    const found = known?.node && known.shared === known.node.prefix && known.node.value !== 0;
    const next = found ? successor(known.path) : leftmost(this.root);
    if (!next) return undefined;
    const bytes = new Uint8Array(this.info.keySize);
    bytes.set(keyOf(next.prefix));
    bytes.set(next.data, PREFIX_BYTES);
    return bytes;
  }

  override destroy(): void {
    const pending = [this.root];
    for (let node = pending.pop(); node || pending.length; node = pending.pop()) {
      if (!node) continue;
      if (node.value) this.env.memory.free(node.value);
      pending.push(...node.children);
    }
    super.destroy();
  }

  private keyAt(offset: number): Uint8Array {
    return this.env.memory.copyOut(offset, this.info.keySize);
  }

  /** trie_lookup_elem. @returns offset of the value of the longest prefix, 0 when none fits */
  private match(key: Uint8Array): number {
    const prefix = indexOf(key);
    if (prefix > this.prefixMax) return 0;
    const data = key.subarray(PREFIX_BYTES);
    let found = 0;
    for (let node = this.root; node; node = node.children[bitAt(data, node.prefix)]) {
      const shared = sharedBits(node.data, data, Math.min(node.prefix, prefix));
      if (shared === this.prefixMax) return node.value;
      if (shared < node.prefix) break;
      if (node.value !== 0) found = node.value;
    }
    return found;
  }

  /** Down from the root until a node does not lead on. */
  private descend(key: Uint8Array): Descent {
    const prefix = indexOf(key);
    const data = key.subarray(PREFIX_BYTES);
    const path: Node[] = [];
    let shared = 0;
    let node = this.root;
    while (node) {
      path.push(node);
      shared = sharedBits(node.data, data, Math.min(node.prefix, prefix));
      if (node.prefix !== shared || node.prefix === prefix) break;
      node = node.children[bitAt(data, node.prefix)];
    }
    return { path, node, shared };
  }

  /** Hangs `node` below the end of `path` (replacing `old` there, if given). */
  private attach(
    path: readonly Node[],
    old: Node | undefined,
    node: Node | undefined,
    data: Uint8Array,
  ): void {
    const parent = path.at(old ? -2 : -1);
    if (!parent) this.root = node;
    else parent.children[bitAt(data, parent.prefix)] = node;
  }

  /** trie_update_elem without the value. @returns where the value goes, or a negative errno */
  private store(key: Uint8Array, flags: number): number {
    const prefix = indexOf(key);
    if (flags >>> 0 > BPF_EXIST || prefix > this.prefixMax) return E.INVAL;
    const data = key.slice(PREFIX_BYTES);
    const { path, node, shared } = this.descend(key);
    const exact = node !== undefined && node.prefix === shared && node.prefix === prefix;
    const replaces = exact && node.value !== 0;
    if (replaces && flags === BPF_NOEXIST) return E.EXIST;
    if (!replaces && flags === BPF_EXIST) return E.NOENT;
    if (!replaces && this.count === this.info.maxEntries) return E.NOSPC;
    const value = this.env.memory.tryAlloc(this.info.valueSize);
    if (value === undefined) return E.NOMEM;
    const added: Node = { prefix, data, value, children: [undefined, undefined] };
    if (!replaces) this.count++;
    if (!node) this.attach(path, undefined, added, data);
    else if (exact) this.replace(path, node, added);
    else if (shared === prefix) {
      added.children[bitAt(node.data, shared)] = node;
      this.attach(path, node, added, data);
    } else this.join(path, node, added, shared);
    return value;
  }

  private replace(path: readonly Node[], node: Node, added: Node): void {
    added.children[0] = node.children[0];
    added.children[1] = node.children[1];
    if (node.value) this.env.memory.free(node.value);
    this.attach(path, node, added, added.data);
  }

  /** An intermediate node above two that part at bit `shared`. */
  private join(path: readonly Node[], node: Node, added: Node, shared: number): void {
    const joint: Node = { prefix: shared, data: node.data, value: 0, children: [undefined, undefined] };
    const side = bitAt(added.data, shared);
    joint.children[side] = added;
    joint.children[side ^ 1] = node;
    this.attach(path, node, joint, added.data);
  }

  /** trie_delete_elem. */
  private drop(key: Uint8Array): number {
    const prefix = indexOf(key);
    if (prefix > this.prefixMax) return E.INVAL;
    const { path, node, shared } = this.descend(key);
    if (!node || node.prefix !== prefix || node.prefix !== shared || node.value === 0) return E.NOENT;
    this.count--;
    this.env.memory.free(node.value);
    node.value = 0;
    const [left, right] = node.children;
    if (left && right) return 0;
    const parent = path.at(-2);
    if (parent && parent.value === 0 && !left && !right) {
      const sibling = parent.children[0] === node ? parent.children[1] : parent.children[0];
      this.attach(path.slice(0, -1), parent, sibling, node.data);
    } else this.attach(path, node, left ?? right, node.data);
    return 0;
  }
}

/** The first node in postorder; intermediate nodes always have two children. */
function leftmost(root: Node | undefined): Node | undefined {
  let found: Node | undefined;
  for (let node = root; node; ) {
    if (node.value !== 0) found = node;
    node = node.value === 0 ? node.children[0] : (node.children[0] ?? node.children[1]);
  }
  return found;
}

/** The node after the last of a path, in postorder. */
function successor(path: readonly Node[]): Node | undefined {
  for (let depth = path.length - 1; depth > 0; depth--) {
    const parent = path[depth - 1];
    if (parent.children[0] === path[depth] && parent.children[1]) return leftmost(parent.children[1]);
    if (parent.value !== 0) return parent;
  }
  return undefined;
}
