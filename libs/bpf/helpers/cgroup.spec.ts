import { TestKernel } from './testing';

/** The test kernel's task is in cgroup 2, below the root, 1. */
test.each([
  ['its own cgroup', 0, 1],
  ['an ancestor', 1, 1],
  ['another', 2, 0],
  ['none at that index', 3, -11],
  ['an index beyond the array', 4, -7],
  ['a negative index', -1, -7],
])('current_task_under_cgroup: %s', (_name, index, result) => {
  const kernel = new TestKernel();
  const map = kernel.makeMap('CGROUP_ARRAY', { valueSize: 4 });
  [2, 1, 77].forEach((id, i) => {
    map.updateElem(Uint8Array.of(i, 0, 0, 0), Uint8Array.of(id, 0, 0, 0), 0);
  });
  expect(kernel.helper('current_task_under_cgroup')(map.offset, index)).toBe(result);
  expect(kernel.helper('current_task_under_cgroup', map.offset)(map.offset, index)).toBe(result);
});
