import { Empty } from '../../components/basics';
import { Scrollable } from '../../components/scrollable';
import { inline } from '../../format/value';
import type { MapModel } from './map-model';

type Variable = ReturnType<MapModel['variables']>[number];

/** Global variables of an object. */
export function VariableTable({
  variables,
  showNode,
  version,
}: {
  variables: readonly Variable[];
  showNode: boolean;
  version: number;
}) {
  if (variables.length === 0) return <Empty title="No variables">The section holds no named variable.</Empty>;
  return (
    <Scrollable className="table-box" label="Variables">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Variable</th>
            {showNode && <th scope="col">Node</th>}
            <th scope="col" class="wide">
              Value
            </th>
          </tr>
        </thead>
        <tbody>
          {variables.map(({ node, name, value, changedIn }) => (
            <tr
              key={`${node} ${name}`}
              class={version > 1 && changedIn === version ? (version % 2 ? 'flash-a' : 'flash-b') : undefined}
            >
              <th scope="row" class="mono">
                {name}
              </th>
              {showNode && <td class="quiet">{node}</td>}
              <td class="mono wide">{inline(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}
