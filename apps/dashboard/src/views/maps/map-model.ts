import type { MapContents, MapEntry, MapInfo, MapMessage } from '@probed/protocol';

type Stack = NonNullable<MapContents['stacks']>[number];
type Variable = NonNullable<MapContents['variables']>[number];

/** An entry with the number of the message that changed it last. */
export interface LiveEntry extends MapEntry {
  readonly id: string;
  readonly node: string;
  readonly changedIn: number;
}

interface NodeState {
  kind: MapContents['kind'];
  truncated: boolean;
  zeroEntries: number;
  readonly entries: Map<string, LiveEntry>;
  readonly stacks: Map<number, Stack>;
  readonly variables: Map<string, Variable & { readonly changedIn: number }>;
}

/** A map's contents on all nodes, kept up to date by the messages of a `map` subscription. */
export class MapModel {
  info: MapInfo | undefined;
  /** Messages taken; a snapshot begins with 1. */
  messages = 0;
  time = '';
  private readonly byNode = new Map<string, NodeState>();

  take(message: MapMessage): void {
    if (message.snapshot) {
      this.byNode.clear();
      this.messages = 0;
    }
    this.info = message.map ?? this.info;
    this.messages++;
    for (const change of message.nodes) this.takeNode(change);
  }

  get nodes(): readonly string[] {
    return [...this.byNode.keys()];
  }

  /** @param node one node; all of them when it is empty */
  entries(node: string): readonly LiveEntry[] {
    return this.of(node).flatMap(({ entries }) => [...entries.values()]);
  }

  stacks(node: string): readonly (Stack & { readonly node: string })[] {
    return this.named(node).flatMap(([name, { stacks }]) =>
      [...stacks.values()].map((stack) => ({ ...stack, node: name })),
    );
  }

  variables(node: string): readonly (Variable & { readonly node: string; readonly changedIn: number })[] {
    return this.named(node).flatMap(([name, { variables }]) =>
      [...variables.values()].map((variable) => ({ ...variable, node: name })),
    );
  }

  get kind(): MapContents['kind'] | undefined {
    return this.of('')[0]?.kind;
  }

  truncated(node: string): boolean {
    return this.of(node).some(({ truncated }) => truncated);
  }

  zeroEntries(node: string): number {
    return this.of(node).reduce((sum, { zeroEntries }) => sum + zeroEntries, 0);
  }

  private takeNode(change: MapMessage['nodes'][number]): void {
    const node = this.stateOf(change.node, change.kind);
    this.time = change.time;
    node.truncated = change.truncated ?? node.truncated;
    node.zeroEntries = change.zero_entries ?? node.zeroEntries;
    const changedIn = this.messages;
    for (const key of change.removed ?? []) {
      node.entries.delete(JSON.stringify(key));
      node.stacks.delete(key as number);
    }
    for (const entry of change.entries ?? []) {
      const id = JSON.stringify(entry.key);
      node.entries.set(id, { ...entry, id: `${change.node} ${id}`, node: change.node, changedIn });
    }
    for (const stack of change.stacks ?? []) node.stacks.set(stack.id, stack);
    for (const variable of change.variables ?? [])
      node.variables.set(variable.name, { ...variable, changedIn });
  }

  private stateOf(name: string, kind: MapContents['kind']): NodeState {
    const known = this.byNode.get(name);
    if (known) return known;
    const state = {
      kind,
      truncated: false,
      zeroEntries: 0,
      entries: new Map(),
      stacks: new Map(),
      variables: new Map(),
    };
    this.byNode.set(name, state);
    return state;
  }

  private of(node: string): readonly NodeState[] {
    return this.named(node).map(([, state]) => state);
  }

  private named(node: string): readonly (readonly [string, NodeState])[] {
    return [...this.byNode].filter(([name]) => node === '' || name === node);
  }
}
