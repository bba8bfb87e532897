/**
 * The nineteen kinds of BTF and `void` as one closed union, decoded from `struct btf_type`
 * (include/uapi/linux/btf.h, Documentation/bpf/btf.rst). Sizes are bytes unless a name says bits.
 */

/** Fields that every type has. */
interface Named {
  /** Type id, the position in the type section; 0 is void. */
  readonly id: number;
  /** Empty for anonymous types. */
  readonly name: string;
}

export interface BtfVoid extends Named {
  readonly kind: 'void';
}

export interface BtfInt extends Named {
  readonly kind: 'int';
  readonly size: number;
  /** BTF_INT_SIGNED. */
  readonly signed: boolean;
  /** BTF_INT_CHAR. No compiler sets it today: plain `char` is told by name. */
  readonly char: boolean;
  /** BTF_INT_BOOL. */
  readonly bool: boolean;
  /** Value bits, at most `8 * size`; fewer only in old-style bit fields. */
  readonly bits: number;
  /** Bit at which the value starts; not 0 only in old-style bit fields. */
  readonly bitOffset: number;
}

export interface BtfPtr extends Named {
  readonly kind: 'ptr';
  readonly typeId: number;
}

export interface BtfArray extends Named {
  readonly kind: 'array';
  readonly elemTypeId: number;
  readonly indexTypeId: number;
  /** 0 for a flexible array. */
  readonly count: number;
}

/** A member of a struct or union. */
export interface BtfMember {
  /** Empty for an anonymous struct or union, whose members count as the parent's. */
  readonly name: string;
  readonly typeId: number;
  /** From the start of the enclosing type. */
  readonly offsetBits: number;
  /** Width of a bit field; 0 when the member is none. */
  readonly bits: number;
}

interface Composite extends Named {
  readonly size: number;
  readonly members: readonly BtfMember[];
}

export interface BtfStruct extends Composite {
  readonly kind: 'struct';
}

export interface BtfUnion extends Composite {
  readonly kind: 'union';
}

export interface BtfEnum extends Named {
  readonly kind: 'enum';
  readonly size: number;
  /** kind_flag: the values are signed. */
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

export interface BtfEnum64 extends Named {
  readonly kind: 'enum64';
  readonly size: number;
  /** kind_flag: the values are signed. */
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export interface BtfFwd extends Named {
  readonly kind: 'fwd';
  /** What is declared. */
  readonly of: 'struct' | 'union';
}

export interface BtfTypedef extends Named {
  readonly kind: 'typedef';
  readonly typeId: number;
}

/** `const`, `volatile`, `restrict`. */
export interface BtfQualifier extends Named {
  readonly kind: 'const' | 'volatile' | 'restrict';
  readonly typeId: number;
}

export interface BtfTypeTag extends Named {
  readonly kind: 'type_tag';
  readonly typeId: number;
  /** kind_flag: `name` is a whole attribute, else the argument of `btf_type_tag`. */
  readonly attribute: boolean;
}

/** `enum btf_func_linkage`, and the same words for variables. */
export type BtfLinkage = 'static' | 'global' | 'extern';

export interface BtfFunc extends Named {
  readonly kind: 'func';
  /** A FUNC_PROTO. */
  readonly typeId: number;
  readonly linkage: BtfLinkage;
}

export interface BtfParam {
  /** Empty where the source gave none. */
  readonly name: string;
  /** 0 with an empty name in the last place stands for `...`. */
  readonly typeId: number;
}

export interface BtfFuncProto extends Named {
  readonly kind: 'func_proto';
  readonly returnTypeId: number;
  readonly params: readonly BtfParam[];
}

export interface BtfVar extends Named {
  readonly kind: 'var';
  readonly typeId: number;
  readonly linkage: BtfLinkage;
}

/** One variable's place in a data section. */
export interface BtfVarSecInfo {
  /** A VAR; a FUNC in `.ksyms`. */
  readonly typeId: number;
  readonly offset: number;
  readonly size: number;
}

export interface BtfDatasec extends Named {
  readonly kind: 'datasec';
  readonly size: number;
  readonly vars: readonly BtfVarSecInfo[];
}

export interface BtfFloat extends Named {
  readonly kind: 'float';
  readonly size: number;
}

export interface BtfDeclTag extends Named {
  readonly kind: 'decl_tag';
  /** The struct, union, func, var or typedef that carries the tag. */
  readonly typeId: number;
  /** Member or parameter that carries it; -1 for the whole. */
  readonly componentIndex: number;
  /** kind_flag: `name` is a whole attribute, else the argument of `btf_decl_tag`. */
  readonly attribute: boolean;
}

/** Any type; `kind` tells which. */
export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfPtr
  | BtfArray
  | BtfStruct
  | BtfUnion
  | BtfEnum
  | BtfFwd
  | BtfTypedef
  | BtfQualifier
  | BtfTypeTag
  | BtfFunc
  | BtfFuncProto
  | BtfVar
  | BtfDatasec
  | BtfFloat
  | BtfDeclTag
  | BtfEnum64;

export type BtfKind = BtfType['kind'];

/** Where a member lies, as {@link Btf.member} finds it. */
export interface BtfMemberPlace {
  /** From the start of the type that was asked. */
  readonly offsetBits: number;
  /** Width of a bit field; 0 when the member is none. */
  readonly bits: number;
  /** Type of the member as declared, modifiers and typedefs included. */
  readonly typeId: number;
}

/** One variable of a data section. */
export interface BtfVariable {
  readonly name: string;
  /** Bytes from the start of the section. */
  readonly offset: number;
  readonly size: number;
  /** Type of the variable (what the VAR refers to). */
  readonly typeId: number;
  /** Id of the VAR itself, or of the FUNC in `.ksyms`. */
  readonly declId: number;
  readonly kind: 'var' | 'func';
  readonly linkage: BtfLinkage;
}

/** A DATASEC with its variables resolved. */
export interface BtfDataSection {
  /** As in the object: `.data`, `.rodata`, `.bss`, `.maps`, `license`, `.ksyms`, `.kconfig`… */
  readonly name: string;
  readonly typeId: number;
  /** 0 in a compiler's output, where the ELF section header knows it. */
  readonly size: number;
  readonly variables: readonly BtfVariable[];
}
