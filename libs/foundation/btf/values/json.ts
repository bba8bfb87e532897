/** A decoded value; what `JSON.stringify` takes. Integers beyond ±2^53 are decimal strings. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
