/** One shell variable. Arrays keep their elements by index (numbers as text) or key. */
export interface Variable {
  value: string | undefined;
  array?: Map<string, string>;
  associative?: boolean;
  exported?: boolean;
  readonly?: boolean;
  integer?: boolean;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Variables of a shell, with the dynamic scope of bash: locals of a function hide outer ones until it returns. */
export class Variables {
  private vars = new Map<string, Variable>();
  /** What each running function has hidden; undefined for what did not exist. */
  private scopes: Map<string, Variable | undefined>[] = [];

  copy(): Variables {
    const copy = new Variables();
    for (const [name, variable] of this.vars)
      copy.vars.set(name, { ...variable, array: variable.array && new Map(variable.array) });
    copy.scopes = this.scopes.map((scope) => new Map(scope));
    return copy;
  }

  find(name: string): Variable | undefined {
    return this.vars.get(name);
  }

  /** The value that `$name` has: element 0 of an array. */
  get(name: string): string | undefined {
    const variable = this.vars.get(name);
    return variable?.array ? variable.array.get('0') : variable?.value;
  }

  /** Assigns; keeps attributes. The caller has checked for `readonly`. */
  set(name: string, value: string): void {
    const variable = this.vars.get(name);
    if (!variable) this.vars.set(name, { value });
    else if (variable.array) variable.array.set('0', value);
    else variable.value = value;
  }

  setElement(name: string, key: string, value: string): void {
    const variable = this.array(name, false);
    variable.array!.set(key, value);
  }

  /** The variable as an array, made one if need be. */
  array(name: string, associative: boolean): Variable {
    let variable = this.vars.get(name);
    if (!variable) {
      variable = { value: undefined };
      this.vars.set(name, variable);
    }
    if (!variable.array) {
      variable.array = new Map();
      variable.associative = associative;
      if (variable.value !== undefined) variable.array.set('0', variable.value);
      variable.value = undefined;
    }
    return variable;
  }

  /** Declares, keeping what is there. */
  declare(name: string): Variable {
    let variable = this.vars.get(name);
    if (!variable) {
      variable = { value: undefined };
      this.vars.set(name, variable);
    }
    return variable;
  }

  unset(name: string): void {
    this.vars.delete(name);
  }

  unsetElement(name: string, key: string): void {
    this.vars.get(name)?.array?.delete(key);
  }

  names(): string[] {
    return [...this.vars.keys()].sort();
  }

  /** Elements in order: by index, or as inserted when associative. */
  elements(name: string): readonly (readonly [string, string])[] {
    const variable = this.vars.get(name);
    if (!variable) return [];
    if (!variable.array) return variable.value === undefined ? [] : [['0', variable.value]];
    const list = [...variable.array];
    return variable.associative ? list : list.sort((a, b) => Number(a[0]) - Number(b[0]));
  }

  /** `NAME=value` of all that children inherit. */
  environment(extra: ReadonlyMap<string, string> = new Map()): string[] {
    const out: string[] = [];
    for (const [name, variable] of this.vars)
      if (variable.exported && variable.value !== undefined && !extra.has(name))
        out.push(`${name}=${variable.value}`);
    for (const [name, value] of extra) out.push(`${name}=${value}`);
    return out;
  }

  pushScope(): void {
    this.scopes.push(new Map());
  }

  popScope(): void {
    const scope = this.scopes.pop();
    for (const [name, variable] of scope ?? []) {
      if (variable) this.vars.set(name, variable);
      else this.vars.delete(name);
    }
  }

  get inFunction(): boolean {
    return this.scopes.length > 0;
  }

  /** Makes a name local to the running function. */
  local(name: string): Variable {
    const scope = this.scopes[this.scopes.length - 1];
    if (scope && !scope.has(name)) {
      const outer = this.vars.get(name);
      scope.set(name, outer);
      this.vars.set(name, { value: undefined, exported: outer?.exported });
    }
    return this.declare(name);
  }
}
