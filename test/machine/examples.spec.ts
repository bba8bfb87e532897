import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { decodeValue } from '@probed/btf';
import { Machine, type Output, type OutputRecord } from '@probed/machine';
import { parseObject } from '@probed/object';
import type { Engine } from '@probed/runtime';
import { findScenario } from '@probed/workload';

const EXAMPLES = join(__dirname, '../../examples');

const image = loadKernelImage();

function openObject(file: string) {
  const object = parseObject(readFileSync(join(EXAMPLES, file)), file);
  if (!object.ok) throw new Error(object.error.message);
  return object.value;
}

/** Loads an example, attaches all of it, and lets the demo scenario run for two virtual seconds. */
function runExample(file: string, options: { seed?: number; engine?: Engine } = {}) {
  const machine = new Machine({ image, ...options });
  const loaded = machine.load({ object: openObject(file) });
  if (!loaded.ok) throw new Error(`${loaded.error.message}\n${loaded.error.log?.join('\n')}`);
  const collection = loaded.value;
  for (const program of collection.programs) {
    const link = collection.attach(program);
    if (!link.ok) throw new Error(link.error.message);
    expect(link.value.attachment.state).toBe('live');
  }
  machine.start(findScenario('demo')!);
  const outputs: Output[] = [];
  machine.run(2e9, (output) => outputs.push(output));
  return { machine, collection, outputs };
}

/** Records decoded as the struct `event` of the object. */
function events(run: ReturnType<typeof runExample>): Record<string, unknown>[] {
  const btf = run.collection.spec.btf!;
  const id = btf.findByName('event', 'struct')!;
  const records = run.outputs.filter((output): output is OutputRecord => output.kind === 'record');
  return records.map(({ bytes }) => decodeValue(btf, id, bytes) as Record<string, unknown>);
}

const u32 = (bytes: Uint8Array, at = 0) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

describe('the examples on the demo scenario', () => {
  it('execaudit sees every exec with its whole argv', () => {
    const seen = events(runExample('execaudit/execaudit.bpf.o'));
    const done = seen.filter((e) => e.kind === 'EXEC_DONE');
    expect(done.length).toBeGreaterThan(3);
    for (const e of done) {
      expect(e.filename).toMatch(/^\//);
      expect(Number(e.ppid) > 0 || e.pid === 1).toBe(true);
    }
    const attempts = seen.filter((e) => e.kind === 'EXEC_ATTEMPT');
    const withArguments = attempts.filter((e) => Number(e.argc) > 1);
    expect(withArguments.length).toBeGreaterThan(0);
    for (const e of withArguments)
      expect(String(e.argv).split(' ').length).toBeGreaterThanOrEqual(Number(e.argc));
  });

  it('opensnoop joins enter and exit: descriptors, errors, latency', () => {
    const run = runExample('opensnoop/opensnoop.bpf.o');
    const seen = events(run);
    expect(seen.some((e) => Number(e.ret) >= 0)).toBe(true);
    expect(seen.some((e) => e.ret === -2)).toBe(true);
    for (const e of seen) {
      expect(Number(e.latency_ns)).toBeGreaterThan(0);
      expect(Number(e.latency_ns)).toBeLessThan(1e9);
      expect(String(e.fname).length).toBeGreaterThan(0);
    }
  });

  it('syscount counts as many calls as its total says', () => {
    const { collection } = runExample('syscount/syscount.bpf.o');
    const bss = [...collection.maps.values()].find((map) => map.info.name.endsWith('.bss'))!;
    const total = u32(bss.lookup(new Uint8Array(4))!);
    let sum = 0;
    for (const { value } of collection.maps.get('counts')!.entries()) {
      for (let at = 0; at < value.length; at += 8) sum += u32(value, at);
    }
    expect(total).toBeGreaterThan(100);
    expect(sum).toBe(total);
  });

  it('tcpconnect reads addresses and ports of struct sock', () => {
    const seen = events(runExample('tcpconnect/tcpconnect.bpf.o'));
    expect(seen.length).toBeGreaterThan(0);
    for (const e of seen) {
      expect(Number(e.dport)).toBeGreaterThan(0);
      expect(e.daddr).not.toBe(0);
    }
    expect(seen.some((e) => e.ret === 0)).toBe(true);
  });

  it('profile samples stacks that resolve to symbols', () => {
    const { collection, machine } = runExample('profile/profile.bpf.o');
    const counts = [...collection.maps.get('counts')!.entries()];
    expect(counts.length).toBeGreaterThan(0);
    const stacks = collection.maps.get('stacks')!;
    const stackIds = counts.map(({ key }) => new Int32Array(key.slice(4, 12).buffer));
    const kept = stackIds.flatMap((ids) => [...ids]).filter((id) => id >= 0);
    expect(kept.length).toBeGreaterThan(0);
    const key = new Uint8Array(new Uint32Array([kept[0]]).buffer);
    expect(u32(stacks.lookup(key)!)).not.toBe(0);
    expect(machine.kernel.nowNs()).toBeGreaterThan(2e9);
  });

  it('uprobe_readline reads lines from the memory of the shell, and prints them to the trace pipe', () => {
    const machine = new Machine({ image });
    const loaded = machine.load({ object: openObject('uprobe_readline/uprobe_readline.bpf.o') });
    if (!loaded.ok) throw new Error(loaded.error.message);
    const link = loaded.value.attach(loaded.value.programs[0]);
    expect(link.ok).toBe(true);
    const lines: string[] = [];
    machine.tracePipe.read((line) => lines.push(line.text));
    machine.start(findScenario('demo')!);
    const outputs: Output[] = [];
    machine.run(3e9, (output) => outputs.push(output));
    expect(outputs.length).toBeGreaterThan(2);
    expect(lines.length).toBe(outputs.length);
    expect(lines[0]).toMatch(/^readline in \d+: \S/);
  });
});

describe('the engines', () => {
  const objects = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.bpf.o') && !file.startsWith('rejected'))
    .sort();

  it.each(objects)('%s: interpreter and JIT emit the same', (file) => {
    const jit = runExample(file, { engine: 'jit', seed: 5 });
    const interp = runExample(file, { engine: 'interp', seed: 5 });
    expect(interp.outputs).toEqual(jit.outputs);
    for (const [name, map] of jit.collection.maps) {
      expect([...interp.collection.maps.get(name)!.entries()]).toEqual([...map.entries()]);
    }
  });
});

describe('the rejected examples', () => {
  it.each([
    ['missing_null_check', "R0 invalid mem access 'map_value_or_null'"],
    ['leaked_record', 'BPF_EXIT instruction in main prog would lead to reference leak'],
    ['out_of_bounds', 'math between map_value pointer and register with unbounded min value is not allowed'],
  ])('%s: %s', (name, message) => {
    const machine = new Machine({ image });
    const loaded = machine.load({ object: openObject(`rejected/${name}.bpf.o`) });
    expect(loaded.ok).toBe(false);
    if (!loaded.ok) {
      expect(loaded.error.log?.join('\n')).toContain(message);
      expect(loaded.error.errno).toBeGreaterThan(0);
    }
  });
});
