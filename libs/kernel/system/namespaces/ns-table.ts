import type { Kernel } from '../kernel';
import { Namespace, NetNamespace, type NsKind, PidNamespace, UtsNamespace } from './namespace';
import { NsProxy } from './nsproxy';

/** nsfs inode numbers of the initial namespaces (`include/uapi/linux/nsfs.h`). */
const INIT_INO = {
  ipc: 0xefffffff,
  uts: 0xeffffffe,
  user: 0xeffffffd,
  pid: 0xeffffffc,
  cgroup: 0xeffffffb,
  time: 0xeffffffa,
  net: 0xeffffff9,
  mnt: 0xeffffff8,
} as const;
/** Later ones count up from here. */
const FIRST_INO = 0xf000_0000 + 133;
/** Device number of nsfs, as stat(2) of `/proc/self/ns/pid` shows it. */
export const NSFS_DEV = 4;

const LAYOUT_OF = {
  mnt: 'mntNs',
  cgroup: 'cgroupNs',
  uts: 'uts',
  ipc: 'ipc',
  user: 'userNs',
  pid: 'pidNs',
  net: 'net',
  time: 'timeNs',
} as const;

/** All namespaces of a node. */
export class NsTable {
  readonly initUser: Namespace;
  readonly initPid: PidNamespace;
  readonly initUts: UtsNamespace;
  readonly initNet: NetNamespace;
  readonly initProxy: NsProxy;
  private nextIno = FIRST_INO;
  private nextCookie = 1;

  constructor(
    private readonly k: Kernel,
    hostname: string,
  ) {
    this.initUser = new Namespace('user', this.alloc('user', INIT_INO.user, 0), INIT_INO.user);
    this.initPid = this.pid(undefined, INIT_INO.pid);
    this.initUts = this.uts(hostname, INIT_INO.uts);
    this.initNet = this.net(INIT_INO.net);
    this.initProxy = new NsProxy(k, {
      uts: this.initUts,
      ipc: this.plain('ipc', INIT_INO.ipc),
      mnt: this.plain('mnt', INIT_INO.mnt),
      pid: this.initPid,
      net: this.initNet,
      time: this.plain('time', INIT_INO.time),
      cgroup: this.plain('cgroup', INIT_INO.cgroup),
    });
  }

  /** A new set, sharing with `from` the kinds that are not asked for: what clone and unshare make. */
  derive(from: NsProxy, kinds: ReadonlySet<NsKind>, nodename?: string): NsProxy {
    const { all } = from;
    return new NsProxy(this.k, {
      uts: kinds.has('uts') ? this.uts(nodename ?? all.uts.nodename) : all.uts,
      ipc: kinds.has('ipc') ? this.plain('ipc') : all.ipc,
      mnt: kinds.has('mnt') ? this.plain('mnt') : all.mnt,
      pid: kinds.has('pid') ? this.pid(all.pid) : all.pid,
      net: kinds.has('net') ? this.net() : all.net,
      time: all.time,
      cgroup: kinds.has('cgroup') ? this.plain('cgroup') : all.cgroup,
    });
  }

  setNodename(ns: UtsNamespace, name: string): void {
    ns.nodename = name;
    this.k.w.text(ns.offset, this.k.layout.uts['name.nodename'], name);
  }

  private plain(kind: NsKind, ino = this.nextIno++): Namespace {
    return new Namespace(kind, this.alloc(kind, ino), ino);
  }

  private uts(nodename: string, ino = this.nextIno++): UtsNamespace {
    const offset = this.alloc('uts', ino);
    const L = this.k.layout.uts;
    const { w, uname } = this.k;
    w.text(offset, L['name.sysname'], uname.sysname);
    w.text(offset, L['name.nodename'], nodename);
    w.text(offset, L['name.release'], uname.release);
    w.text(offset, L['name.version'], uname.version);
    w.text(offset, L['name.machine'], uname.machine);
    w.text(offset, L['name.domainname'], '(none)');
    return new UtsNamespace(offset, ino, nodename);
  }

  private pid(parent: PidNamespace | undefined, ino = this.nextIno++): PidNamespace {
    const offset = this.alloc('pid', ino);
    const level = parent ? parent.level + 1 : 0;
    this.k.w.put(offset, this.k.layout.pidNs.level, level);
    if (parent) this.k.w.ptr(offset, this.k.layout.pidNs.parent, parent.offset);
    return new PidNamespace(offset, ino, level, parent);
  }

  private net(ino = this.nextIno++): NetNamespace {
    const offset = this.alloc('net', ino);
    const cookie = this.nextCookie++;
    this.k.w.put(offset, this.k.layout.net.net_cookie, cookie);
    return new NetNamespace(offset, ino, cookie);
  }

  private alloc(kind: NsKind, ino: number, userNs = this.initUser.offset): number {
    const { k } = this;
    const layout = k.layout[LAYOUT_OF[kind]];
    const offset = k.memory.alloc(layout.sizeBytes);
    k.w.put(offset, layout['ns.inum'], ino);
    if ('user_ns' in layout) k.w.ptr(offset, layout.user_ns, userNs);
    return offset;
  }
}
