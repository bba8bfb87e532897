/** Where a node is (kernel/bpf/bpf_lru_list.h: enum bpf_lru_list_type). */
const ACTIVE = 0;
const INACTIVE = 1;
const FREE = 2;
const LOCAL_FREE = 3;
const LOCAL_PENDING = 4;

/** LOCAL_FREE_TARGET: free nodes that a CPU fetches at once, and nodes looked at for it. */
const LOCAL_FREE_TARGET = 128;
/** PERCPU_FREE_TARGET. */
const PERCPU_FREE_TARGET = 4;
const NONE = -1;

/** Active, inactive and free nodes, with the point where the rotation of the inactive ones goes on. */
interface LruLists {
  /** List heads. */
  readonly active: number;
  readonly inactive: number;
  readonly free: number;
  readonly counts: [active: number, inactive: number];
  rotation: number;
}

/** Nodes that one CPU holds: free ones, and ones in use that the common lists don't know yet. */
interface LocalLists {
  readonly free: number;
  readonly pending: number;
  nextSteal: number;
}

/**
 * The kernel's approximation of least-recently-used (kernel/bpf/bpf_lru_list.c), with its batches: which entry an LRU
 * map drops depends on them, and tools see it in small maps.
 *
 * Nodes are indexes; the lists are circular and doubly linked. `drop` takes a node's entry out of the map, and says
 * false when the node has none (yet).
 */
export class LruList {
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly type: Uint8Array;
  private readonly cpu: Uint16Array;
  private readonly referenced: Uint8Array;
  private readonly common: LruLists[] = [];
  private readonly local: LocalLists[] = [];
  private readonly scans: number;
  private readonly targetFree: number;
  private heads: number;

  constructor(
    nodes: number,
    private readonly cpus: number,
    /** BPF_F_NO_COMMON_LRU: lists of its own for each CPU. */
    private readonly percpu: boolean,
    private readonly drop: (node: number) => boolean,
  ) {
    const links = nodes + cpus * 5 + 3;
    this.next = new Int32Array(links);
    this.previous = new Int32Array(links);
    this.type = new Uint8Array(nodes).fill(FREE);
    this.cpu = new Uint16Array(nodes);
    this.referenced = new Uint8Array(nodes);
    this.heads = nodes;
    this.scans = percpu ? PERCPU_FREE_TARGET : LOCAL_FREE_TARGET;
    this.targetFree = Math.min(Math.max(Math.floor(Math.floor(nodes / cpus) / 2), 1), LOCAL_FREE_TARGET);
    if (percpu) this.populatePercpu(nodes);
    else this.populateCommon(nodes);
  }

  /** A program used the entry of a node. */
  touch(node: number): void {
    this.referenced[node] = 1;
  }

  /** A free node for CPU `cpu`, after dropping entries if need be; -1 when there is none. */
  pop(cpu: number): number {
    return this.percpu ? this.popPercpu(this.common[cpu]) : this.popCommon(cpu);
  }

  /** Takes a node back whose entry is gone. */
  push(node: number): void {
    if (this.type[node] === FREE || this.type[node] === LOCAL_FREE) return;
    if (this.type[node] === LOCAL_PENDING) {
      this.type[node] = LOCAL_FREE;
      this.referenced[node] = 0;
      this.moveTo(node, this.local[this.cpu[node]].free);
      return;
    }
    const lists = this.common[this.percpu ? this.cpu[node] : 0];
    this.move(lists, node, FREE);
  }

  private populateCommon(nodes: number): void {
    const lists = this.makeLists();
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      this.local.push({ free: this.makeHead(), pending: this.makeHead(), nextSteal: cpu });
    }
    for (let node = 0; node < nodes; node++) this.insert(node, lists.free);
  }

  private populatePercpu(nodes: number): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) this.makeLists();
    const share = Math.floor(nodes / this.cpus);
    for (let node = 0; node < share * this.cpus; node++) {
      this.cpu[node] = Math.floor(node / share);
      this.insert(node, this.common[this.cpu[node]].free);
    }
  }

  private makeLists(): LruLists {
    const lists: LruLists = {
      active: this.makeHead(),
      inactive: this.makeHead(),
      free: this.makeHead(),
      counts: [0, 0],
      rotation: 0,
    };
    lists.rotation = lists.inactive;
    this.common.push(lists);
    return lists;
  }

  private makeHead(): number {
    const head = this.heads++;
    this.next[head] = this.previous[head] = head;
    return head;
  }

  /** Adds behind a head (list_add). */
  private insert(node: number, head: number): void {
    const first = this.next[head];
    this.next[head] = node;
    this.previous[node] = head;
    this.next[node] = first;
    this.previous[first] = node;
  }

  private remove(node: number): void {
    this.next[this.previous[node]] = this.next[node];
    this.previous[this.next[node]] = this.previous[node];
  }

  private moveTo(node: number, head: number): void {
    this.remove(node);
    this.insert(node, head);
  }

  private first(head: number): number {
    return this.next[head] === head ? NONE : this.next[head];
  }

  private listOf(lists: LruLists, type: number): number {
    return type === ACTIVE ? lists.active : type === INACTIVE ? lists.inactive : lists.free;
  }

  private count(lists: LruLists, type: number, by: number): void {
    if (type <= INACTIVE) lists.counts[type] += by;
  }

  /** __bpf_lru_node_move_in: from a CPU's lists into the common ones. */
  private moveIn(lists: LruLists, node: number, type: number): void {
    this.count(lists, type, 1);
    this.type[node] = type;
    this.referenced[node] = 0;
    this.moveTo(node, this.listOf(lists, type));
  }

  /** __bpf_lru_node_move: between the common lists. */
  private move(lists: LruLists, node: number, type: number): void {
    if (this.type[node] !== type) {
      this.count(lists, this.type[node], -1);
      this.count(lists, type, 1);
      this.type[node] = type;
    }
    this.referenced[node] = 0;
    if (node === lists.rotation) lists.rotation = this.previous[node];
    this.moveTo(node, this.listOf(lists, type));
  }

  /** __bpf_lru_node_move_to_free. */
  private moveToFree(lists: LruLists, node: number, head: number, type: number): void {
    if (node === lists.rotation) lists.rotation = this.previous[node];
    this.count(lists, this.type[node], -1);
    this.type[node] = type;
    this.moveTo(node, head);
  }

  /** __bpf_lru_list_rotate_active: used nodes to the front, unused ones to the inactive list. */
  private rotateActive(lists: LruLists): void {
    const first = this.first(lists.active);
    let node = this.previous[lists.active];
    for (let i = 1; node !== lists.active; i++) {
      const previous = this.previous[node];
      this.move(lists, node, this.referenced[node] ? ACTIVE : INACTIVE);
      if (i === this.scans || node === first) break;
      node = previous;
    }
  }

  /** __bpf_lru_list_rotate_inactive: used nodes to the active list, going on where the last rotation stopped. */
  private rotateInactive(lists: LruLists): void {
    const { inactive } = lists;
    if (this.first(inactive) === NONE) return;
    let last = this.next[lists.rotation];
    if (last === inactive) last = this.next[last];
    let current = lists.rotation;
    let next = inactive;
    for (let i = 0; i < this.scans; ) {
      if (current === inactive) {
        current = this.previous[current];
        continue;
      }
      next = this.previous[current];
      if (this.referenced[current]) this.move(lists, current, ACTIVE);
      if (current === last) break;
      current = next;
      i++;
    }
    lists.rotation = next;
  }

  private rotate(lists: LruLists): void {
    if (lists.counts[INACTIVE] < lists.counts[ACTIVE]) this.rotateActive(lists);
    this.rotateInactive(lists);
  }

  /** __bpf_lru_list_shrink_inactive. @returns nodes freed */
  private shrinkInactive(lists: LruLists, wanted: number, head: number, type: number): number {
    let freed = 0;
    let node = this.previous[lists.inactive];
    for (let i = 1; node !== lists.inactive; i++) {
      const previous = this.previous[node];
      if (this.referenced[node]) this.move(lists, node, ACTIVE);
      else if (this.drop(node)) {
        this.moveToFree(lists, node, head, type);
        if (++freed === wanted) break;
      }
      if (i === this.scans) break;
      node = previous;
    }
    return freed;
  }

  /** __bpf_lru_list_shrink: when no inactive node is unused, drops one that is used. */
  private shrink(lists: LruLists, wanted: number, head: number, type: number): void {
    if (this.shrinkInactive(lists, wanted, head, type) > 0) return;
    const list = this.first(lists.inactive) === NONE ? lists.active : lists.inactive;
    for (let node = this.previous[list]; node !== list; node = this.previous[node]) {
      if (!this.drop(node)) continue;
      this.moveToFree(lists, node, head, type);
      return;
    }
  }

  /** bpf_percpu_lru_pop_free. */
  private popPercpu(lists: LruLists): number {
    this.rotate(lists);
    if (this.first(lists.free) === NONE) this.shrink(lists, PERCPU_FREE_TARGET, lists.free, FREE);
    const node = this.first(lists.free);
    if (node !== NONE) this.move(lists, node, INACTIVE);
    return node;
  }

  /** bpf_common_lru_pop_free. */
  private popCommon(cpu: number): number {
    const local = this.local[cpu];
    let node = this.popLocalFree(local);
    if (node === NONE) {
      this.refill(local);
      node = this.popLocalFree(local);
    }
    if (node === NONE) node = this.steal(local);
    if (node !== NONE) this.addPending(local, cpu, node);
    return node;
  }

  private popLocalFree(local: LocalLists): number {
    const node = this.first(local.free);
    if (node !== NONE) this.remove(node);
    return node;
  }

  private addPending(local: LocalLists, cpu: number, node: number): void {
    this.cpu[node] = cpu;
    this.type[node] = LOCAL_PENDING;
    this.referenced[node] = 0;
    this.insert(node, local.pending);
  }

  /** bpf_lru_list_pop_free_to_local: hands the CPU's pending nodes over and fetches a batch of free ones. */
  private refill(local: LocalLists): void {
    const [lists] = this.common;
    for (let node = this.previous[local.pending]; node !== local.pending; ) {
      const previous = this.previous[node];
      this.moveIn(lists, node, this.referenced[node] ? ACTIVE : INACTIVE);
      node = previous;
    }
    this.rotate(lists);
    let fetched = 0;
    for (let node = this.first(lists.free); node !== NONE && fetched < this.targetFree; ) {
      this.moveToFree(lists, node, local.free, LOCAL_FREE);
      fetched++;
      node = this.first(lists.free);
    }
    if (fetched < this.targetFree) this.shrink(lists, this.targetFree - fetched, local.free, LOCAL_FREE);
  }

  /** From the free, else the pending nodes of all CPUs in turn. */
  private steal(local: LocalLists): number {
    const first = local.nextSteal;
    let victim = first;
    let node = NONE;
    do {
      node = this.popLocalFree(this.local[victim]);
      if (node === NONE) node = this.popLocalPending(this.local[victim]);
      victim = (victim + 1) % this.cpus;
    } while (node === NONE && victim !== first);
    local.nextSteal = victim;
    return node;
  }

  /** __local_list_pop_pending: the oldest unused one, else the oldest. */
  private popLocalPending(local: LocalLists): number {
    for (const force of [false, true]) {
      for (let node = this.previous[local.pending]; node !== local.pending; node = this.previous[node]) {
        if ((!this.referenced[node] || force) && this.drop(node)) {
          this.remove(node);
          return node;
        }
      }
    }
    return NONE;
  }
}
