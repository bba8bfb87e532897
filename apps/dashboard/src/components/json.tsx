/** JSON for reading: indented, members and kinds of values told apart by colour. */
export function Json({ value }: { value: unknown }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <pre class="code json" tabIndex={0}>
      <Node value={value} indent="" />
    </pre>
  );
}

const ONE_LINE_MAX = 72;

function Node({ value, indent }: { value: unknown; indent: string }) {
  if (typeof value !== 'object' || value === null)
    return <span class={`json-${kindOf(value)}`}>{JSON.stringify(value)}</span>;
  const members = Array.isArray(value)
    ? value.map((item) => [undefined, item] as const)
    : Object.entries(value);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  if (members.length === 0) return <>{open + close}</>;
  const flat =
    JSON.stringify(value).length <= ONE_LINE_MAX && members.every(([, item]) => typeof item !== 'object');
  const inner = `${indent}  `;
  return (
    <>
      {open}
      {members.map(([name, item], at) => (
        <>
          {flat ? (at > 0 ? ' ' : '') : `\n${inner}`}
          {name !== undefined && <span class="json-name">{JSON.stringify(name)}</span>}
          {name !== undefined && ': '}
          <Node value={item} indent={inner} />
          {at < members.length - 1 && ','}
        </>
      ))}
      {!flat && `\n${indent}`}
      {close}
    </>
  );
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
