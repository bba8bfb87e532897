import { createMap, MapRegistry } from '@probed/maps';
import { KernelMemory } from '@probed/memory';
import { MapType } from '@probed/spec';
test('bench', () => {
  const memory = new KernelMemory(256 << 20);
  const env = { memory, cpus: 4, registry: new MapRegistry(), currentCpu: () => 1, mapField: () => undefined };
  for (const [name, keySize, flags, aligned] of [['HASH', 4, 0, 0], ['HASH', 8, 0, 0], ['HASH', 16, 0, 0], ['HASH', 20, 0, 0], ['PERCPU_HASH', 4, 0, 0], ['HASH', 4, 1, 0], ['ARRAY', 4, 0, 0],['HASH',7,0,0]] as const) {
    const r = createMap({ name: 'm', type: MapType[name], keySize, valueSize: 16, maxEntries: 16384, flags, frozen: false, keyTypeId: 0, valueTypeId: 0 }, env as never);
    if (!r.ok) throw new Error(r.error.message);
    const map = r.value; const key = memory.alloc(64) + aligned; const value = memory.alloc(64);
    for (let i = 0; i < 8192; i++) { memory.view.setUint32(key, i * 7, true); map.update(key, value, 0); }
    const N = 2_000_000; let s = 0;
    for (let rep = 0; rep < 2; rep++) {
      let t = process.hrtime.bigint();
      for (let i = 0; i < N; i++) { memory.u32[key >> 2] = (i & 8191) * 7; s += map.lookupOffset(key); }
      const look = Number(process.hrtime.bigint() - t) / N;
      t = process.hrtime.bigint();
      for (let i = 0; i < N; i++) { memory.u32[key >> 2] = (i & 8191) * 7; s += map.update(key, value, 0); }
      const upd = Number(process.hrtime.bigint() - t) / N;
      t = process.hrtime.bigint();
      if (name !== 'ARRAY') for (let i = 0; i < N; i++) { memory.u32[key >> 2] = (i & 8191) * 7; map.delete(key); map.update(key, value, 0); }
      const del = Number(process.hrtime.bigint() - t) / N;
      if (rep) process.stdout.write(`${name} key ${keySize} flags ${flags}: lookup ${look.toFixed(1)} update ${upd.toFixed(1)} delete+insert ${del.toFixed(1)} ns\n`);
    }
  }
});
