/**
 * The daemon's wire: REST operations, socket.io messages and stored rows as zod schemas, from which types, validation
 * and the OpenAPI document come. Names are snake_case; times are RFC 3339 or nanoseconds.
 */
export * from './bpffs';
export * from './cluster';
export * from './common';
export * from './errors';
export * from './health';
export * from './hooks';
export * from './maps';
export { openApiDocument } from './openapi';
export * from './programs';
export * from './records';
export * from './routes';
export * from './stream';
