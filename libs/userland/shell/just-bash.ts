import type {
  CommandNode,
  PipelineNode,
  ScriptNode,
  SimpleCommandNode,
  StatementNode,
  WordNode,
} from 'just-bash';

/** The module, loaded at first use: it takes a tenth of a second and most processes never need it. */
export type JustBash = typeof import('just-bash');

export type { PipelineNode, ScriptNode, SimpleCommandNode, StatementNode, WordNode };

/** Parts of the syntax tree that the module has but does not name at its door. */
export type Command = CommandNode;
export type CommandOf<T extends CommandNode['type']> = Extract<CommandNode, { type: T }>;
export type CompoundCommand = Exclude<CommandNode, SimpleCommandNode | CommandOf<'FunctionDef'>>;
export type WordPart = WordNode['parts'][number];
export type PartOf<T extends WordPart['type']> = Extract<WordPart, { type: T }>;
export type Redirection = SimpleCommandNode['redirections'][number];
export type Assignment = SimpleCommandNode['assignments'][number];
export type ParameterOperation = NonNullable<PartOf<'ParameterExpansion'>['operation']>;
export type OperationOf<T extends ParameterOperation['type']> = Extract<ParameterOperation, { type: T }>;
export type ArithmeticExpression = PartOf<'ArithmeticExpansion'>['expression'];
export type ArithmeticNode = ArithmeticExpression['expression'];
export type ArithmeticOf<T extends ArithmeticNode['type']> = Extract<ArithmeticNode, { type: T }>;
export type Condition = CommandOf<'ConditionalCommand'>['expression'];
export type ConditionOf<T extends Condition['type']> = Extract<Condition, { type: T }>;

let loading: Promise<JustBash> | undefined;

export function loadJustBash(): Promise<JustBash> {
  loading ??= import('just-bash');
  return loading;
}
