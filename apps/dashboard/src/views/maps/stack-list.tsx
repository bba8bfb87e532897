import { Empty } from '../../components/basics';
import { Scrollable } from '../../components/scrollable';
import type { MapModel } from './map-model';

type Stack = ReturnType<MapModel['stacks']>[number];

/** Stack traces, the innermost function on top. */
export function StackList({ stacks }: { stacks: readonly Stack[] }) {
  if (stacks.length === 0)
    return <Empty title="No stacks yet">They appear when a program calls bpf_get_stackid.</Empty>;
  return (
    <Scrollable className="scroll stacks" label="Stacks">
      {stacks.map((stack) => (
        <section key={`${stack.node} ${stack.id}`} class="card stack" aria-label={`Stack ${stack.id}`}>
          <h3>
            <span class="mono">{stack.id}</span> <span class="quiet">{stack.node}</span>
          </h3>
          <ol>
            {stack.frames.map((frame, at) => (
              <li key={at} class="mono">
                <span class="frame-symbol">{frame.symbol ?? frame.address}</span>
                {frame.offset !== undefined && <span class="faint">+0x{frame.offset.toString(16)}</span>}
                {frame.module && <span class="faint"> {frame.module}</span>}
              </li>
            ))}
          </ol>
        </section>
      ))}
    </Scrollable>
  );
}
